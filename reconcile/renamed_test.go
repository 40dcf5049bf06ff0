package reconcile_test

import (
	"testing"

	"provision/plan"
	"provision/stack"
)

// TestARenamedDocumentKeepsItsObject, with its client id and its secret.
func TestARenamedDocumentKeepsItsObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := func(api, group string, was stack.Protection, ofGroup stack.Protection) []*stack.Stack {
		return []*stack.Stack{{Name: "s",
			Groups: []*stack.Group{{Name: group, DisplayName: "Staff", Protection: ofGroup}},
			Applications: []*stack.Application{
				{Name: api, DisplayName: "API", Protection: was, API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "Read"}}},
					AppRoles:        []stack.AppRole{{Value: "Do", DisplayName: "Do", AllowedMemberTypes: []string{"User"}}},
					RoleAssignments: []stack.RoleAssignment{{Role: "Do", Groups: []string{group}}}, Secrets: []stack.Secret{{Name: "key"}}},
				{Name: "client", DisplayName: "Client", Permissions: []stack.Permission{{Resource: api, Scopes: []string{"Read"}, AdminConsent: true}}},
			}}}
	}
	before := stacks("old", "team", stack.Protection{}, stack.Protection{})
	w.must(before, plan.Options{})
	dump := w.dump()
	after := stacks("new", "staff", stack.Protection{RenamedFrom: "old"}, stack.Protection{RenamedFrom: "team"})
	if p := w.plan(after, plan.Options{}); !p.Empty() {
		t.Errorf("after renaming the documents there is something to do: %v", p.Steps)
	}
	after[0].Applications[0].DisplayName = "API of orders"
	w.must(after, plan.Options{})
	if w.dump() == dump {
		t.Error("the renamed application was not changed")
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
}
