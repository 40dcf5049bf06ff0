package reconcile_test

import (
	"errors"
	"strings"
	"testing"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// TestReleasedGroups: a destroy neither deletes nor purges the group of a stack whose application
// was released.
func TestReleasedGroups(t *testing.T) {
	t.Parallel()
	for name, binned := range map[string]bool{"live": false, "in the recycle bin": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stacks := []*stack.Stack{{Name: "s", Groups: []*stack.Group{{Name: "g", DisplayName: "G"}},
				Applications: []*stack.Application{{Name: "a", DisplayName: "A"}}}}
			w.must(stacks, plan.Options{})
			state := w.state(stacks)
			group := state.Lookup(plan.Key{Kind: plan.Group, Name: stacks[0].GroupUniqueName("g")}, plan.ID)
			application := state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ID)
			if binned {
				if err := w.write(graph.DeleteGroup(group)); err != nil {
					t.Fatal(err)
				}
			}
			destroy := plan.Options{Destroy: []string{"s"}}
			if p := w.plan(nil, destroy); !deletes(p, plan.Group) {
				t.Fatalf("before the release the plan leaves the group: %v", p.Steps)
			}
			if err := w.write(graph.UpdateApplication(application, graph.Object{"tags": []any{}})); err != nil {
				t.Fatal(err)
			}
			if p := w.plan(nil, destroy); len(p.Steps) > 0 {
				t.Errorf("after the release the plan has %v, want nothing", p.Steps)
			}
		})
	}
}

func deletes(p *plan.Plan, kind plan.Kind) bool {
	for _, s := range p.Steps {
		if s.Kind == kind && (s.Action == plan.Delete || s.Action == plan.Purge) {
			return true
		}
	}
	return false
}

// TestReleasedGroupsOfAdoptedApplications: with its manifests, a destroy also recognizes a release
// by an application that the stack adopted and that never had a uniqueName of the stack.
func TestReleasedGroupsOfAdoptedApplications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, appID, err := w.upsertApplication("old-registration", graph.Object{"displayName": "A"})
	if err != nil {
		t.Fatal(err)
	}
	stacks := []*stack.Stack{{Name: "s", Groups: []*stack.Group{{Name: "g", DisplayName: "G"}},
		Applications: []*stack.Application{{Name: "a", DisplayName: "A", Adopt: appID}}}}
	w.must(stacks, plan.Options{})
	destroy := func() *plan.Plan {
		t.Helper()
		reader := w.reader()
		reader.Manifests = stacks
		state, err := reader.Read(t.Context(), nil, []string{"s"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := destroy(); !deletes(p, plan.Group) {
		t.Fatalf("before the release the plan leaves the group: %v", p.Steps)
	}
	if err := w.write(graph.UpdateApplication(id, graph.Object{"tags": []any{}})); err != nil {
		t.Fatal(err)
	}
	if p := destroy(); len(p.Steps) > 0 {
		t.Errorf("after the release the plan has %v, want nothing", p.Steps)
	}
}

// TestDeletedAdoptedApplication: the mistake about a registration that somebody deleted names it in the recycle bin.
func TestDeletedAdoptedApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, appID, err := w.upsertApplication("old-registration", graph.Object{"displayName": "A"})
	if err != nil {
		t.Fatal(err)
	}
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A", Adopt: appID}}}}
	w.must(stacks, plan.Options{})
	if err := w.write(graph.DeleteApplication(id)); err != nil {
		t.Fatal(err)
	}
	_, err = w.apply(stacks, plan.Options{})
	var mistakes stack.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 1 || !strings.Contains(mistakes[0].Hint, "restore deletedItems/"+id+" there") {
		t.Errorf("error %v (%+v), want a mistake that names the object in the recycle bin", err, mistakes)
	}
}
