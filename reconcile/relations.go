package reconcile

import (
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// relations reads who is in, assigned to and consented to what, for the stacks
// at hand, and the secrets of their applications.
func (t *tenant) relations(stacks []*stack.Stack) error {
	declared := applications(stacks)
	referred := t.referred(stacks)
	var queries []query
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		o := t.state.Objects[k]
		concerns := t.managed[o.Stack] || referred[k]
		if k.Kind == plan.Application && t.managed[o.Stack] {
			queries = append(queries, query{graph.FederatedCredentials(o.ID), each(func(m map[string]any) error { return t.federated(o, m) })})
			if declared[k] != nil && declared[k].Owners != nil {
				queries = append(queries, query{graph.Owners(o.ID), each(func(m map[string]any) error { return t.ownership(o, m) })})
			}
		}
		switch {
		case !concerns:
		case k.Kind == plan.Group && t.managed[o.Stack]:
			queries = append(queries, query{graph.Members(o.ID), each(func(m map[string]any) error { return t.member(o, m) })})
		case k.Kind == plan.Application && o.ServicePrincipalID != "":
			queries = append(queries,
				query{graph.AssignmentsOf(o.ServicePrincipalID), each(t.assignment)},
				query{graph.GrantsOf(o.ServicePrincipalID), each(t.grant)})
			if t.managed[o.Stack] {
				queries = append(queries,
					query{graph.AssignedTo(o.ServicePrincipalID), each(t.assignment)},
					query{graph.GrantsTo(o.ServicePrincipalID), each(t.grant)})
			}
		}
	}
	if err := t.run(queries); err != nil {
		return err
	}
	if err := t.introduce(); err != nil {
		return err
	}
	for _, add := range t.relation {
		add()
	}
	return t.credentials(stacks, declared)
}

// introduce looks up the service principals that relations name and no list
// has shown: an application of another stack must be known as such, or what it
// was granted would look like nobody's.
func (t *tenant) introduce() error {
	applications := t.byAppID()
	var queries []query
	for _, id := range slices.Sorted(maps.Keys(t.strangers)) {
		if _, known := t.byID[id]; known {
			continue
		}
		queries = append(queries, query{graph.ServicePrincipal(id), each(func(m map[string]any) error {
			if k, ok := applications[str(m, "appId")]; ok {
				t.byID[id] = k
			}
			return nil
		})})
	}
	return t.run(queries)
}

// byAppID are the applications read so far, by their client id.
func (t *tenant) byAppID() map[string]plan.Key {
	all := map[string]plan.Key{}
	for k, o := range t.state.Objects {
		if k.Kind == plan.Application {
			all[o.AppID] = k
		}
	}
	return all
}

// referred are what a stack calls its existing applications, whose own
// permissions it may declare.
func (t *tenant) referred(stacks []*stack.Stack) map[plan.Key]bool {
	all := map[plan.Key]bool{}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if k, ok := t.state.Existing[plan.Key{Kind: plan.Application, Name: stack.UniqueName(s.Name, a.Name)}]; ok && a.Existing {
				all[k] = true
			}
		}
	}
	return all
}

// key is what stands behind an object id; something that no manifest knows is
// known by the id alone.
func (t *tenant) key(id, graphType string) plan.Key {
	if k, ok := t.byID[id]; ok {
		return k
	}
	kind := plan.User
	switch {
	case strings.EqualFold(graphType, "Group"):
		kind = plan.Group
	case strings.EqualFold(graphType, "ServicePrincipal"):
		kind = plan.Application
	}
	return plan.Key{Kind: kind, Name: id}
}

func (t *tenant) owner(k plan.Key) string {
	if o := t.state.Objects[k]; o != nil {
		return o.Stack
	}
	return ""
}

func (t *tenant) member(group *plan.Object, m map[string]any) error {
	who := t.key(str(m, "id"), strings.TrimPrefix(str(m, "@odata.type"), "#microsoft.graph."))
	k := plan.MemberKey(group.Key, who)
	t.state.Objects[k] = &plan.Object{Key: k, Stack: group.Stack, ID: str(m, "id"),
		Display:    named(k, who.Name, str(m, "displayName")),
		Properties: map[string]any{"group": group.ID, "member": str(m, "id")},
		Ends:       plan.Ends{Holder: group.Key, Principal: who}}
	return nil
}

func (t *tenant) assignment(m map[string]any) error {
	t.strangers[str(m, "resourceId")] = true
	if str(m, "principalType") == "ServicePrincipal" {
		t.strangers[str(m, "principalId")] = true
	}
	t.relation = append(t.relation, func() { t.addAssignment(m) })
	return nil
}

func (t *tenant) addAssignment(m map[string]any) {
	resource := t.key(str(m, "resourceId"), "ServicePrincipal")
	who := t.key(str(m, "principalId"), str(m, "principalType"))
	// Users and groups are the resource's business, an application is its own.
	owner := t.owner(resource)
	if who.Kind == plan.Application && t.owner(who) != "" {
		owner = t.owner(who)
	}
	k := plan.AssignmentKey(resource, t.role(resource, str(m, "appRoleId")), who)
	shown := named(k, who.Name, str(m, "principalDisplayName"))
	if shown == "" {
		shown = k.Name
	}
	t.state.Objects[k] = &plan.Object{Key: k, Stack: owner, ID: str(m, "id"),
		Display:    strings.ReplaceAll(shown, resource.Name, t.display(resource, str(m, "resourceDisplayName"))),
		Properties: map[string]any{"resourceId": str(m, "resourceId")},
		Ends:       plan.Ends{Holder: resource, Principal: who}}
}

// role is the value of an app role, or its id where the resource has no such
// role.
func (t *tenant) role(resource plan.Key, id string) string {
	if id == stack.DefaultRoleID {
		return ""
	}
	if o := t.state.Objects[resource]; o != nil {
		roles, _ := o.Properties["appRoles"].([]any)
		for _, r := range roles {
			if role, ok := r.(map[string]any); ok && str(role, "id") == id && str(role, "value") != "" {
				return str(role, "value")
			}
		}
	}
	return id
}

// grant takes admin consent; what users consent to is their own.
func (t *tenant) grant(m map[string]any) error {
	if str(m, "consentType") == "AllPrincipals" {
		t.strangers[str(m, "clientId")], t.strangers[str(m, "resourceId")] = true, true
		t.relation = append(t.relation, func() { t.addGrant(m) })
	}
	return nil
}

func (t *tenant) addGrant(m map[string]any) {
	client, resource := t.key(str(m, "clientId"), "ServicePrincipal"), t.key(str(m, "resourceId"), "ServicePrincipal")
	owner := t.owner(client)
	if owner == "" {
		owner = t.owner(resource)
	}
	scope := []any{}
	for _, s := range strings.Fields(str(m, "scope")) {
		scope = append(scope, s)
	}
	k := plan.GrantKey(client, resource)
	t.state.Objects[k] = &plan.Object{Key: k, Stack: owner, ID: str(m, "id"),
		Display:    strings.ReplaceAll(k.Name, resource.Name, t.display(resource, "")),
		Properties: map[string]any{"scope": scope},
		Ends:       plan.Ends{Holder: resource, Principal: client}}
}

func (t *tenant) display(k plan.Key, otherwise string) string {
	if o := t.state.Objects[k]; o != nil && o.Display != "" {
		return o.Display
	}
	if stack.IsID(k.Name) && otherwise != "" {
		return otherwise
	}
	return k.Name
}

// named puts a display name in the place of an id.
func named(k plan.Key, id, displayName string) string {
	if !stack.IsID(id) || displayName == "" {
		return ""
	}
	return strings.ReplaceAll(k.Name, id, displayName)
}

func (t *tenant) federated(app *plan.Object, m map[string]any) error {
	o := &plan.Object{Key: plan.FederatedKey(app.Key, str(m, "name")), Stack: app.Stack, ID: str(m, "id"),
		Ends: plan.Ends{Holder: app.Key}, Properties: map[string]any{}}
	for _, name := range []string{"name", "issuer", "subject", "audiences", "description"} {
		o.Properties[name] = m[name]
	}
	t.state.Objects[o.Key] = o
	return nil
}

// ownership takes a user's; applications that own one another are no stack's
// business.
func (t *tenant) ownership(app *plan.Object, m map[string]any) error {
	if str(m, "@odata.type") != "#microsoft.graph.user" {
		return nil
	}
	who := t.key(str(m, "id"), "User")
	k := plan.OwnerKey(app.Key, who)
	t.state.Objects[k] = &plan.Object{Key: k, Stack: app.Stack, ID: str(m, "id"),
		Display:    named(k, who.Name, str(m, "displayName")),
		Properties: map[string]any{"application": app.ID, "owner": str(m, "id")},
		Ends:       plan.Ends{Holder: app.Key, Principal: who}}
	return nil
}
