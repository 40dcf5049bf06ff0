package reconcile

import (
	"maps"
	"slices"
	"strings"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// relations reads the members, owners, assignments and consents of the stacks' objects, and the
// secrets of their applications.
func (t *tenant) relations(stacks []*stack.Stack) error {
	t.declared = applications(stacks)
	referred := t.referred(stacks)
	ownersStated := map[plan.Key]bool{}
	for _, s := range stacks {
		for _, g := range s.Groups {
			ownersStated[plan.Key{Kind: plan.Group, Name: s.GroupUniqueName(g.Name)}] = g.Owners != nil
		}
	}
	for k, a := range t.declared {
		ownersStated[k] = a.Owners != nil
	}
	var queries []query
	add := func(more []query, err error) error {
		queries = append(queries, more...)
		return err
	}
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		var err error
		o := t.state.Objects[k]
		managed := t.managed[o.Stack]
		_, declared := ownersStated[k]
		switch k.Kind {
		case plan.Application:
			err = t.applicationRelations(add, o, managed, managed || referred[k])
			if err == nil && (declared || referred[k]) {
				err = t.owners(add, o, ownersStated[k])
			}
		case plan.Group:
			if managed && !slices.Contains(strs(o.Properties, "groupTypes"), "DynamicMembership") { // otherwise Entra computes them
				err = add(t.relatedOf(o.ID, graph.NavMembers, graph.Members(o.ID), func(m map[string]any) error { return t.member(o, m) }))
			}
			if err == nil && declared {
				err = add(t.relatedOf(o.ID, graph.NavOwners, graph.Owners(graph.OwnedGroup, o.ID), func(m map[string]any) error { return t.owner(o, m, ownersStated[k]) }))
			}
		}
		if err != nil {
			return err
		}
	}
	if err := t.run(queries); err != nil {
		return err
	}
	if err := t.readReferenced(); err != nil {
		return err
	}
	for _, add := range t.relation {
		add()
	}
	return t.credentials(stacks, t.declared)
}

// adds collects the queries that are still to be sent.
type adds func([]query, error) error

// applicationRelations reads the grants to an application. If the application is managed, it also
// reads the assignments of its roles and its credentials.
func (t *tenant) applicationRelations(add adds, o *plan.Live, managed, given bool) error {
	id := o.ServicePrincipalID
	if managed && o.ID != "" {
		if err := add(t.applicationAlone(o, t.declared[o.Key])); err != nil {
			return err
		}
	}
	if id == "" || !given {
		return nil
	}
	if err := add(t.relatedOf(id, graph.NavAssignments, graph.AssignmentsOf(id), t.assignment)); err != nil {
		return err
	}
	if managed {
		if err := add(t.relatedOf(id, graph.NavAssignedTo, graph.AssignedTo(id), t.assignment)); err != nil {
			return err
		}
	}
	if t.grants == nil {
		queries := []query{{read: graph.GrantsOf(id), take: each(t.grant)}}
		if managed {
			queries = append(queries, query{read: graph.GrantsTo(id), take: each(t.grant)})
		}
		return add(queries, nil)
	}
	for _, m := range t.grants[id] {
		if managed || str(m, "clientId") == id {
			if err := t.grant(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// owners reads the owners and the certificates of a registration and of its service principal.
// Graph returns the keys only on $select.
func (t *tenant) owners(add adds, app *plan.Live, stated bool) error {
	sp := t.state.Objects[plan.Key{Kind: plan.ServicePrincipal, Name: app.Name}]
	for _, o := range []*plan.Live{app, sp} {
		if o == nil || o.ID == "" {
			continue
		}
		of := owned[o.Kind]
		if err := add(t.relatedOf(o.ID, graph.NavOwners, graph.Owners(of, o.ID), func(m map[string]any) error { return t.owner(o, m, stated) })); err != nil {
			return err
		}
		if keys, _ := o.Properties["keyCredentials"].([]any); len(keys) > 0 {
			err := add([]query{{read: graph.KeyCredentials(of, o.ID), take: each(func(m map[string]any) error {
				o.Properties["keyCredentials"] = m["keyCredentials"]
				return nil
			})}}, nil)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// readReferenced looks up the service principals that relations refer to and that no list
// contains. Without this, grants to an application of another stack would appear as unmanaged.
func (t *tenant) readReferenced() error {
	applications := t.byAppID()
	var queries []query
	for _, id := range slices.Sorted(maps.Keys(t.referenced)) {
		if _, known := t.byID[id]; known {
			continue
		}
		queries = append(queries, query{read: graph.ServicePrincipal(id), take: each(func(m map[string]any) error {
			if k, ok := applications[str(m, "appId")]; ok {
				t.byID[id] = k
			}
			return nil
		})})
	}
	return t.run(queries)
}

// byAppID returns the applications read so far, by their client id.
func (t *tenant) byAppID() map[string]plan.Key {
	all := map[string]plan.Key{}
	for k, o := range t.state.Objects {
		if k.Kind == plan.Application {
			all[o.AppID] = k
		}
	}
	return all
}

// referred returns the names of a stack's existing applications. The stack can declare permissions
// of these applications.
func (t *tenant) referred(stacks []*stack.Stack) map[plan.Key]bool {
	all := map[plan.Key]bool{}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if k, ok := t.state.Existing[plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}]; ok && a.Existing {
				all[k] = true
			}
		}
	}
	return all
}

// key returns the key of the object with an id. If no manifest declares the object, the
// key is the id.
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

func (t *tenant) stackOf(k plan.Key) string {
	if o := t.state.Objects[k]; o != nil {
		return o.Stack
	}
	return ""
}

func (t *tenant) member(group *plan.Live, m map[string]any) error {
	who := t.key(str(m, "id"), strings.TrimPrefix(str(m, "@odata.type"), "#microsoft.graph."))
	k := plan.MemberKey(group.Key, who)
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: group.Stack,
		Display: named(k, who.Name, str(m, "displayName")),
		Ends:    plan.Ends{Resource: group.Key, Principal: who}},
		ID: str(m, "id"), ResourceID: group.ID, PrincipalID: str(m, "id")}
	return nil
}

func (t *tenant) assignment(m map[string]any) error {
	t.referenced[str(m, "resourceId")] = true
	if str(m, "principalType") == "ServicePrincipal" {
		t.referenced[str(m, "principalId")] = true
	}
	t.relation = append(t.relation, func() { t.addAssignment(m) })
	return nil
}

func (t *tenant) addAssignment(m map[string]any) {
	resource := t.key(str(m, "resourceId"), "ServicePrincipal")
	who := t.key(str(m, "principalId"), str(m, "principalType"))
	// An assignment of users and groups belongs to the resource, of an application to that application.
	owner := t.stackOf(resource)
	if t.elsewhere(resource) {
		owner = "" // the customer assigns the roles of the application as they choose
	}
	if who.Kind == plan.Application && t.stackOf(who) != "" {
		owner = t.stackOf(who)
	}
	k := plan.AssignmentKey(resource, t.role(resource, str(m, "appRoleId")), who)
	shown := named(k, who.Name, str(m, "principalDisplayName"))
	if shown == "" {
		shown = k.Name
	}
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner,
		Display:    strings.ReplaceAll(shown, resource.Name, t.display(resource, str(m, "resourceDisplayName"))),
		Properties: map[string]any{"appRoleId": m["appRoleId"]},
		Ends:       plan.Ends{Resource: resource, Principal: who}},
		ID: str(m, "id"), ResourceID: str(m, "resourceId"), PrincipalID: str(m, "principalId")}
}

// role returns the value of an app role, or its id if the resource does not have the role.
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

// grant adds admin consent and ignores consent of single users.
func (t *tenant) grant(m map[string]any) error {
	if str(m, "consentType") == "AllPrincipals" {
		t.referenced[str(m, "clientId")], t.referenced[str(m, "resourceId")] = true, true
		t.relation = append(t.relation, func() { t.addGrant(m) })
	}
	return nil
}

func (t *tenant) addGrant(m map[string]any) {
	client, resource := t.key(str(m, "clientId"), "ServicePrincipal"), t.key(str(m, "resourceId"), "ServicePrincipal")
	owner := t.stackOf(client)
	if owner == "" && !t.elsewhere(resource) {
		owner = t.stackOf(resource)
	}
	scope := []any{}
	for _, s := range strings.Fields(str(m, "scope")) {
		scope = append(scope, s)
	}
	k := plan.GrantKey(client, resource)
	t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: owner,
		Display:    strings.ReplaceAll(k.Name, resource.Name, t.display(resource, "")),
		Properties: map[string]any{"scope": scope},
		Ends:       plan.Ends{Resource: resource, Principal: client}},
		ID: str(m, "id"), ResourceID: str(m, "resourceId"), PrincipalID: str(m, "clientId")}
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

// named replaces an id by a display name.
func named(k plan.Key, id, displayName string) string {
	if !stack.IsID(id) || displayName == "" {
		return ""
	}
	return strings.ReplaceAll(k.Name, id, displayName)
}

// applicationAlone reads the properties that Graph does not return with an application.
func (t *tenant) applicationAlone(o *plan.Live, declared *stack.Application) ([]query, error) {
	take := func(m map[string]any) error { return t.federated(o, m) }
	var queries []query
	if declared != nil && flexible(declared) {
		queries = []query{{read: graph.FlexibleFederatedCredentials(o.ID), take: each(take)}}
	} else {
		more, err := t.relatedOf(o.ID, graph.NavFederatedCredentials, graph.FederatedCredentials(o.ID), take)
		if err != nil {
			return nil, err
		}
		queries = more
	}
	if declared != nil && declared.AuthenticationBehaviors != nil {
		queries = append(queries, query{read: graph.AuthenticationBehaviors(o.ID), take: each(func(m map[string]any) error {
			o.Properties["authenticationBehaviors"] = m["authenticationBehaviors"]
			return nil
		})})
	}
	return queries, nil
}

// flexible reports whether an application has a federated credential that only the beta
// version of Graph returns completely.
func flexible(a *stack.Application) bool {
	return slices.ContainsFunc(a.FederatedCredentials, func(f stack.FederatedCredential) bool { return f.ClaimsMatchingExpression != nil })
}

func (t *tenant) federated(app *plan.Live, m map[string]any) error {
	o := &plan.Live{Object: plan.Object{Key: plan.FederatedKey(app.Key, str(m, "name")), Stack: app.Stack, Ends: plan.Ends{Resource: app.Key}, Properties: map[string]any{}},
		ID: str(m, "id"), ResourceID: app.ID}
	for _, name := range []string{"name", "issuer", "subject", "claimsMatchingExpression", "audiences", "description"} {
		o.Properties[name] = m[name]
	}
	t.state.Objects[o.Key] = o
	return nil
}

// owner adds an owner of an object. If the manifest has `owners`, the stack manages the owners
// that are users. Owners that are applications are shown and never removed: an application that
// can write only the objects that it owns would lose its access.
func (t *tenant) owner(of *plan.Live, m map[string]any, stated bool) error {
	isUser := str(m, "@odata.type") == "#microsoft.graph.user"
	graphType := "User"
	if !isUser {
		graphType = "ServicePrincipal"
		t.referenced[str(m, "id")] = true
	}
	t.relation = append(t.relation, func() {
		who := t.key(str(m, "id"), graphType)
		o := &plan.Live{Object: plan.Object{Key: plan.OwnerKey(of.Key, who),
			Display:    named(plan.OwnerKey(of.Key, who), who.Name, str(m, "displayName")),
			Properties: map[string]any{"displayName": m["displayName"]},
			Ends:       plan.Ends{Resource: of.Key, Principal: who}},
			ID: str(m, "id"), ResourceID: of.ID, PrincipalID: str(m, "id")}
		if isUser && stated {
			o.Stack = of.Stack
		}
		t.state.Objects[o.Key] = o
	})
	return nil
}
