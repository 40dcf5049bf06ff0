package plan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

// TestDeployerPermissions: exactly the permissions that an account needs to apply a stack.
func TestDeployerPermissions(t *testing.T) {
	t.Parallel()
	app := func(change func(*stack.Application)) *stack.Stack {
		a := &stack.Application{Name: "a"}
		change(a)
		return &stack.Stack{Name: "s", Applications: []*stack.Application{a}}
	}
	for name, c := range map[string]struct {
		stack *stack.Stack
		want  []string
	}{
		"nothing":         {&stack.Stack{}, []string{"Application.Read.All"}},
		"an application":  {app(func(*stack.Application) {}), []string{"Application.Read.All", "Application.ReadWrite.OwnedBy"}},
		"an existing one": {app(func(a *stack.Application) { a.Existing = true }), []string{"Application.Read.All"}},
		"consent to a scope": {app(func(a *stack.Application) {
			a.Permissions = []stack.Permission{{Scopes: []string{"x"}, AdminConsent: true}}
		}), []string{"Application.Read.All", "Application.ReadWrite.OwnedBy", "DelegatedPermissionGrant.ReadWrite.All"}},
		"no consent":           {app(func(a *stack.Application) { a.Permissions = []stack.Permission{{Scopes: []string{"x"}}} }), []string{"Application.Read.All", "Application.ReadWrite.OwnedBy"}},
		"a role":               {app(func(a *stack.Application) { a.RoleAssignments = []stack.RoleAssignment{{Role: "r"}} }), []string{"AppRoleAssignment.ReadWrite.All", "Application.Read.All", "Application.ReadWrite.OwnedBy"}},
		"people":               {&stack.Stack{Users: []*stack.User{{Name: "ada"}, {Name: "eve", Existing: true}}}, []string{"Application.Read.All", "User.DeleteRestore.All", "User.ReadWrite.All"}},
		"existing users":       {&stack.Stack{Users: []*stack.User{{Name: "eve", Existing: true}}}, []string{"Application.Read.All", "User.Read.All"}},
		"a group with members": {&stack.Stack{Groups: []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}}}}}, []string{"Application.Read.All", "Group.ReadWrite.All"}},
		"an existing group":    {&stack.Stack{Groups: []*stack.Group{{Name: "g", Existing: true}}}, []string{"Application.Read.All", "GroupMember.Read.All"}},
	} {
		c.want = slices.Concat(c.want, []string{"User.Read.All"})
		if !slices.Contains(c.want, "DelegatedPermissionGrant.ReadWrite.All") {
			c.want = append(c.want, "DelegatedPermissionGrant.Read.All")
		}
		if !slices.Contains(c.want, "Group.ReadWrite.All") {
			c.want = append(c.want, "GroupMember.Read.All")
		}
		slices.Sort(c.want)
		c.want = slices.Compact(c.want)
		if diff := cmp.Diff(c.want, plan.DeployerPermissions([]*stack.Stack{c.stack})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
