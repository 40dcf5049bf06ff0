package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// TestInterruptedDestroyLeavesNoSecrets: the next destroy removes every secret and password,
// whatever objects the tenant still has.
func TestInterruptedDestroyLeavesNoSecrets(t *testing.T) {
	t.Parallel()
	destroy := plan.Options{Destroy: []string{"s"}}
	whole := newWorld(t)
	whole.must(crew(whole), plan.Options{})
	whole.wire.requests.Store(0)
	if _, err := whole.apply(nil, destroy); err != nil {
		t.Fatal(err)
	}
	for n := range int(whole.wire.requests.Load()) + 1 {
		for _, delivered := range []bool{false, true} {
			t.Run(fmt.Sprintf("request %d, carried out %t", n, delivered), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				stacks := crew(w)
				w.must(stacks, plan.Options{})
				w.wire.delivered = delivered
				w.wire.left.Store(int64(n))
				_, _ = w.apply(nil, destroy)
				w.wire.left.Store(1 << 30)
				w.must(nil, destroy)
				r := reconcile.Reader{Graph: w.graph, Keep: w.keep, Now: time.Now}
				state, err := r.Read(context.Background(), nil, destroy.Destroy)
				if err != nil {
					t.Fatal(err)
				}
				left, err := r.Left(context.Background(), destroy.Destroy, nil, stacks[0].Users, state)
				if err == nil {
					_, err = w.keep.Forget(context.Background(), left)
				}
				if err != nil {
					t.Fatal(err)
				}
				if files, err := os.ReadDir(filepath.Join(w.keep.Dir, "secrets")); len(files) != 0 {
					t.Errorf("%d secrets are kept, %v", len(files), err)
				}
				if passwords, err := w.keep.Passwords(); err != nil || len(passwords) != 0 {
					t.Errorf("%d passwords are kept, %v", len(passwords), err)
				}
			})
		}
	}
}

// TestValidSecretRecordsAreKept: secrets of existing applications and of other stacks are not
// removed.
func TestValidSecretRecordsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := crew(w)
	other := []*stack.Stack{{Name: "t", Applications: []*stack.Application{{Name: "b", DisplayName: "B", Secrets: []stack.Secret{{Name: "key"}}}}}}
	w.must(stacks, plan.Options{})
	w.must(other, plan.Options{})
	stacks[0].Applications[0].Secrets = nil // no policy removes it
	r := reconcile.Reader{Graph: w.graph, Keep: w.keep, Now: time.Now}
	state := w.state(stacks)
	left, err := r.Left(context.Background(), []string{"s"}, stacks, nil, state)
	if err != nil || !left.Empty() {
		t.Errorf("left %+v, %v; want nothing", left, err)
	}
	w.must(stacks, plan.Options{Prune: []string{"s"}})
	if _, ok, err := w.keep.Secret(context.Background(), "t.b", "key", stack.Sink{}); err != nil || !ok {
		t.Errorf("another stack's secret is gone: %v", err)
	}
}

// TestOldSecretIsRevokedAfterOutputsAreWritten, and is kept if they cannot be written.
func TestOldSecretIsRevokedAfterOutputsAreWritten(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world){
		"it is lost": func(w *world) { w.keep.Dir = t.TempDir() },
		"a rotation was cut short before it was revoked": func(w *world) {
			w.know()
			a := reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience}
			if _, err := a.Rotate(context.Background(), reconcile.Rotation{Application: w.applicationID, UniqueName: "s.a", Secret: stack.Secret{Name: "key"}, Prove: w.proves}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			stacks := keptIn(stack.Sink{})
			w.must(stacks, plan.Options{})
			old, _, err := w.keep.Secret(context.Background(), "s.a", "key", stack.Sink{})
			if err != nil {
				t.Fatal(err)
			}
			spoil(w)
			apply := func(outputs func(context.Context, *plan.State) error) error {
				t.Helper()
				state := w.state(stacks)
				p, err := plan.Diff(stacks, state, plan.Options{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience, Outputs: outputs}.Apply(context.Background(), p, state)
				return err
			}
			full := errors.New("no space left on device")
			if err := apply(func(context.Context, *plan.State) error { return full }); !errors.Is(err, full) {
				t.Fatalf("%v, want the outputs' error", err)
			}
			if err := w.signsIn(old.SecretText); err != nil {
				t.Errorf("the old one was revoked before the new one was written: %v", err)
			}
			asked := false
			err = apply(func(context.Context, *plan.State) error {
				asked = true
				if err := w.signsIn(old.SecretText); err != nil {
					t.Errorf("the old one was revoked while the outputs were written: %v", err)
				}
				now, _, err := w.keep.Secret(context.Background(), "s.a", "key", stack.Sink{})
				if err != nil {
					return err
				}
				return w.signsIn(now.SecretText)
			})
			if err != nil || !asked {
				t.Fatalf("outputs were written: %t, %v", asked, err)
			}
			if w.signsIn(old.SecretText) == nil {
				t.Error("the old one is good at the end")
			}
			w.settled(stacks, plan.Options{})
		})
	}
}
