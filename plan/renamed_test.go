package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// TestRenamedFromNothing: a plan refuses a renamedFrom that names no object of the tenant while the stack
// deletes one of the same kind, and suggests the first name of that object.
func TestRenamedFromNothing(t *testing.T) {
	t.Parallel()
	renamed := func(from string) *stack.Stack {
		return &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "scribe", Protection: stack.Protection{RenamedFrom: from, RenamedFromPos: stack.Position{File: "s.yaml", Line: 7}}}}}
	}
	group := &stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "crew", Protection: stack.Protection{RenamedFrom: "teem"}}}}
	team := &Live{Object: Object{Key: Key{Group, stack.GroupUniqueName("s", "team")}, Stack: "s"}, ID: "g"}
	bin := has(registered("writer", nil)...)
	bin.Deleted = []*Live{{Object: Object{Key: Key{Application, "gone"}, Stack: "s", Properties: obj{"uniqueName": "s.author"}}, ID: "gone"}}
	for name, c := range map[string]struct {
		stack *stack.Stack
		state *State
		hint  string // "" if the plan is not refused
	}{
		"the first name":               {renamed("writer"), has(registered("writer", nil)...), ""},
		"the last name":                {renamed("author"), has(registered("writer", nil)...), "renamedFrom: writer"},
		"a misspelt name":              {renamed("wroter"), has(append(registered("writer", nil), registered("other", nil)...)...), "renamedFrom: writer"},
		"one of several":               {renamed("x"), has(append(registered("writer", nil), registered("other", nil)...)...), "renamedFrom: other or writer"},
		"a new tenant":                 {renamed("writer"), has(), ""},
		"a deletion of another kind":   {renamed("writer"), has(team), ""},
		"an object in the recycle bin": {renamed("author"), bin, ""},
		"a group with a misspelt name": {group, has(team), "renamedFrom: team"},
		"an object of another stack":   {renamed("author"), has(&Live{Object: Object{Key: Key{Application, "t.writer"}, Stack: "t"}, ID: "t"}), ""},
	} {
		_, err := Diff([]*stack.Stack{c.stack}, c.state, Options{AllowForeignOwners: true, KeepDeleted: true})
		var mistakes stack.Mistakes
		if !errors.As(err, &mistakes) {
			if err != nil || c.hint != "" {
				t.Errorf("%s: error %v, want the hint %q", name, err, c.hint)
			}
			continue
		}
		if c.hint == "" || len(mistakes) != 1 || !strings.Contains(mistakes[0].Hint, ": "+c.hint+"; ") || c.stack.Groups == nil && mistakes[0].Pos.Line != 7 {
			t.Errorf("%s: %+v, want the hint %q", name, mistakes, c.hint)
		}
	}
}

// TestNoteOfARename: a plan that deletes an application and creates one with its display name says how to rename it.
func TestNoteOfARename(t *testing.T) {
	t.Parallel()
	live := func(stackName, display string) *State {
		return has(&Live{Object: Object{Key: Key{Application, stackName + ".job"}, Stack: stackName, Properties: obj{"displayName": display}}, ID: "1"})
	}
	for name, c := range map[string]struct {
		state *State
		kept  bool // the stack declares the live application, too
		noted bool
	}{
		"the same display name":           {state: live("s", "Job"), noted: true},
		"another display name":            {state: live("s", "Other")},
		"an application of another stack": {state: live("t", "Job")},
		"both are declared":               {state: live("s", "Job"), kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "batch", DisplayName: "Job"}}}
			if c.kept {
				s.Applications = append(s.Applications, &stack.Application{Name: "job", DisplayName: "Job"})
			}
			p, err := Diff([]*stack.Stack{s}, c.state, Options{})
			if err != nil {
				t.Fatal(err)
			}
			const note = "application s.job is deleted, and s.batch is created with the same display name: to rename it, and to keep its appId and secrets, write metadata: {name: batch, renamedFrom: job}"
			if slices.Contains(p.Notes, note) != c.noted {
				t.Errorf("notes: %q", p.Notes)
			}
		})
	}
}
