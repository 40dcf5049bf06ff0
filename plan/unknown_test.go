package plan_test

import (
	"strings"
	"testing"

	"provision/plan"
	"provision/stack"
)

// TestTextOfUnknownValues: the text names the object and the property whose value is
// unknown.
func TestTextOfUnknownValues(t *testing.T) {
	t.Parallel()
	p, err := plan.Diff([]*stack.Stack{api("read")}, tenant(), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Text(&b, false, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "identifierUris[api://<appId of s.api>]") || strings.Contains(b.String(), "${") {
		t.Errorf("the plan says:\n%s", b.String())
	}
}
