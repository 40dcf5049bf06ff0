package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"provision/emulator/emulatortest"
	"provision/graph"
	"provision/plan"
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

// TestRecentWritesOfAWrongClock: writes count as recent for the time of the lag only, also if the
// clock was ahead when they were made.
func TestRecentWritesOfAWrongClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lag = 5 * time.Minute
	stacks := []*stack.Stack{{Name: "s", Groups: []*stack.Group{{Name: "g", DisplayName: "G"}}}}
	for name, c := range map[string]struct {
		ahead   time.Duration
		pending bool
	}{"a right clock": {0, true}, "a minute ahead": {time.Minute, true}, "a day ahead": {24 * time.Hour, false}, "a day behind": {-24 * time.Hour, false}} {
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
