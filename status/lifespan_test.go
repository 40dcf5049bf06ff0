package status

import (
	"testing"
	"time"

	"provision/plan"
)

// TestMarksTrusted: an application that somebody registers with the marks of a stack does
// not make its users and groups an environment.
func TestMarksTrusted(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(kind plan.Kind, name, stack string, created any) *plan.Live {
		return &plan.Live{Object: plan.Object{Key: plan.Key{Kind: kind, Name: name}, Stack: stack, Properties: map[string]any{"createdDateTime": created}}}
	}
	text := func(after time.Duration) string { return begin.Add(after).Format(time.RFC3339) }
	user, group := at(plan.User, "ada", "people", text(0)), at(plan.Group, "crew", "people", text(time.Second))
	for name, test := range map[string]struct {
		objects []*plan.Live
		want    bool
	}{
		"applications only":         {[]*plan.Live{at(plan.Application, "people.api", "people", text(0))}, true},
		"one apply":                 {[]*plan.Live{user, group, at(plan.Application, "people.api", "people", text(5*time.Minute))}, true},
		"a younger one beside":      {[]*plan.Live{user, at(plan.Application, "people.api", "people", text(0)), at(plan.Application, "people.web", "people", text(48*time.Hour))}, true},
		"registered later":          {[]*plan.Live{user, at(plan.Application, "people.api", "people", text(2*time.Hour))}, false},
		"registered later, a group": {[]*plan.Live{group, at(plan.Application, "people.api", "people", text(2*time.Hour))}, false},
		"of another stack":          {[]*plan.Live{at(plan.User, "bob", "others", text(-time.Hour)), at(plan.Application, "people.api", "people", text(0))}, true},
		"time not known":            {[]*plan.Live{at(plan.User, "ada", "people", nil), at(plan.Application, "people.api", "people", text(0))}, false},
	} {
		state := &plan.State{Objects: map[plan.Key]*plan.Live{}}
		for _, o := range test.objects {
			state.Objects[o.Key] = o
		}
		if got := MarksTrusted(state, "people"); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
