package policy

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"provision/stack"
)

// TestReadyMadeStacks: the ready-made stacks violate no rule. Every exception belongs to an
// application that needs it, so that all rules apply to the applications that a user adds.
func TestReadyMadeStacks(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../manifests/*/stack.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, file := range folders {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Dir(file))); err != nil {
			t.Fatal(err)
		}
		added := "apiVersion: provision/v1\nkind: Application\nmetadata: {name: added}\nspec:\n  displayName: Added\n  isFallbackPublicClient: false\n  secrets: [{name: main}]\n"
		if err := os.WriteFile(filepath.Join(dir, "added.yaml"), []byte(added), 0o600); err != nil {
			t.Fatal(err)
		}
		stacks, err := stack.Load(dir, stack.Stage{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := Check(stacks, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		used := map[[2]string]bool{} // application and rule
		for _, v := range all {
			switch {
			case v.Application == "added" && v.Excepted != "":
				t.Errorf("%s: an exception from %s holds for an application that the user adds", file, v.Rule)
			case v.Application != "added" && v.Excepted == "":
				t.Errorf("%s: %s %s: %s", v.Position, v.Rule, v.Subject(), v.Message)
			}
			used[[2]string{v.Application, v.Rule}] = true
		}
		for _, rule := range []string{"no-owner", "secret-instead-of-certificate"} {
			if !used[[2]string{"added", rule}] {
				t.Errorf("%s: an application that the user adds does not violate %s", file, rule)
			}
		}
		for _, a := range stacks[0].Applications {
			for _, e := range a.Exceptions {
				if !used[[2]string{a.Name, e.Rule}] {
					t.Errorf("%s: application %s: nothing violates %s", e.Pos, a.Name, e.Rule)
				}
			}
		}
	}
}
