package policy

import (
	"path/filepath"
	"testing"
	"time"

	"provision/stack"
)

// TestReadyMadeStacks: a new user begins without violations. Every exception is needed, so that
// none hides what comes later.
func TestReadyMadeStacks(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../manifests/*/stack.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, file := range folders {
		stacks, err := stack.Load(filepath.Dir(file), stack.Stage{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := Check(stacks, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		used := map[string]bool{}
		for _, v := range all {
			if v.Excepted == "" {
				t.Errorf("%s: %s %s: %s", v.Position, v.Rule, v.Subject(), v.Message)
			}
			used[v.Rule] = true
		}
		for _, a := range stacks[0].Applications {
			for _, e := range a.Exceptions {
				if !used[e.Rule] {
					t.Errorf("%s: nothing violates %s", e.Pos, e.Rule)
				}
			}
		}
	}
}
