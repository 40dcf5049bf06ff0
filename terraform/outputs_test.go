package terraform_test

import (
	"os"
	"path/filepath"
	"testing"

	"provision/terraform"
)

// TestModuleOfOutputs: a module without resources is applied and recorded, and a changed output is a
// change.
func TestModuleOfOutputs(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	module := t.TempDir()
	if err := os.WriteFile(filepath.Join(module, "main.tf"), []byte("variable \"port\" { type = number }\noutput \"url\" { value = \"http://127.0.0.1:${var.port}\" }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := ""
	for _, port := range []float64{8001, 8002} {
		c := terraform.Configuration{Module: module, Variables: map[string]any{"port": port}}
		p, err := w.Plan(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.ChangedOutputs) != 1 || p.Exists != (before != "") {
			t.Errorf("the plan is %+v", p)
		}
		outputs, err := w.Apply(t.Context(), c, anything)
		if err != nil {
			t.Fatal(err)
		}
		if applied, _ := terraform.Applied(w.Dir); applied.Outputs["url"] == before || applied.Outputs["url"] != outputs["url"] {
			t.Errorf("recorded %v, outputs %v, before %q", applied.Outputs, outputs, before)
		}
		before, _ = outputs["url"].(string)
		if again, err := w.Plan(t.Context(), c); err != nil || len(again.ChangedOutputs) > 0 || !again.Exists {
			t.Errorf("a second plan is %+v, %v", again, err)
		}
	}
}
