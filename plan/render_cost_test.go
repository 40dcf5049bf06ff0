package plan

import (
	"strings"
	"testing"
)

// TestTextOfTerraformAlone: a plan that sends nothing to Graph does not count requests.
func TestTextOfTerraformAlone(t *testing.T) {
	t.Parallel()
	p := &Plan{Steps: []Step{{Action: Update, Key: TerraformKey("orders", "hosting")}}}
	var b strings.Builder
	if err := p.Text(&b, false, true); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "apply sends") || !strings.Contains(text, "1 to change") {
		t.Errorf("%s", text)
	}
}
