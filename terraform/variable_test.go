package terraform

import "testing"

func TestVariableAccepts(t *testing.T) {
	list, object := []any{"a"}, map[string]any{"a": "b"}
	for _, c := range []struct {
		kind  string
		value any
		want  bool
	}{
		{"number", 8000.0, true}, {"number", "8000", true}, {"number", "x", false}, {"number", true, false}, {"number", list, false},
		{"number", "${terraform.network.port}", true}, {"number", nil, true},
		{"number", "-1.5e3", true}, {"number", "1_000", false}, {"number", "NaN", false}, {"number", "inf", false}, {"number", "0x10", false},
		{"bool", "1", true}, {"bool", "0", true}, {"bool", "2", false},
		{"bool", true, true}, {"bool", "true", true}, {"bool", "yes", false}, {"bool", 1.0, false},
		{"bool", "1", true}, {"bool", "0", true}, {"bool", "2", false}, {"bool", "TRUE", false},
		{"number", "-1.5e3", true}, {"number", "1_000", false}, {"number", "NaN", false}, {"number", "inf", false}, {"number", "0x10", false}, {"number", "", false},
		{"bool", "${secrets.api.key}", false}, {"number", "${applications.api.appId}", false}, {"bool", "${terraform.network.public}", true},
		{"list(string)", "${terraform.network.names}", false}, {"map(string)", "${secrets.key}", false}, {"string", "${secrets.key}", true}, {"any", "${secrets.key}", true},
		{"string", "x", true}, {"string", 1.0, true}, {"string", true, true}, {"string", list, false}, {"string", object, false},
		{"list(string)", list, true}, {"list(string)", "a", false}, {"list(string)", object, false}, {"set(string)", list, true},
		{"map(string)", object, true}, {"map(string)", list, false}, {"map(string)", "a", false}, {"map(string)", true, false},
		{"object({ a = string })", object, true}, {"object({ a = string })", 1.0, false},
		{"any", list, true}, {"any", object, true}, {"any", true, true}, {"", "x", true}, {"", 1.0, true},
	} {
		if got := (Variable{Type: c.kind}).Accepts(c.value); got != c.want {
			t.Errorf("a variable of type %q accepts %v: %v, want %v", c.kind, c.value, got, c.want)
		}
	}
}
