package plan_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"

	"provision/plan"
	"provision/stack"
)

// TestTextGrowsWithThePlan renders plans of n and of 16n applications; the time
// must grow with the number, and not with its square. The fastest of many attempts
// counts, so that other work on the machine does not.
func TestTextGrowsWithThePlan(t *testing.T) {
	few, many := planOf(t, 100), planOf(t, 1600)
	fastest := func(p *plan.Plan, best time.Duration) time.Duration {
		began := time.Now()
		if err := p.Text(io.Discard, false, true); err != nil {
			t.Fatal(err)
		}
		return min(best, time.Since(began))
	}
	bestOfFew, bestOfMany := time.Hour, time.Hour
	var ratio float64
	for range 50 {
		bestOfFew, bestOfMany = fastest(few, bestOfFew), fastest(many, bestOfMany)
		if ratio = float64(bestOfMany) / float64(bestOfFew); ratio < 80 {
			return
		}
	}
	t.Errorf("16 times as many applications took %.0f times as long", ratio)
}

// planOf returns a plan that changes n applications.
func planOf(t *testing.T, n int) *plan.Plan {
	t.Helper()
	s := &stack.Stack{Name: "many"}
	var objects []*plan.Live
	for i := range n {
		name := fmt.Sprintf("app-%d", i)
		live := app("many."+name, map[string]any{"displayName": name})
		live.AppID = uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
		objects = append(objects, live)
		s.Applications = append(s.Applications, &stack.Application{Name: name, DisplayName: name, IdentifierURIs: []string{"api://${appId}"}})
	}
	p, err := plan.Diff([]*stack.Stack{s}, tenant(objects...), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReferenceToAnyName: no name ends the placeholder that contains it.
func TestReferenceToAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"s.api", "ada@x.example", "a/b", "a}b", "${application/s.api/appId}", "%2F", "ä\x00"} {
		k := plan.Key{Kind: plan.Application, Name: name}
		u := plan.Reference(k, plan.AppID)
		if keys := u.Keys(); len(keys) != 1 || keys[0] != k {
			t.Errorf("%q is referred to as %v", name, keys)
		}
		got := u.Resolve(func(asked plan.Key, property string) string {
			if asked == k && property == plan.AppID {
				return "found"
			}
			return ""
		})
		if got != "found" {
			t.Errorf("%q resolves to %v", name, got)
		}
	}
}

// TestSummary counts objects, not steps, each by its action.
func TestSummary(t *testing.T) {
	t.Parallel()
	app := func(name string) *stack.Application { return &stack.Application{Name: name, DisplayName: name} }
	before := []*stack.Stack{{Name: "s", Applications: []*stack.Application{app("a"), app("b"), app("c")}}}
	state := tenant()
	first, err := plan.Diff(before, state, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	state = state.After(first.Steps, chosen)
	changed := app("a")
	changed.DisplayName = "other"
	p, err := plan.Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{changed, app("d")}}}, state, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Summary(), "plan: 2 to create, 1 to change, 2 to delete"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	gone, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := gone.Summary(), "plan: 0 to create, 0 to change, 3 to delete"; got != want {
		t.Errorf("destroy: %q, want %q", got, want)
	}
}
