package plan

import (
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// TestOrphans: a plan lists the stacks that no manifest declares. It does not suggest to destroy
// the main stack or the environments of a declared stack.
func TestOrphans(t *testing.T) {
	t.Parallel()
	live := func(name, environment string) *Live {
		tags := []any{stack.Mark(name)}
		if environment != "" {
			tags = append(tags, stack.EnvironmentMark+environment)
		}
		return &Live{Object: Object{Key: Key{Application, name + ".api"}, Stack: name, Properties: obj{"tags": tags}}, ID: name}
	}
	tenant := []*Live{live("orders", ""), live("orders-pr-1", "pr-1"), live("orders-pr-2", "pr-2"), live("orders-eu", ""), live("shop", ""), live("shop-pr-1", "pr-1")}
	for name, c := range map[string]struct {
		declared       *stack.Stack
		orphans, named string
	}{
		"the main stack": {&stack.Stack{Name: "orders"}, "orders-eu orders-pr-1 orders-pr-2 shop shop-pr-1", "orders-eu, shop, shop-pr-1"},
		"an environment": {&stack.Stack{Name: "orders-pr-1", Environment: "pr-1"}, "orders orders-eu orders-pr-2 shop shop-pr-1", "orders-eu, shop, shop-pr-1"},
		"another stack":  {&stack.Stack{Name: "billing"}, "orders orders-eu orders-pr-1 orders-pr-2 shop shop-pr-1", "orders, orders-eu, orders-pr-1, orders-pr-2, shop and 1 more"},
	} {
		p, err := Diff([]*stack.Stack{c.declared}, has(tenant...), Options{AllowForeignOwners: true})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := p.Text(&text, false, false); err != nil {
			t.Fatal(err)
		}
		_, named, _ := strings.Cut(text.String(), "they are not changed: ")
		named, _, _ = strings.Cut(named, "\n")
		if got := strings.Join(p.Orphans, " "); got != c.orphans || !slices.IsSorted(p.Orphans) {
			t.Errorf("%s: orphans %s, want %s", name, got, c.orphans)
		}
		if named != c.named {
			t.Errorf("%s: the plan names %s, want %s", name, named, c.named)
		}
	}
}
