package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/reference-api/scenario"
	"provision/stack"
)

// TestSystemsAgree: the stacks that init writes, the scenarios of the bundled API and the
// scenarios that a manifest can name are the same.
func TestSystemsAgree(t *testing.T) {
	t.Parallel()
	var schema struct {
		Definitions map[string]struct {
			Properties struct {
				Spec struct {
					Properties map[string]struct{ Enum []string }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(stack.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	stated := map[string]bool{}
	for _, name := range schema.Definitions["Conformance"].Properties.Spec.Properties["scenario"].Enum {
		stated[name] = true
	}
	for what, names := range map[string][]string{"the stacks of init": readyMade(), "the scenarios of the bundled API": scenario.Names()} {
		have := map[string]bool{}
		for _, name := range names {
			have[name] = true
		}
		if diff := cmp.Diff(stated, have); diff != "" {
			t.Errorf("%s (-schema +these):\n%s", what, diff)
		}
	}
}
