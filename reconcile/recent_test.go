package reconcile_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"provision/adopt"
	"provision/emulator/emulatortest"
	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// TestASecondApplyWithinTheLagWritesNothing: objects that the tenant does not show yet are not
// created twice, and a new secret is not replaced.
func TestASecondApplyWithinTheLagWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, emulatortest.WithReplicationLag(4*time.Second))
	w.patience, w.lag = 5*time.Minute, 2*time.Minute
	stacks := everyKind(w.tenant.Domain)
	if _, err := w.apply(stacks, plan.Options{}); err != nil {
		t.Fatal(err)
	}
	first, _, err := w.keep.Secret(t.Context(), "s.client", "key", w.placed(stacks)[0].Applications[1].Secrets[0].Sink)
	if err != nil {
		t.Fatal(err)
	}
	p := w.plan(stacks, plan.Options{})
	if len(p.Steps) > 0 || !strings.Contains(strings.Join(p.Notes, "\n"), "not visible in the tenant yet") {
		t.Errorf("within the lag a plan has %v and the notes %q, want no step and a note", p.Steps, p.Notes)
	}
	if done, err := w.apply(stacks, plan.Options{}); err != nil || done.Writes > 0 {
		t.Errorf("a second apply writes %d times, %v", done.Writes, err)
	}
	second, _, err := w.keep.Secret(t.Context(), "s.client", "key", w.placed(stacks)[0].Applications[1].Secrets[0].Sink)
	if err != nil || second.KeyID != first.KeyID {
		t.Errorf("the secret is %s, %v; want still %s", second.KeyID, err, first.KeyID)
	}
	if _, err := w.apply(nil, plan.Options{Destroy: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if p := w.plan(nil, plan.Options{Destroy: []string{"s"}, KeepDeleted: true}); len(p.Steps) > 0 {
		t.Errorf("within the lag a second destroy has %v", p.Steps)
	}
}

// TestObjectRemovedByOthersWithinLagIsRemovedOnce: this machine treats its recent relations as
// existing, and can remove each although the tenant does not show it.
func TestObjectRemovedByOthersWithinLagIsRemovedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.patience, w.lag = time.Minute, time.Minute
	stacks := func(related bool) []*stack.Stack {
		api := &stack.Application{Name: "api", DisplayName: "A", AppRoles: []stack.AppRole{{Value: "R", DisplayName: "R", AllowedMemberTypes: []string{"User", "Application"}}},
			API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}}}}
		client := &stack.Application{Name: "client", DisplayName: "C"}
		if related {
			client.Permissions = []stack.Permission{{Resource: "api", Scopes: []string{"read"}, Roles: []string{"R"}, AdminConsent: true}}
			client.FederatedCredentials = []stack.FederatedCredential{{Name: "ci", Issuer: "https://issuer.example", Subject: "main"}}
		}
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{api, client}}}
	}
	w.must(stacks(true), plan.Options{})
	removed := 0
	for k, o := range w.state(stacks(true)).Objects {
		var err error
		switch k.Kind {
		case plan.Assignment:
			err = w.write(graph.RemoveAssignment(o.ResourceID, o.ID))
		case plan.Grant:
			err = w.write(graph.RevokeGrant(o.ID))
		case plan.Federated:
			err = w.write(graph.RemoveFederatedCredential(o.ResourceID, o.ID))
		default:
			continue
		}
		if removed++; err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	if removed != 3 {
		t.Fatalf("%d relations were removed, want 3", removed)
	}
	w.must(stacks(false), plan.Options{})
}

// TestRecentWritesOfAWrongClock: writes count as recent for the time of the lag only, even if the
// clock was ahead when they were made.
func TestRecentWritesOfAWrongClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lag = 5 * time.Minute
	stacks := []*stack.Stack{{Name: "s", Groups: []*stack.Group{{Name: "g", DisplayName: "G"}}}}
	for name, c := range map[string]struct {
		ahead   time.Duration
		pending bool
	}{"a correct clock": {0, true}, "a minute ahead": {time.Minute, true}, "a day ahead": {24 * time.Hour, false}, "a day behind": {-24 * time.Hour, false}} {
		applier := w.applier()
		applier.Now = func() time.Time { return time.Now().Add(c.ahead) }
		p := w.plan(stacks, plan.Options{})
		if _, err := applier.Apply(t.Context(), p, w.state(stacks)); err != nil {
			t.Fatal(err)
		}
		group := w.state(stacks).Lookup(plan.Key{Kind: plan.Group, Name: stacks[0].GroupUniqueName("g")}, plan.ID)
		if err := w.write(graph.DeleteGroup(group)); err != nil { // by somebody else
			t.Fatal(err)
		}
		p = w.plan(stacks, plan.Options{})
		if created := slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Action == plan.Create }); created == c.pending {
			t.Errorf("%s: the plan has %v, want the group pending: %t", name, p.Steps, c.pending)
		}
		w.keep.Dir = t.TempDir() // another machine
	}
}

// TestRecentWritesThatLaterOnesUndo: a plan after several changes of one object shows the last one,
// and a write that the tenant shows, or will never show, does not count as invisible.
func TestRecentWritesThatLaterOnesUndo(t *testing.T) {
	t.Parallel()
	named := func(name string) []*stack.Stack {
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: name}}}}
	}
	for name, c := range map[string]struct {
		do     func(w *world)
		stacks []*stack.Stack
		o      plan.Options
	}{
		"a change and back": {func(w *world) {
			for _, name := range []string{"A", "B", "A"} {
				w.must(named(name), plan.Options{})
			}
		}, named("A"), plan.Options{}},
		"a deletion": {func(w *world) {
			w.must(keptIn(stack.Sink{}), plan.Options{})
			w.must(nil, plan.Options{Destroy: []string{"s"}})
		}, nil, plan.Options{Destroy: []string{"s"}}},
		"a rotation that revokes at once": {func(w *world) {
			w.must(keptIn(stack.Sink{}), plan.Options{})
			w.know()
			if _, err := w.rotate(stack.Sink{}, 0); err != nil {
				w.t.Fatal(err)
			}
		}, keptIn(stack.Sink{}), plan.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.lag = time.Minute
			c.do(w)
			if p := w.plan(c.stacks, c.o); len(p.Steps) > 0 || strings.Contains(strings.Join(p.Notes, "\n"), "not visible") {
				t.Errorf("the plan has %v and the notes %q, want neither a step nor a write that is not visible", p.Steps, p.Notes)
			}
		})
	}
}

// TestRotatedSecretIsNotCreatedAgain: the tenant does not show the new secret yet.
func TestRotatedSecretIsNotCreatedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := keptIn(stack.Sink{})
	w.must(stacks, plan.Options{})
	w.know()
	w.lag = time.Minute
	w.tenant.SetReplicationLag(time.Minute)
	for _, grace := range []time.Duration{time.Hour, 0} {
		r := reconcile.Rotation{Tenant: w.tenant.TenantID, Stack: "s", Application: w.applicationID, UniqueName: "s.a", Secret: stack.Secret{Name: "key"},
			Grace: grace, Prove: func(context.Context, string, string) error { return nil }}
		if _, err := w.applier().Rotate(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		p := w.plan(stacks, plan.Options{})
		if len(p.Steps) > 0 {
			t.Errorf("grace %s: the plan has %v, want no step", grace, p.Steps)
		}
	}
}

// TestLostSecretIsReplacedWithinTheLag: a secret whose value was lost is replaced, also twice.
func TestLostSecretIsReplacedWithinTheLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lag = time.Minute
	where := stack.Sink{File: "kept"}
	stacks := keptIn(where)
	w.must(stacks, plan.Options{})
	for n := range 2 {
		if err := os.Remove(w.place(where).File); err != nil {
			t.Fatal(err)
		}
		p := w.plan(stacks, plan.Options{})
		if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.Secret && s.Action == plan.Replace }) {
			t.Fatalf("loss %d: the plan has %v, want another secret", n+1, p.Steps)
		}
		w.must(stacks, plan.Options{})
	}
}

// TestKilledDeletionLeavesNoRecentWrites: the records of deleted objects are removed before the first
// deletion, so a killed command does not leave them.
func TestKilledDeletionLeavesNoRecentWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lag = time.Minute
	stacks := keptIn(stack.Sink{})
	w.must(stacks, plan.Options{})
	destroy := plan.Options{Destroy: []string{"s"}}
	state, err := w.reader().Read(t.Context(), nil, destroy.Destroy)
	if err != nil {
		t.Fatal(err)
	}
	p := w.plan(nil, destroy)
	a := w.applier()
	a.Progress = func(int, int, plan.Step) { // before the first step: a killed process saves nothing later
		raw, err := os.ReadFile(filepath.Join(w.keep.Dir, "recent.json"))
		if err != nil || strings.Contains(string(raw), `"s.a"`) {
			t.Errorf("recent.json contains %s, %v; want no write of the deleted application", raw, err)
		}
	}
	if _, err := a.Apply(t.Context(), p, state); err != nil {
		t.Fatal(err)
	}
}

// TestReleaseWithinTheLag: objects whose marks were removed a moment ago are not the stack's,
// whether or not the tenant already shows the removal, and can be adopted again.
func TestReleaseWithinTheLag(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{true, false} {
		w := newWorld(t)
		w.lag = time.Minute
		upn := "ada@" + w.tenant.Domain
		stacks := []*stack.Stack{{Name: "s", Applications: keptIn(stack.Sink{})[0].Applications, Users: []*stack.User{{Name: "ada", UserPrincipalName: upn, DisplayName: "Ada"}}}}
		w.must(stacks, plan.Options{})
		if !shown {
			w.tenant.SetReplicationLag(time.Minute)
		}
		state := w.state(stacks)
		released := adopt.Marked(state, map[string]bool{"s": true})
		if _, err := released.Release(t.Context(), w.graph); err != nil {
			t.Fatal(err)
		}
		objects := slices.Concat(released.Applications, released.Users)
		if len(objects) != 2 {
			t.Fatalf("released %v, want the application and the user", objects)
		}
		if err := w.keep.RecordRelease(state.Tenant.ID, objects, time.Now(), w.lag); err != nil {
			t.Fatal(err)
		}
		if p := w.plan(nil, plan.Options{Destroy: []string{"s"}}); len(p.Steps) > 0 {
			t.Errorf("shown %t: destroy has %v, want no step", shown, p.Steps)
		}
		if !shown {
			continue
		}
		app := *stacks[0].Applications[0]
		app.Adopt = state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.AppID)
		p := w.plan([]*stack.Stack{{Name: "s", Applications: []*stack.Application{&app}}}, plan.Options{})
		if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Action == plan.Adopt }) {
			t.Errorf("the plan has %v, want the adoption of the application", p.Steps)
		}
	}
}
