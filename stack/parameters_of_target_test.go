package stack_test

import (
	"fmt"
	"testing"

	"provision/stack"
)

// TestParametersOfATarget: the parameters of provision.yaml, in order, with their positions.
func TestParametersOfATarget(t *testing.T) {
	t.Parallel()
	c, mistakes := stack.CheckConfig("c.yaml", []byte("targets:\n  local: {parameters: {url: http://127.0.0.1}}\n  a:\n    tenant: contoso.example\n    parameters:\n      url: https://a.example\n      lag: 5\n"), stack.ConfigSchema(nil))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for target, want := range map[string][]string{"a": {"lag = 5 at c.yaml:7:12", "url = https://a.example at c.yaml:6:12"}, "local": {"url = http://127.0.0.1 at c.yaml:2:29"}, "b": nil} {
		got := c.Parameters(target)
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", target, got, want)
		}
		for i, g := range got {
			if text := fmt.Sprintf("%s = %v at %s", g.Name, g.Value, g.Pos); text != want[i] {
				t.Errorf("%s: %s, want %s", target, text, want[i])
			}
		}
	}
}
