package adopt

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/internal/microsoft"
	"provision/plan"
)

// resource is an application that offers scopes and roles.
type resource struct {
	appID, displayName string
	scopes, roles      map[string]string // id → value
}

// directory contains the objects that registrations refer to, by id.
type directory struct {
	resources  map[string]resource       // by appId
	principals map[string]string         // object id of a service principal → appId
	users      map[string]string         // object id → userPrincipalName
	groups     map[string]map[string]any // by object id
	ambiguous  map[string]bool           // display names that several groups have
}

// look reads the directory for a state.
func look(ctx context.Context, client *graph.Client, state *plan.State) (*directory, error) {
	d := &directory{resources: map[string]resource{}, principals: map[string]string{}, users: map[string]string{}, groups: map[string]map[string]any{}, ambiguous: map[string]bool{}}
	appIDs, objects := map[string]bool{}, map[string]plan.Kind{}
	for _, o := range state.Objects {
		switch o.Kind {
		case plan.Application:
			if o.Stack == "" {
				continue
			}
			d.resources[o.AppID] = offered(o.AppID, cmp.Or(o.Display, text(o.Properties, "displayName")), list(o.Properties, "appRoles"), list(member(o.Properties, "api"), "oauth2PermissionScopes"))
			d.principals[o.ServicePrincipalID] = o.AppID
			for _, entry := range list(o.Properties, "requiredResourceAccess") {
				appIDs[text(entry, "resourceAppId")] = true
			}
		case plan.Assignment, plan.Grant, plan.Owner, plan.Member:
			objects[o.PrincipalID] = o.Ends.Principal.Kind
			if o.Kind == plan.Assignment || o.Kind == plan.Grant {
				objects[o.ResourceID] = plan.Application
			}
		}
	}
	for appID := range d.resources {
		delete(appIDs, appID)
	}
	var reads []graph.Read
	var takes []func(map[string]any)
	add := func(read graph.Read, take func(map[string]any)) {
		reads, takes = append(reads, read), append(takes, take)
	}
	principal := func(m map[string]any) {
		d.principals[text(m, "id")] = text(m, "appId")
		if _, known := d.resources[text(m, "appId")]; !known {
			d.resources[text(m, "appId")] = offered(text(m, "appId"), text(m, "displayName"), list(m, "appRoles"), list(m, "oauth2PermissionScopes"))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(appIDs)) {
		add(graph.ServicePrincipalByAppID(id), principal)
	}
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		switch kind := objects[id]; {
		case kind == plan.User:
			add(graph.UserNamed(id), func(m map[string]any) { d.users[id] = text(m, "userPrincipalName") })
		case kind == plan.Group:
			add(graph.GroupByID(id), func(m map[string]any) { d.groups[id] = m })
		case d.principals[id] == "":
			add(graph.ServicePrincipal(id), principal)
		}
	}
	if err := d.read(ctx, client, reads, takes); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(appIDs)) {
		if app, ok := microsoft.Find(id); ok && d.resources[id].appID == "" {
			r := resource{app.AppID, app.Name, map[string]string{}, map[string]string{}}
			for _, p := range app.Scopes {
				r.scopes[p.ID] = p.Value
			}
			for _, p := range app.Roles {
				r.roles[p.ID] = p.Value
			}
			d.resources[id] = r
		}
	}
	return d, d.count(ctx, client)
}

// count finds the display names that several groups have.
func (d *directory) count(ctx context.Context, client *graph.Client) error {
	names := map[string]bool{}
	for _, g := range d.groups {
		if text(g, "uniqueName") == "" {
			names[text(g, "displayName")] = true
		}
	}
	var reads []graph.Read
	var takes []func(map[string]any)
	seen := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		reads, takes = append(reads, graph.GroupsDisplayed(name)), append(takes, func(map[string]any) {
			seen[name]++
			d.ambiguous[name] = seen[name] > 1
		})
	}
	return d.read(ctx, client, reads, takes)
}

func (d *directory) read(ctx context.Context, client *graph.Client, reads []graph.Read, takes []func(map[string]any)) error {
	results, err := client.Read(ctx, reads...)
	if err != nil {
		return err
	}
	for i, r := range results {
		items := r.Items
		if r.Object != nil {
			items = append(items, r.Object)
		}
		for _, raw := range items {
			m := map[string]any{}
			if err := json.Unmarshal(raw, &m); err != nil {
				return fmt.Errorf("read the tenant: %w", err)
			}
			takes[i](m)
		}
	}
	return nil
}

func offered(appID, name string, roles, scopes []any) resource {
	r := resource{appID, name, map[string]string{}, map[string]string{}}
	for into, from := range map[*map[string]string][]any{&r.roles: roles, &r.scopes: scopes} {
		for _, e := range from {
			if value := text(e, "value"); value != "" {
				(*into)[strings.ToLower(text(e, "id"))] = value
			}
		}
	}
	return r
}

// text, list and member read a property of a JSON object. A missing property is empty.
func text(v any, property string) string {
	m, _ := v.(map[string]any)
	s, _ := m[property].(string)
	return s
}

func list(v any, property string) []any {
	m, _ := v.(map[string]any)
	l, _ := m[property].([]any)
	return l
}

func member(v any, property string) map[string]any {
	m, _ := v.(map[string]any)
	below, _ := m[property].(map[string]any)
	return below
}
