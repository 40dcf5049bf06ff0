package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

func (w *world) notes(stacks []*stack.Stack) string {
	w.t.Helper()
	return strings.Join(w.plan(stacks, plan.Options{}).Notes, "\n")
}

// TestPlanNotesEqualDisplayNames: the plan reports a new application with the
// display name of an unmanaged one.
func TestPlanNotesEqualDisplayNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	appID := createUnmanaged(w)
	if _, _, err := w.upsertApplication("billing.web", graph.Object{"displayName": "Billing", "tags": []any{stack.Mark("billing")}}); err != nil {
		t.Fatal(err)
	}
	s := &stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "them", DisplayName: "Their Group"}}}
	for i := range 20 { // more than one filter matches
		s.Applications = append(s.Applications, &stack.Application{Name: fmt.Sprintf("a-%d", i), DisplayName: fmt.Sprintf("It's %d", i)})
	}
	s.Applications = append(s.Applications, &stack.Application{Name: "theirs", DisplayName: "Their App"}, &stack.Application{Name: "billing", DisplayName: "Billing"})
	notes := w.notes([]*stack.Stack{s})
	for _, part := range []string{"application s.theirs will be created", "`existing: true` and `appId: " + appID + "`", "group provision.s.them will be created"} {
		if !strings.Contains(notes, part) {
			t.Errorf("notes %q do not say %q", notes, part)
		}
	}
	if n := strings.Count(notes, "will be created"); n != 2 {
		t.Errorf("%d notes, want two: %s", n, notes)
	}
	w.must([]*stack.Stack{s}, plan.Options{})
	if notes := w.notes([]*stack.Stack{s}); notes != "" {
		t.Errorf("after the apply: %s", notes)
	}
}

// TestPlanNotesChangedLifetimes, until a rotation has applied the new lifetime.
func TestPlanNotesChangedLifetimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := keptIn(stack.Sink{})
	stacks[0].Applications[0].Secrets[0].Lifetime = "90d"
	w.must(stacks, plan.Options{})
	if notes := w.notes(stacks); notes != "" {
		t.Errorf("unchanged: %s", notes)
	}
	for lifetime, said := range map[string]string{"60d": "60 days", "36h": "36h0m0s", "": "180 days"} {
		stacks[0].Applications[0].Secrets[0].Lifetime = lifetime
		if notes, want := w.notes(stacks), "secret s.a key was created with a lifetime of 90 days and the manifest states "+said; !strings.Contains(notes, want) {
			t.Errorf("with lifetime %q: %q, want %q", lifetime, notes, want)
		}
	}
	stacks[0].Applications[0].Secrets[0].Lifetime = ""
	w.know()
	if _, err := w.rotate(stack.Sink{}, 0); err != nil { // the default of 180 days
		t.Fatal(err)
	}
	if notes := w.notes(stacks); notes != "" {
		t.Errorf("after the rotation: %s", notes)
	}
}
