package stack_test

import (
	"strings"
	"testing"

	"provision/stack"
)

// TestObjectOwnership: an object belongs to a stack only if both its mark and its name match.
func TestObjectOwnership(t *testing.T) {
	t.Parallel()
	mark := stack.Mark
	for _, c := range []struct {
		name   string // of an application
		tags   []string
		owner  string
		marked bool
	}{
		{"orders.api", []string{"x", mark("orders")}, "orders", true},
		{"orders.api", []string{mark("billing"), mark("orders")}, "orders", true},
		{"orders.api", []string{mark("billing")}, "", true},
		{"orders.api", []string{"orders"}, "", false},
		{"orders.api", nil, "", false},
		{"orders", []string{mark("orders")}, "", true},
		{"orders.", []string{mark("orders")}, "", true},
		{".api", []string{mark("")}, "", true},
		{"Orders.api", []string{mark("Orders")}, "", true},
		{"orders.A_P_I", []string{mark("orders")}, "", true},
		{"orders.api.more", []string{mark("orders")}, "", true},
		{"../orders.api", []string{mark("../orders")}, "", true},
		{"", []string{mark("orders")}, "", true},
	} {
		owner, marked := stack.StackOfApplication(c.name, c.tags)
		if owner != c.owner || marked != c.marked {
			t.Errorf("application %q with %q: %q, %t; want %q, %t", c.name, c.tags, owner, marked, c.owner, c.marked)
		}
	}
	for text, want := range map[string]string{mark("orders"): "orders", mark("Orders"): "", mark(""): "", "orders": "", mark("a/b"): "", "x" + mark("orders"): ""} {
		owner, marked := stack.StackOfMark(text)
		if owner != want || marked != strings.HasPrefix(text, stack.MarkPrefix) {
			t.Errorf("mark %q: %q, %t", text, owner, marked)
		}
		if got := stack.StackOfTags([]string{"x", text}); got != want && strings.HasPrefix(text, stack.MarkPrefix) {
			t.Errorf("tags with %q: %q, want %q", text, got, want)
		}
	}
}

// TestDerivedIDs are the same in every tenant, and differ by kind, name and value.
func TestDerivedIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for what, id := range map[string]string{
		"scope": stack.ScopeID("s.api", "read"), "role": stack.RoleID("s.api", "read"), "another value": stack.ScopeID("s.api", "write"), "another application": stack.ScopeID("s.web", "read"),
	} {
		if !stack.IsID(id) {
			t.Errorf("%s: %q is no id", what, id)
		}
		if other := seen[id]; other != "" {
			t.Errorf("%s and %s have one id", what, other)
		}
		seen[id] = what
	}
	if got, want := stack.ScopeID("s.api", "read"), "e37008d5-0c8e-50e4-b219-8e841f54cbbe"; got != want {
		t.Errorf("the id of a scope is %s, want %s as always", got, want)
	}
	for text, want := range map[string]bool{"11111111-1111-4111-8111-111111111111": true, "AAAAAAAA-1111-4111-8111-111111111111": true, "": false, "11111111111141118111111111111111": false,
		"{11111111-1111-4111-8111-111111111111}": false, "urn:uuid:11111111-1111-4111-8111-111111111111": false} {
		if got := stack.IsID(text); got != want {
			t.Errorf("%q is an id: %t", text, got)
		}
	}
}
