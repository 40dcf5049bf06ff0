package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Home is the tenant in which the customers' applications are registered. provision only reads it.
type Home struct {
	Graph        *graph.Client
	TenantID     string
	ApplyCommand string // what mistakes name to apply there
}

// registered are registrations of the home tenant by uniqueName.
type registered map[string]map[string]any

// registrations reads the applications of customers' stacks where they are registered.
func (h Home) registrations(ctx context.Context, stacks []*stack.Stack) (registered, error) {
	all := registered{}
	var requests []graph.Request
	var failed error
	for _, s := range stacks {
		for _, a := range s.Applications {
			if s.Home == "" || a.Existing {
				continue
			}
			name := s.UniqueName(a.Name)
			read := graph.ApplicationNamed(name)
			if a.AppID != "" {
				read = graph.ApplicationByAppID(strings.ToLower(a.AppID))
			}
			requests = append(requests, read.Then(func(r graph.Result, err error) []graph.Request {
				if err != nil && failed == nil {
					failed = fmt.Errorf("read application %s in target %s: %w", name, s.Home, err)
				}
				if r.Object != nil {
					m := map[string]any{}
					if err := json.Unmarshal(r.Object, &m); err != nil {
						failed = err
					}
					all[name] = m
				}
				return nil
			}))
		}
	}
	if len(requests) == 0 {
		return all, nil
	}
	if err := h.Graph.Do(ctx, requests...); err != nil {
		return nil, err
	}
	return all, failed
}

// customers adds the service principals of the stacks' applications that are registered in another
// tenant: first the marked service principals, then the declared ones.
func (t *tenant) customers(stacks []*stack.Stack) error {
	home, err := t.Home.registrations(t.ctx, stacks)
	if err != nil {
		return err
	}
	var marked []map[string]any
	for _, m := range t.principals {
		if owner, _ := stack.CustomerOf(strs(m, "tags")); owner != "" && t.foreign(m) {
			marked = append(marked, m)
		}
	}
	slices.SortFunc(marked, func(a, b map[string]any) int { return strings.Compare(str(a, "appId"), str(b, "appId")) })
	for _, m := range marked {
		owner, name := stack.CustomerOf(strs(m, "tags"))
		registration := home[name]
		if registration != nil && !strings.EqualFold(str(registration, "appId"), str(m, "appId")) {
			registration, name = nil, str(m, "appId") // of an application that is not registered any more
		}
		if t.state.Objects[plan.Key{Kind: plan.Application, Name: name}] != nil {
			name = str(m, "appId")
		}
		t.customer(owner, name, m, registration)
		t.customerPrincipal(name, owner, m)
	}
	var queries []query
	for _, s := range stacks {
		for _, a := range s.Applications {
			if s.Home != "" && !a.Existing {
				queries = append(queries, t.customerNamed(s, a, home[s.UniqueName(a.Name)])...)
			}
		}
	}
	return t.run(queries)
}

// foreign tells whether the application of a service principal is registered in another
// tenant.
func (t *tenant) foreign(servicePrincipal map[string]any) bool {
	owner := str(servicePrincipal, "appOwnerOrganizationId")
	return owner != "" && !strings.EqualFold(owner, t.state.Tenant.ID)
}

// customerNamed looks up the service principal of a declared application if no list contains it.
func (t *tenant) customerNamed(s *stack.Stack, a *stack.Application, registration map[string]any) []query {
	name := s.UniqueName(a.Name)
	switch {
	case registration == nil:
		t.mistake(a.Pos, "apply it there first: `"+t.Home.ApplyCommand+"`", "application %s is not registered in target %s, which is the home of this customer", a.Name, s.Home)
		return nil
	case !multiTenant(str(registration, "signInAudience")):
		t.mistake(a.Pos, "apply the manifests there first: `"+t.Home.ApplyCommand+"`",
			"application %s is registered in target %s for its own tenant only (signInAudience %s)", a.Name, s.Home, str(registration, "signInAudience"))
		return nil
	case t.state.Objects[plan.Key{Kind: plan.Application, Name: name}] != nil:
		return nil
	}
	t.customer(s.Name, name, registration, registration)
	return []query{{read: graph.ServicePrincipalByAppID(str(registration, "appId")), take: each(func(m map[string]any) error {
		if owner, _ := stack.CustomerOf(strs(m, "tags")); owner != "" && t.foreign(m) { // no list has shown it
			t.customerPrincipal(name, s.Name, m)
			return nil
		}
		if len(a.Customers) == 0 || !a.Customers[0].Adopt {
			t.mistake(a.Pos, fmt.Sprintf("to let the stack own it:  customers: [{target: %s, adopt: true}]", a.Customers[0].Target),
				"application %s: the tenant of the customer already has its service principal, without the tag %s%s", a.Name, stack.CustomerMark, name)
			return nil
		}
		t.customerPrincipal(name, "", m)
		return nil
	})}}
}

// multiTenant tells whether another tenant can have the service principal of an application.
func multiTenant(signInAudience string) bool {
	return signInAudience == "AzureADMultipleOrgs" || signInAudience == "AzureADandPersonalMicrosoftAccount"
}

// customer adds an application that is registered in another tenant. shown is its registration or
// its service principal.
func (t *tenant) customer(owner, name string, shown, registration map[string]any) {
	k := plan.Key{Kind: plan.Application, Name: name}
	scopes, roles := shown["oauth2PermissionScopes"], shown["appRoles"]
	if registration != nil {
		api, _ := registration["api"].(map[string]any)
		scopes, roles = api["oauth2PermissionScopes"], registration["appRoles"]
	}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner, Display: display(name, shown), Properties: map[string]any{
		"displayName": shown["displayName"], "tags": shown["tags"], "createdDateTime": shown["createdDateTime"],
		"appRoles": roles, "api": map[string]any{"oauth2PermissionScopes": scopes},
	}}, AppID: str(shown, "appId")}
}

// customerPrincipal adds the service principal of such an application.
func (t *tenant) customerPrincipal(name, owner string, m map[string]any) {
	app := t.state.Objects[plan.Key{Kind: plan.Application, Name: name}]
	app.ServicePrincipalID = str(m, "id")
	app.Properties["tags"], app.Properties["createdDateTime"] = m["tags"], m["createdDateTime"]
	t.byID[app.ServicePrincipalID] = app.Key
	sp := plan.Key{Kind: plan.ServicePrincipal, Name: name}
	t.state.Objects[sp] = &plan.Live{Object: plan.Object{Key: sp, Stack: owner, Display: app.Display, Properties: m}, ID: str(m, "id")}
}

// elsewhere tells whether an application of a stack is registered in another tenant.
func (t *tenant) elsewhere(k plan.Key) bool {
	o := t.state.Objects[k]
	return o != nil && k.Kind == plan.Application && o.ID == "" && o.Stack != ""
}
