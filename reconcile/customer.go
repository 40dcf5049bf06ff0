package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Home is the tenant in which the customers' applications are registered. provision only reads it.
type Home struct {
	Graph        *graph.Client
	TenantID     string
	ApplyCommand string // the apply command in the texts of mistakes

	Keep Keep          // of the home target: the secrets that this machine wrote there
	Lag  time.Duration // the maximum time until the home tenant shows a write of this machine
}

// registered are registrations of the home tenant by uniqueName.
type registered map[string]map[string]any

// registrations reads the applications of customers' stacks where they are registered, with what
// this machine wrote there shortly before began.
func (h Home) registrations(ctx context.Context, stacks []*stack.Stack, began time.Time) (registered, error) {
	all := registered{}
	wanted := map[plan.Key]bool{}
	var requests []graph.Request
	var failed error
	for _, s := range stacks {
		for _, a := range s.Applications {
			if s.Home == "" || a.Existing {
				continue
			}
			name := s.UniqueName(a.Name)
			wanted[plan.Key{Kind: plan.Application, Name: name}] = true
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
	if failed != nil {
		return nil, failed
	}
	return h.pending(all, wanted, began)
}

// pending adds recent writes of this machine that the home tenant does not show yet.
func (h Home) pending(all registered, wanted map[plan.Key]bool, began time.Time) (registered, error) {
	if h.Lag <= 0 {
		return all, nil
	}
	recent, err := h.Keep.recent(began, h.Lag)
	if err != nil {
		return nil, err
	}
	state := &plan.State{Objects: map[plan.Key]*plan.Live{}}
	for name, m := range all {
		k := plan.Key{Kind: plan.Application, Name: name}
		state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Properties: m}, ID: str(m, "id"), AppID: str(m, "appId")}
	}
	for _, w := range recent {
		if strings.EqualFold(w.Tenant, h.TenantID) && wanted[w.Step.Key] && !w.Released && !w.shown(state) {
			state.Advance(w.Step, w.lookup)
		}
	}
	shown := registered{}
	for k, o := range state.Objects {
		m := maps.Clone(o.Properties)
		m["id"], m["appId"] = o.ID, o.AppID
		shown[k.Name] = m
	}
	return shown, nil
}

// ofCustomer reports whether the tenant is the tenant of a customer. Stacks own only service
// principals there, and relations between them.
func (t *tenant) ofCustomer() bool { return t.Home.Graph != nil }

// customers adds the service principals of the stacks' applications that are registered in the home
// tenant: first the marked service principals, then the declared ones.
func (t *tenant) customers(stacks []*stack.Stack) error {
	if !t.ofCustomer() {
		return nil
	}
	home, err := t.Home.registrations(t.ctx, stacks, t.began)
	if err != nil {
		return err
	}
	named := map[string]string{} // appId → uniqueName
	for name, registration := range home {
		named[strings.ToLower(str(registration, "appId"))] = name
	}
	others, deleted, err := t.otherRegistrations(named)
	if err != nil {
		return err
	}
	known := maps.Clone(others)
	maps.Copy(known, deleted)
	t.state.Deleted = slices.DeleteFunc(t.state.Deleted, func(o *plan.Live) bool {
		owner, _ := t.customerOf(o.Properties, named, known)
		return o.Kind == plan.ServicePrincipal && owner == ""
	})
	for _, appID := range slices.Sorted(maps.Keys(t.principals)) {
		m := t.principals[appID]
		owner, name := t.customerOf(m, named, known)
		if owner == "" {
			continue
		}
		registration := others[strings.ToLower(appID)]
		if home[name] != nil {
			registration = home[name]
		}
		if registration != nil && !strings.EqualFold(str(registration, "appId"), appID) {
			registration, name = nil, appID // of an application that is no longer registered
		}
		if t.state.Objects[plan.Key{Kind: plan.Application, Name: name}] != nil {
			name = appID
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

// otherRegistrations reads the registrations of the marked service principals, also of deleted ones,
// that the stacks do not declare, by appId. A registration that the home tenant does not have any
// more may still be in its recycle bin, which shows its tags but not its scopes and roles.
func (t *tenant) otherRegistrations(declared map[string]string) (all, deleted registered, err error) {
	wanted := map[string]bool{}
	want := func(m map[string]any) {
		appID := strings.ToLower(str(m, "appId"))
		if owner, _ := stack.CustomerOf(strs(m, "tags")); owner != "" && t.ofHome(m) && declared[appID] == "" {
			wanted[appID] = true
		}
	}
	for _, m := range t.principals {
		want(m)
	}
	for _, o := range t.state.Deleted {
		want(o.Properties)
	}
	all, deleted = registered{}, registered{}
	var failed error
	var requests []graph.Request
	for _, appID := range slices.Sorted(maps.Keys(wanted)) {
		requests = append(requests, graph.ApplicationByAppID(appID).Then(func(r graph.Result, err error) []graph.Request {
			if err == nil && r.Object != nil {
				m := map[string]any{}
				err = json.Unmarshal(r.Object, &m)
				all[appID] = m
			}
			if err != nil && failed == nil {
				failed = fmt.Errorf("read application %s in the home tenant: %w", appID, err)
			}
			return nil
		}))
	}
	if len(requests) > 0 {
		if err := t.Home.Graph.Do(t.ctx, requests...); err != nil {
			return nil, nil, err
		}
	}
	if failed != nil || len(all) == len(wanted) {
		return all, deleted, failed
	}
	bin, err := t.Home.Graph.Read(t.ctx, graph.DeletedApplications())
	if err != nil {
		return nil, nil, fmt.Errorf("read the recycle bin of the home tenant: %w", err)
	}
	for _, raw := range bin[0].Items {
		m := map[string]any{}
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, nil, err
		}
		if appID := strings.ToLower(str(m, "appId")); wanted[appID] && all[appID] == nil {
			deleted[appID] = m
		}
	}
	return all, deleted, nil
}

// customerOf returns the stack that owns a service principal in the tenant of a customer, with the
// uniqueName of its application; both are "" if no stack owns it. The application must be registered
// in the home tenant. If it still is, or if it is in the recycle bin there, the registration must
// belong to the stack too: the owner of any other application chooses the tags of its service
// principals.
func (t *tenant) customerOf(m map[string]any, declared map[string]string, known registered) (owner, uniqueName string) {
	owner, uniqueName = stack.CustomerOf(strs(m, "tags"))
	if owner == "" || !t.ofHome(m) {
		return "", ""
	}
	appID := strings.ToLower(str(m, "appId"))
	if name, ok := declared[appID]; ok {
		if !strings.HasPrefix(name, owner+".") {
			return "", "" // customerNamed adds it
		}
		return owner, name
	}
	registration, exists := known[appID]
	if !exists || t.takenOver(owner, appID) {
		return owner, uniqueName
	}
	tags := strs(registration, "tags")
	switch of, _ := stack.StackOfApplication(str(registration, "uniqueName"), tags); {
	case of == owner:
		return owner, str(registration, "uniqueName")
	case of == "" && slices.Contains(tags, stack.Mark(owner)) && !slices.ContainsFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, stack.CustomerMark) }):
		return owner, uniqueName // an adopted application has the mark, and no uniqueName of the stack
	}
	return "", ""
}

// takenOver reports whether a stack that is destroyed adopts the application.
func (t *tenant) takenOver(owner, appID string) bool {
	return slices.ContainsFunc(t.Manifests, func(s *stack.Stack) bool {
		return s.Name == owner && slices.ContainsFunc(s.Applications, func(a *stack.Application) bool { return !a.Existing && strings.EqualFold(a.AppID, appID) })
	})
}

// foreign reports whether the application of a service principal is registered in another
// tenant.
func (t *tenant) foreign(servicePrincipal map[string]any) bool {
	owner := str(servicePrincipal, "appOwnerOrganizationId")
	return owner != "" && !strings.EqualFold(owner, t.state.Tenant.ID)
}

// ofHome reports whether the application of a service principal is registered in the home tenant.
func (t *tenant) ofHome(servicePrincipal map[string]any) bool {
	return t.ofCustomer() && t.Home.TenantID != "" && strings.EqualFold(str(servicePrincipal, "appOwnerOrganizationId"), t.Home.TenantID)
}

// binned returns the stack that a service principal in the recycle bin belongs to, by its
// tags.
func (t *tenant) binned(m map[string]any) string {
	switch {
	case t.ofHome(m):
		owner, _ := stack.CustomerOf(strs(m, "tags"))
		return owner // customers adds it
	case t.ofCustomer() || t.foreign(m):
		return "" // the mark is the mark of its application
	}
	return stack.StackOfTags(strs(m, "tags"))
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
		if owner, _ := stack.CustomerOf(strs(m, "tags")); owner == s.Name && t.ofHome(m) { // no list contains it
			t.customerPrincipal(name, s.Name, m)
			return nil
		}
		if !a.Customers[0].Adopt {
			t.mistake(a.Pos, fmt.Sprintf("to let the stack own it:  customers: [{target: %s, adopt: true}]", a.Customers[0].Target),
				"application %s: the tenant of the customer already has its service principal, without the tag %s%s", a.Name, stack.CustomerMark, name)
			return nil
		}
		t.customerPrincipal(name, "", m)
		return nil
	})}}
}

// multiTenant reports whether another tenant can have the service principal of an application.
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

// elsewhere reports whether an application of a stack is registered in another tenant.
func (t *tenant) elsewhere(k plan.Key) bool {
	o := t.state.Objects[k]
	return o != nil && k.Kind == plan.Application && o.ID == "" && o.Stack != ""
}
