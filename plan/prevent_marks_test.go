package plan

import (
	"testing"

	"provision/stack"
)

// A deletion without manifests knows which documents are protected, by the tags of the stack's
// applications.
func TestPreventedByMarks(t *testing.T) {
	t.Parallel()
	app := Key{Application, "s.api"}
	group := Key{Group, stack.GroupNamePrefix + "s.operators"}
	tagged := func(marks ...any) *State {
		return has(&Live{Object: Object{Key: app, Stack: "s", Properties: map[string]any{"tags": marks}}})
	}
	for name, c := range map[string]struct {
		state *State
		step  Step
		want  bool
	}{
		"a marked application":      {tagged(stack.PreventDeleteMark), Step{Key: app, Stack: "s"}, true},
		"an application":            {tagged(), Step{Key: app, Stack: "s"}, false},
		"a marked user":             {tagged(stack.PreventUserMark("ada@contoso.example")), Step{Key: Key{User, "ada@contoso.example"}, Stack: "s"}, true},
		"another user":              {tagged(stack.PreventUserMark("ada@contoso.example")), Step{Key: Key{User, "bo@contoso.example"}, Stack: "s"}, false},
		"a user of another stack":   {tagged(stack.PreventUserMark("ada@contoso.example")), Step{Key: Key{User, "ada@contoso.example"}, Stack: "t"}, false},
		"a marked group":            {tagged(stack.PreventGroupMark(group.Name)), Step{Key: group, Stack: "s"}, true},
		"a marked document":         {tagged(stack.PreventTerraformMark("web")), Step{Key: TerraformKey("s", "web"), Stack: "s"}, true},
		"a group of a marked stack": {tagged(stack.PreventStackMark), Step{Key: group, Stack: "s"}, true},
	} {
		if got := PreventedByMarks(c.state)(c.step); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !HasPreventMark(tagged(stack.PreventStackMark), "s") || HasPreventMark(tagged(stack.PreventStackMark), "t") || HasPreventMark(tagged("env:x"), "s") {
		t.Error("HasPreventMark does not follow the tags of the stack's applications")
	}
}
