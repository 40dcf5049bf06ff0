package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestRelationsOfExistingObjects: the relations of an object that the stack does not own, with the
// ids of the tenant, and the removal of relations that the stack created and no longer declares.
func TestRelationsOfExistingObjects(t *testing.T) {
	t.Parallel()
	theirs, user, group := Key{Application, "theirs"}, Key{User, "ada@x.example"}, Key{Group, "their-group"}
	state := func(more ...*Live) *State {
		s := has(append([]*Live{
			{Object: Object{Key: theirs, Display: "Theirs", Properties: obj{"appRoles": []any{obj{"id": "role-id", "value": "R"}}, "api": obj{"oauth2PermissionScopes": []any{obj{"id": "scope-id", "value": "read"}}}}}, ID: "app-id", AppID: "app-appid", ServicePrincipalID: "app-sp"},
			{Object: Object{Key: user}, ID: "user-id"},
			{Object: Object{Key: group, Display: "Their group"}, ID: "group-id"},
		}, more...)...)
		s.Existing[Key{Application, "s.them"}], s.Existing[Key{Group, "provision.s.team"}] = theirs, group
		return s
	}
	existing := func(change func(s *stack.Stack, them *stack.Application)) *stack.Stack {
		them := &stack.Application{Name: "them", Existing: true, DisplayName: "Theirs"}
		s := &stack.Stack{Name: "s", Applications: []*stack.Application{them}, Users: []*stack.User{{Name: "ada", Existing: true, UserPrincipalName: "Ada@x.example"}},
			Groups: []*stack.Group{{Name: "team", Existing: true, DisplayName: "Their group"}}}
		change(s, them)
		return s
	}
	made := func(k, resource, principal Key, resourceID, principalID string) *Live {
		return &Live{Object: Object{Key: k, Stack: "s", Ends: Ends{resource, principal}}, ID: "relation-id", ResourceID: resourceID, PrincipalID: principalID}
	}
	ref := func(k Key, property, id string) Ref { return Ref{Key: k, Property: property, ID: id} }
	for name, c := range map[string]struct {
		stack *stack.Stack
		live  []*Live
		want  []Step // without changes
	}{
		"nothing": {existing(func(*stack.Stack, *stack.Application) {}), nil, nil},
		"a role for a user": {existing(func(_ *stack.Stack, them *stack.Application) {
			them.RoleAssignments = []stack.RoleAssignment{{Role: "R", Users: []string{"ada"}}}
		}), nil, []Step{{Action: Create, Key: AssignmentKey(theirs, "R", user), Stack: "s", Display: "assignment", Refs: Refs{ref(theirs, ServicePrincipalID, "app-sp"), ref(user, ID, "user-id")}, Bodies: []map[string]any{{"appRoleId": "role-id"}}}}},
		"default access for a group": {existing(func(_ *stack.Stack, them *stack.Application) {
			them.RoleAssignments = []stack.RoleAssignment{{Groups: []string{"team"}}}
		}), nil, []Step{{Action: Create, Key: AssignmentKey(theirs, "", group), Stack: "s", Refs: Refs{ref(theirs, ServicePrincipalID, "app-sp"), ref(group, ID, "group-id")}, Bodies: []map[string]any{{"appRoleId": stack.DefaultRoleID}}}}},
		"a role that exists": {existing(func(_ *stack.Stack, them *stack.Application) {
			them.RoleAssignments = []stack.RoleAssignment{{Role: "R", Users: []string{"ada"}}}
		}), []*Live{made(AssignmentKey(theirs, "R", user), theirs, user, "app-sp", "user-id")}, nil},
		"a role that is not declared any more": {existing(func(*stack.Stack, *stack.Application) {}), []*Live{made(AssignmentKey(theirs, "R", user), theirs, user, "app-sp", "user-id")},
			[]Step{{Action: Delete, Key: AssignmentKey(theirs, "R", user), Stack: "s", ID: "relation-id", Refs: Refs{ref(theirs, ServicePrincipalID, "app-sp"), ref(user, ID, "user-id")}}}},
		"consent for them": {existing(func(_ *stack.Stack, them *stack.Application) {
			them.Permissions = []stack.Permission{{Resource: "them", Scopes: []string{"read"}, Roles: []string{"R"}, AdminConsent: true}}
		}), nil, []Step{
			{Action: Create, Key: AssignmentKey(theirs, "R", theirs), Stack: "s", Refs: Refs{ref(theirs, ServicePrincipalID, "app-sp"), ref(theirs, ServicePrincipalID, "app-sp")}, Bodies: []map[string]any{{"appRoleId": "role-id"}}},
			{Action: Create, Key: GrantKey(theirs, theirs), Stack: "s", Refs: Refs{ref(theirs, ServicePrincipalID, "app-sp"), ref(theirs, ServicePrincipalID, "app-sp")}, Bodies: []map[string]any{{"scope": "read"}}}}},
		"a permission without consent": {existing(func(_ *stack.Stack, them *stack.Application) {
			them.Permissions = []stack.Permission{{Resource: "them", Scopes: []string{"read"}}}
		}), nil, nil},
		"an owner of them is not declared": {existing(func(_ *stack.Stack, them *stack.Application) { them.Owners = []string{"ada"} }), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Diff([]*stack.Stack{c.stack}, state(c.live...), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []Step
			for _, s := range p.Steps {
				s.Changes, s.Display = nil, ""
				got = append(got, s)
			}
			for i := range c.want {
				c.want[i].Display = ""
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGrantsAreOneScopeText: the scopes of a grant are one sorted text, whichever manifest
// entries declare them.
func TestGrantsAreOneScopeText(t *testing.T) {
	t.Parallel()
	api, client := registered("api", obj{"api": obj{"oauth2PermissionScopes": []any{
		obj{"id": "1", "value": "read", "type": "User", "isEnabled": true, "adminConsentDisplayName": "read", "adminConsentDescription": "read"},
		obj{"id": "2", "value": "write", "type": "User", "isEnabled": true, "adminConsentDisplayName": "write", "adminConsentDescription": "write"}}}}), registered("client", nil)
	k := GrantKey(Key{Application, "s.client"}, Key{Application, "s.api"})
	for name, c := range map[string]struct {
		live []any
		want [][]string // of the permissions' entries
		step Action
		sent string
	}{
		"new":           {nil, [][]string{{"write", "read"}}, Create, "read write"},
		"two entries":   {nil, [][]string{{"write"}, {"read"}}, Create, "read write"},
		"twice":         {nil, [][]string{{"read"}, {"read"}}, Create, "read"},
		"one more":      {[]any{"read"}, [][]string{{"read", "write"}}, Update, "read write"},
		"one less":      {[]any{"write", "read"}, [][]string{{"read"}}, Update, "read"},
		"another order": {[]any{"write", "read"}, [][]string{{"read", "write"}}, "", ""},
		"none any more": {[]any{"read"}, nil, Delete, ""},
	} {
		a := &stack.Application{Name: "client", DisplayName: "client"}
		for _, scopes := range c.want {
			a.Permissions = append(a.Permissions, stack.Permission{Resource: "api", Scopes: scopes, AdminConsent: true})
		}
		live := append(append([]*Live{}, api...), client...)
		if c.live != nil {
			live = append(live, &Live{Object: Object{Key: k, Stack: "s", Properties: obj{"scope": c.live}, Ends: Ends{Key{Application, "s.api"}, Key{Application, "s.client"}}}, ID: "g"})
		}
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{
			{Name: "api", DisplayName: "api", API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}, {Value: "write"}}}}, a}}}, has(live...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		action, sent := Action(""), ""
		for _, s := range p.Steps {
			if s.Key == k {
				action = s.Action
				if len(s.Bodies) > 0 {
					sent, _ = s.Bodies[0]["scope"].(string)
				}
			}
		}
		if action != c.step || sent != c.sent {
			t.Errorf("%s: %q %q, want %q %q", name, action, sent, c.step, c.sent)
		}
	}
}
