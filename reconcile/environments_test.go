package reconcile_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

// TestEnvironmentsSideBySide: many environments of one stack are applied at the same time and
// collected at the same time. None changes another, and afterwards the directory is as before.
func TestEnvironmentsSideBySide(t *testing.T) {
	t.Parallel()
	environments := 40
	if testing.Short() {
		environments = 8
	}
	w := newWorld(t)
	w.patience = time.Minute // they wait for each other
	w.must(load(t, "../manifests/vscode-fastapi"), plan.Options{})
	before := w.dump()

	expires := time.Now().Add(time.Hour)
	environment := func(i int) []*stack.Stack {
		stacks, err := stack.Load("../manifests/vscode-fastapi", stack.Stage{Suffix: fmt.Sprintf("pr-%d", i), Expires: expires})
		if err != nil {
			t.Error(err)
		}
		return stacks
	}
	each := func(do func(i int) error) {
		t.Helper()
		var all sync.WaitGroup
		turn := make(chan struct{}, 8)
		for i := range environments {
			all.Go(func() {
				turn <- struct{}{}
				defer func() { <-turn }()
				if err := do(i); err != nil {
					t.Errorf("environment %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	own := make([]world, environments) // each is applied on a machine of its own
	for i := range own {
		own[i] = *w
		own[i].keep.Dir = t.TempDir()
	}
	each(func(i int) error { _, err := own[i].apply(environment(i), plan.Options{}); return err })
	if got := strings.Count(w.dump(), `"uniqueName": "vscode-fastapi-pr-`); got < environments {
		t.Errorf("%d objects of %d environments are in the directory", got, environments)
	}
	for _, i := range []int{0, environments / 2, environments - 1} {
		own[i].settled(environment(i), plan.Options{})
	}
	each(func(i int) error {
		_, err := own[i].apply(nil, plan.Options{Destroy: []string{fmt.Sprintf("vscode-fastapi-pr-%d", i)}})
		return err
	})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("after all environments are deleted the directory differs (-before +after):\n%s", diff)
	}
}
