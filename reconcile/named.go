package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/internal/microsoft"
	"provision/plan"
	"provision/stack"
)

const correctOrCreate = "correct the property that identifies it, or remove `existing: true` to create it"

// mistake notes that a manifest does not match this tenant: an object that is declared as existing
// does not exist, or exists more than once. All mistakes are reported together.
func (t *tenant) mistake(pos stack.Position, hint, format string, args ...any) {
	t.mistakes = append(t.mistakes, stack.Mistake{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// named looks up, by natural key, objects that stacks declare and no list contains, and objects
// that stacks refer to without declaring them.
func (t *tenant) named(stacks []*stack.Stack) error {
	var queries []query
	users := map[string][]*stack.User{} // by userPrincipalName; nil for a user who is only an owner
	user := func(upn string, u *stack.User) {
		upn = stack.InTenant(upn, t.state.Tenant.ID, t.state.Tenant.Domain)
		if t.state.Objects[plan.Key{Kind: plan.User, Name: strings.ToLower(upn)}] != nil {
			return
		}
		users[upn] = append(users[upn], u)
	}
	for _, s := range stacks {
		for _, a := range s.Applications {
			queries = append(queries, t.applicationNamed(s, a)...)
		}
		for _, u := range s.Users {
			user(u.UserPrincipalName, u)
		}
		for _, ref := range owners(s) {
			if upn := stack.OwnerUPN(ref); upn != "" {
				user(upn, nil)
			}
		}
		for _, g := range s.Groups {
			queries = append(queries, t.groupNamed(s, g)...)
		}
	}
	queries = append(queries, t.usersNamed(users)...)
	if err := t.run(append(queries, t.alike(stacks)...)); err != nil {
		return err
	}
	if len(t.mistakes) > 0 {
		return append(t.mistakes, plan.TakenUsers(stacks, t.state)...).Sorted()
	}
	return nil
}

// usersNamed looks up users. A user that is declared as existing must exist.
func (t *tenant) usersNamed(users map[string][]*stack.User) []query {
	var queries []query
	for upns := range slices.Chunk(slices.Sorted(maps.Keys(users)), graph.MaxNames) {
		queries = append(queries, query{read: graph.UsersNamed(upns...), take: func(r graph.Result) error {
			if err := each(t.user)(r); err != nil {
				return err
			}
			for _, upn := range upns {
				for _, u := range users[upn] {
					if u != nil && u.Existing && t.state.Objects[plan.Key{Kind: plan.User, Name: strings.ToLower(upn)}] == nil {
						t.mistake(u.Pos, correctOrCreate, "existing user %s: the tenant has no %s", u.Name, upn)
					}
				}
			}
			return nil
		}})
	}
	return queries
}

// externals looks up applications that the stacks name by appId and that can be registered in
// another tenant.
func (t *tenant) externals(stacks []*stack.Stack) []query {
	external := map[string]bool{}
	for _, s := range stacks {
		for _, a := range s.Applications {
			for _, p := range a.Permissions {
				external[p.Resource] = true
			}
			for _, p := range a.API.PreAuthorizedApplications {
				external[p.Application] = true
			}
			for _, ref := range a.API.KnownClientApplications {
				external[ref] = true
			}
		}
		for _, ref := range owners(s) {
			external[ref] = true
		}
	}
	var queries []query
	for _, ref := range slices.Sorted(maps.Keys(external)) {
		if stack.IsMicrosoftGraph(ref) {
			ref = stack.MicrosoftGraphAppID
		}
		if !stack.IsID(ref) {
			continue
		}
		queries = append(queries, query{read: graph.ServicePrincipalByAppID(ref), take: func(r graph.Result) error {
			if r.Object == nil {
				t.microsofts(ref)
			}
			return each(t.external)(r)
		}})
	}
	return queries
}

// owners returns all owners and deployers that a stack names.
func owners(s *stack.Stack) []string {
	all := slices.Clone(s.Deployers)
	for _, a := range s.Applications {
		all = append(all, a.Owners...)
	}
	for _, g := range s.Groups {
		all = append(all, g.Owners...)
	}
	return all
}

// external adds the service principal of an application that can be registered in another tenant.
func (t *tenant) external(m map[string]any) error {
	for k, o := range t.state.Objects {
		if k.Kind == plan.Application && o.AppID == str(m, "appId") {
			return nil // it is registered here, and already read
		}
	}
	k := plan.Key{Kind: plan.Application, Name: str(m, "appId")}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Display: str(m, "displayName"), Properties: map[string]any{
		"appRoles":             m["appRoles"],
		"api":                  map[string]any{"oauth2PermissionScopes": m["oauth2PermissionScopes"]},
		"servicePrincipalType": m["servicePrincipalType"],
	}}, AppID: str(m, "appId"), ServicePrincipalID: str(m, "id")}
	t.byID[str(m, "id")] = k
	sp := plan.Key{Kind: plan.ServicePrincipal, Name: k.Name}
	t.state.Objects[sp] = &plan.Live{Object: plan.Object{Key: sp, Display: str(m, "displayName"), Properties: m}, ID: str(m, "id")}
	return nil
}

// microsofts adds an application of Microsoft without a service principal in this
// tenant. Its permissions are known without one.
func (t *tenant) microsofts(appID string) (plan.Key, bool) {
	app, known := microsoft.Find(appID)
	k := plan.Key{Kind: plan.Application, Name: app.AppID}
	if !known {
		return k, false
	}
	scopes, roles := []any{}, []any{}
	for _, p := range app.Scopes {
		scopes = append(scopes, map[string]any{"id": p.ID, "value": p.Value})
	}
	for _, p := range app.Roles {
		roles = append(roles, map[string]any{"id": p.ID, "value": p.Value})
	}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Display: app.Name, Properties: map[string]any{"appRoles": roles, "api": map[string]any{"oauth2PermissionScopes": scopes}}},
		AppID: app.AppID}
	return k, true
}

func (t *tenant) applicationNamed(s *stack.Stack, a *stack.Application) []query {
	k := plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}
	if s.Home != "" && !a.Existing {
		return nil // customers adds it
	}
	if a.Adopt != "" {
		return t.adoptedAlone(t.adopts[strings.ToLower(a.Adopt)])
	}
	if !a.Existing {
		if t.state.Objects[k] != nil {
			return nil
		}
		return []query{{read: graph.ApplicationNamed(k.Name), take: each(func(m map[string]any) error {
			if owner, _ := stack.StackOfApplication(k.Name, strs(m, "tags")); owner != s.Name {
				own := "add `adopt: " + str(m, "appId") + "` to its spec"
				if !stack.IsID(str(m, "appId")) { // the manifest names it
					own = "add `adopt: APPID` to its spec"
				}
				t.mistake(a.Pos, "to let the stack own it, "+own+"; to use it only, declare it with `existing: true`; else rename the application",
					"application %s: the tenant has an application with this uniqueName that does not have the tag %s", a.Name, stack.Mark(s.Name))
				return nil
			}
			return t.application(m)
		})}}
	}
	found := 0
	take := func(take func(map[string]any) error) func(map[string]any) error {
		return func(m map[string]any) error {
			found++
			if err := take(m); err != nil {
				return err
			}
			for live, o := range t.state.Objects {
				if live.Kind == plan.Application && o.AppID == str(m, "appId") {
					t.state.Existing[k] = live
					o.Named = a.AppID != ""
				}
			}
			return nil
		}
	}
	one := func(by string) {
		if found != 1 {
			hint := correctOrCreate
			switch {
			case found > 1:
				hint = "identify it by its appId or uniqueName"
			case a.AppID != "":
				hint = "correct the appId, or create its service principal in this tenant: `az ad sp create --id " + a.AppID + "`"
			case a.UniqueName == "":
				hint = "correct the displayName; to create an application, remove `existing: true`; Azure creates a managed identity together with its resource"
			}
			t.mistake(a.Pos, hint, "existing application %s: the tenant has %d with %s, not one", a.Name, found, by)
		}
	}
	switch {
	case a.AppID != "":
		return []query{{read: graph.ServicePrincipalByAppID(a.AppID), take: func(r graph.Result) error {
			if err := each(take(t.external))(r); err != nil {
				return err
			}
			if live, ok := t.microsofts(a.AppID); found == 0 && ok {
				t.state.Existing[k] = live
				return nil
			}
			one("appId " + a.AppID)
			return nil
		}}}
	case a.UniqueName != "":
		return []query{{read: graph.ApplicationNamed(a.UniqueName), take: func(r graph.Result) error {
			if err := each(take(t.application))(r); err != nil {
				return err
			}
			one("uniqueName " + a.UniqueName)
			return nil
		}}}
	}
	// A managed identity is a service principal without a registration.
	managedIdentity := func(m map[string]any) error {
		if str(m, "servicePrincipalType") != "ManagedIdentity" {
			return nil
		}
		return take(t.external)(m)
	}
	return []query{
		{read: graph.ApplicationsDisplayed(a.DisplayName), take: each(take(t.application))},
		{read: graph.ServicePrincipalsDisplayed(a.DisplayName), take: func(r graph.Result) error {
			if err := each(managedIdentity)(r); err != nil {
				return err
			}
			one(fmt.Sprintf("displayName %q", a.DisplayName))
			return nil
		}},
	}
}

func (t *tenant) groupNamed(s *stack.Stack, g *stack.Group) []query {
	k := plan.Key{Kind: plan.Group, Name: s.GroupUniqueName(g.Name)}
	if !g.Existing {
		if t.state.Objects[k] != nil {
			return nil
		}
		return []query{{read: graph.GroupNamed(k.Name), take: each(t.group)}}
	}
	read, by := graph.GroupsDisplayed(g.DisplayName), fmt.Sprintf("displayName %q", g.DisplayName)
	if g.ID != "" {
		read, by = graph.GroupByID(g.ID), "id "+g.ID
	} else if g.UniqueName != "" {
		read, by = graph.GroupNamed(g.UniqueName), "uniqueName "+g.UniqueName
	}
	return []query{{read: read, take: func(r graph.Result) error {
		found := 0
		err := each(func(m map[string]any) error {
			found++
			if err := t.group(m); err != nil {
				return err
			}
			t.state.Existing[k] = t.byID[str(m, "id")]
			return nil
		})(r)
		if err == nil && found != 1 {
			hint := correctOrCreate
			if found > 1 {
				hint = "identify it by its uniqueName, or rename the others: the tenant has several groups of this displayName"
			}
			t.mistake(g.Pos, hint, "existing group %s: the tenant has %d with %s, not one", g.Name, found, by)
		}
		return err
	}}}
}
