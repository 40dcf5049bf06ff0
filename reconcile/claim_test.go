package reconcile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// keeps is a stack whose application has a secret in a sink.
func keeps(name, application string, where stack.Sink) *stack.Stack {
	return &stack.Stack{Name: name, Applications: []*stack.Application{{Name: application, DisplayName: "A", Secrets: []stack.Secret{{Name: "key", Sink: where}}}}}
}

// TestOwnerOfASinkIsNamed: a command neither replaces nor removes the value of a secret that
// another target or another stack wrote to the sink, and removes no value of a secret that has replaced the old one.
func TestOwnerOfASinkIsNamed(t *testing.T) {
	t.Parallel()
	for kind, where := range map[string]stack.Sink{
		"dotenv": {Env: &stack.EnvSink{File: "app.env", Key: "SECRET"}},
		"a file": {File: "kept.json"},
		"GitHub": {GitHub: &stack.GitHubSink{Repository: "contoso/orders", Environment: "production", Name: "SECRET"}},
	} {
		bare := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A"}}}
		moved := &stack.Stack{Name: "s", Applications: []*stack.Application{bare.Applications[0], keeps("s", "b", where).Applications[0]}}
		for name, c := range map[string]struct {
			target  string         // the target of then; "" for the same one
			then    []*stack.Stack // writes another secret to the sink
			refused *sink.Holder   // the owner of the value that then may not replace
			after   []*stack.Stack // of the first target
			destroy []string       // by the first target
			stays   *sink.Holder   // the owner of the value that the first target does not remove
		}{
			"destroy for another target": {target: "staging", then: []*stack.Stack{keeps("s", "a", where)}, refused: &sink.Holder{Target: "local", Stack: "s"},
				destroy: []string{"s"}, stays: &sink.Holder{Target: "staging", Stack: "s"}},
			"another environment": {then: []*stack.Stack{keeps("s-pr-7", "a", where)}, refused: &sink.Holder{Stack: "s"},
				destroy: []string{"s"}, stays: &sink.Holder{Stack: "s-pr-7"}},
			"the application has another name": {then: []*stack.Stack{keeps("s", "b", where)}},
			"another application of the stack": {then: []*stack.Stack{moved}, after: []*stack.Stack{keeps("s", "b", where)}},
			"another declared stack":           {then: []*stack.Stack{bare, keeps("t", "a", where)}, after: []*stack.Stack{keeps("t", "a", where)}, destroy: []string{"s"}, stays: &sink.Holder{Stack: "t"}},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				first := newWorld(t)
				hub := newServices(first).hub
				root := t.TempDir()
				first.keep.Sinks.Project, first.keep.Dir = root, filepath.Join(root, ".provision", "local")
				text := func() string {
					if where.GitHub != nil {
						text, _ := hub.Secret("production", "SECRET")
						return text
					}
					raw, err := os.ReadFile(filepath.Join(root, where.Path()))
					if err != nil {
						t.Error(err)
					}
					return string(raw)
				}
				first.must([]*stack.Stack{keeps("s", "a", where)}, plan.Options{})
				old, second := text(), first
				if c.target != "" {
					second = newWorld(t)
					second.keep.Sinks, second.keep.Dir = first.keep.Sinks, filepath.Join(root, ".provision", c.target)
				}
				if c.refused != nil {
					before := second.dump()
					holder(t, func() error { _, err := second.apply(c.then, plan.Options{}); return err }(), *c.refused)
					if diff := cmp.Diff(before, second.dump()); diff != "" || text() != old {
						t.Errorf("the refused apply changed something (-before +after):\n%s", diff)
					}
					second.keep.Overwrite = true
				}
				second.must(c.then, plan.Options{})
				now := text()
				if now == old {
					t.Fatal("the sink still has the first value")
				}
				var stays []error
				if c.after != nil {
					stays = first.must(c.after, plan.Options{}).Stays
				}
				if c.destroy != nil {
					stays = first.must(nil, plan.Options{Destroy: c.destroy}).Stays
				}
				switch {
				case c.stays == nil && len(stays) > 0:
					t.Errorf("what stays is %v, want nothing", stays)
				case c.stays != nil && len(stays) != 1:
					t.Errorf("what stays is %v, want one value", stays)
				case c.stays != nil:
					holder(t, stays[0], *c.stays)
				}
				if text() != now {
					t.Error("the value of the other secret is gone")
				}
				if c.after == nil {
					second.settled(c.then, plan.Options{})
				}
			})
		}
	}
}

// holder checks that an error is a refusal because of the owner of a value.
func holder(t *testing.T, err error, want sink.Holder) {
	t.Helper()
	var refused *sink.Refused
	if !errors.As(err, &refused) || refused.Holder == nil || *refused.Holder != want || refused.Flag != "--overwrite" {
		t.Errorf("%v, want a refusal that names %+v", err, want)
	}
}
