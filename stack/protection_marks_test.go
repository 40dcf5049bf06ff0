package stack

import (
	"slices"
	"testing"
)

// TestMarkOfProtection: an application that its document or its stack protects has the mark,
// unless it is part of an environment. The mark is removed together with the protection.
func TestMarkOfProtection(t *testing.T) {
	t.Parallel()
	protect := Protection{Prevent: []string{"delete"}}
	for name, c := range map[string]struct {
		stack       Stack
		application Application
		want        bool
	}{
		"nothing":                        {Stack{Name: "s"}, Application{}, false},
		"the document":                   {Stack{Name: "s"}, Application{Protection: protect}, true},
		"the stack":                      {Stack{Name: "s", Protection: protect}, Application{}, true},
		"the document of an environment": {Stack{Name: "s-pr-1", Environment: "pr-1"}, Application{Protection: protect}, false},
	} {
		if got := slices.Contains(c.stack.MarksOf(&c.application), PreventDeleteMark); got != c.want {
			t.Errorf("%s: marked: %t", name, got)
		}
	}
	live := []any{"mine", Mark("s"), PreventDeleteMark}
	if got := MergedTags(live, []any{Mark("s")}); !slices.Equal(got, []any{"mine", Mark("s")}) {
		t.Errorf("without protection: %v", got)
	}
	if got := MergedTags(live, []any{Mark("s"), PreventDeleteMark}); !slices.Equal(got, live) {
		t.Errorf("with protection: %v", got)
	}
}

// TestMarksOfProtectedDocuments: every application of a stack has the marks of the stack's
// protected users, groups and Terraform documents. An environment has none, a stack without
// applications cannot have any, and both are reported.
func TestMarksOfProtectedDocuments(t *testing.T) {
	t.Parallel()
	protect := Protection{Prevent: []string{"delete"}}
	own := []*Application{{Name: "api"}}
	for name, c := range map[string]struct {
		stack    Stack
		want     []string
		unmarked bool
	}{
		"a user":                       {Stack{Applications: own, Users: []*User{{UserPrincipalName: "Ada@${tenant.domain}", Protection: protect}}}, []string{PreventUserMark("ada@contoso.com")}, false},
		"a user who exists":            {Stack{Applications: own, Users: []*User{{UserPrincipalName: "ada@contoso.com", Protection: protect, Existing: true}}}, nil, false},
		"a group":                      {Stack{Applications: own, Groups: []*Group{{Name: "operators", Protection: protect}}}, []string{PreventGroupMark("provision.s.operators")}, false},
		"a Terraform document":         {Stack{Applications: own, Terraforms: []*Terraform{{Name: "hosting", Protection: protect}}}, []string{PreventTerraformMark("hosting")}, false},
		"the stack":                    {Stack{Applications: own, Groups: []*Group{{Name: "operators"}}, Protection: protect}, []string{PreventDeleteMark, PreventStackMark}, false},
		"a group without applications": {Stack{Groups: []*Group{{Name: "operators", Protection: protect}}}, []string{PreventGroupMark("provision.s.operators")}, true},
		"a group of an environment":    {Stack{Applications: own, Environment: "pr-1", Groups: []*Group{{Name: "operators", Protection: protect}}}, nil, true},
	} {
		c.stack.Name = "s"
		marks := slices.DeleteFunc(c.stack.MarksOf(&Application{Name: "api"}), func(m string) bool { return !IsPreventMark(m) })
		if !slices.Equal(marks, c.want) || c.stack.ProtectionUnmarked() != c.unmarked {
			t.Errorf("%s: marks %q, unmarked %t", name, marks, c.stack.ProtectionUnmarked())
		}
	}
	live := []any{"mine", PreventGroupMark("provision.s.operators"), PreventStackMark}
	if got := MergedTags(live, nil); !slices.Equal(got, []any{"mine"}) {
		t.Errorf("without protection: %v", got)
	}
}
