package plan_test

import (
	"os"
	"strings"
	"testing"

	"provision/plan"
	"provision/stack"

	"github.com/google/go-cmp/cmp"
)

// TestPlanSample compares the sample of docs/plan.md with the text of a plan that creates,
// changes and deletes objects. UPDATE=1 writes the sample.
func TestPlanSample(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../docs/plan.md", "$ provision plan manifests/orders\n", "```\n"
	ptr := func(s string) *string { return &s }
	role := stack.AppRole{Value: "Auditor", DisplayName: "Auditor", Description: "Reads all orders", AllowedMemberTypes: []string{"User"}}
	s := &stack.Stack{Name: "orders",
		Applications: []*stack.Application{{Name: "api", DisplayName: "Orders API", Description: ptr("Orders of all regions"), AppRoles: []stack.AppRole{role},
			RoleAssignments: []stack.RoleAssignment{{Role: "Auditor", Users: []string{"ada"}}}}},
		Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@contoso.onmicrosoft.com", DisplayName: "Ada", MailNickname: "ada"}},
	}
	live := app("orders.api", map[string]any{"displayName": "Orders API", "description": "Orders", "appRoles": []any{}})
	live.Stack, live.AppID = "orders", "11111111-2222-3333-4444-555555555555"
	old := app("orders.old", map[string]any{"displayName": "Orders (old)"})
	old.Stack, old.AppID = "orders", "66666666-7777-8888-9999-000000000000"
	sp := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: "orders.api"}, Stack: "orders", Properties: map[string]any{"accountEnabled": true}}, ID: "sp", AppID: live.AppID}
	live.ServicePrincipalID = sp.ID
	ada := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.User, Name: "ada@contoso.onmicrosoft.com"}, Stack: "orders", Properties: map[string]any{"displayName": "Ada", "mailNickname": "ada", "accountEnabled": true}}, ID: "ada"}
	password := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.Password, Name: ada.Key.Name}, Stack: "orders"}}
	p, err := plan.Diff([]*stack.Stack{s}, tenant(live, old, sp, ada, password), plan.Options{KeepDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Text(&b, false, true); err != nil {
		t.Fatal(err)
	}
	want := b.String()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), begin)
	sample, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no sample", page)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(sample, want); diff != "" {
		t.Errorf("%s: UPDATE=1 go test ./plan -run TestPlanSample writes the sample (-page +plan):\n%s", page, diff)
	}
}
