package stack

import (
	"reflect"
	"strings"
	"testing"
)

// TestParameterValues: a value is parsed as the type of the parameter. Without a type, the
// default determines it.
func TestParameterValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		parameter parameter
		given     any
		want      any
		mistake   string
	}{
		{"text", parameter{}, "a", "a", ""},
		{"a number as text", parameter{}, 1.5, "1.5", ""},
		{"a large number as text", parameter{}, 1e6, "1000000", ""},
		{"a boolean as text", parameter{}, true, "true", ""},
		{"a list as text", parameter{}, []any{"a"}, nil, "the value is not a string"},
		{"a number", parameter{Type: "number"}, 2.0, 2.0, ""},
		{"the text of a number", parameter{Type: "number"}, "2", 2.0, ""},
		{"no number", parameter{Type: "number"}, "two", nil, `"two" is not a number`},
		{"a boolean for a number", parameter{Type: "number"}, true, nil, "the value is not a number"},
		{"a number by its default", parameter{Default: 1.0}, "3", 3.0, ""},
		{"a boolean", parameter{Type: "boolean"}, false, false, ""},
		{"the text of a boolean", parameter{Type: "boolean"}, "true", true, ""},
		{"no boolean", parameter{Type: "boolean"}, "yes", nil, `"yes" is not a boolean`},
		{"a boolean by its default", parameter{Default: false}, "true", true, ""},
		{"a list", parameter{Type: "list"}, []any{"a", "b"}, []any{"a", "b"}, ""},
		{"the text of a list", parameter{Type: "list"}, "a, b,,", []any{"a", "b"}, ""},
		{"a number for a list", parameter{Type: "list"}, 1.0, nil, "the value is not a list"},
		{"a list by its default", parameter{Default: []any{"x"}}, "a", []any{"a"}, ""},
		{"type before default", parameter{Type: "string", Default: 1.0}, "3", "3", ""},
		{"a pattern", parameter{Pattern: "https://.*"}, "https://contoso.com", "https://contoso.com", ""},
		{"a pattern of the whole text", parameter{Pattern: "a|b"}, "ab", nil, "does not match the pattern"},
		{"a pattern of each entry", parameter{Type: "list", Pattern: "[a-z]"}, "a,b", []any{"a", "b"}, ""},
		{"a pattern that one entry does not match", parameter{Type: "list", Pattern: "[a-z]"}, "a,B", nil, `"B" does not match`},
		{"a pattern of a number", parameter{Type: "number", Pattern: "[0-9]"}, "12", nil, `"12" does not match`},
		{"a pattern that is reported elsewhere", parameter{Pattern: "("}, "a", "a", ""},
	} {
		got, err := c.parameter.read(c.given)
		switch {
		case c.mistake == "" && (err != nil || !reflect.DeepEqual(got, c.want)):
			t.Errorf("%s: %#v, %v; want %#v", c.name, got, err, c.want)
		case c.mistake != "" && (err == nil || !strings.Contains(err.Error(), c.mistake)):
			t.Errorf("%s: %#v, %v; want %q", c.name, got, err, c.mistake)
		}
	}
}

// TestGivenNames: environment variables contain no - and _ and ignore case; the command line
// spells names like the manifest.
func TestGivenNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given       string
		environment bool
		name        string
		want        bool
	}{
		{"apiUrl", false, "apiUrl", true},
		{"APIURL", false, "apiUrl", false},
		{"APIURL", true, "apiUrl", true},
		{"API_URL", true, "apiUrl", true},
		{"API_URL", true, "api-url", true},
		{"API_URL", false, "api-url", false},
		{"API_URI", true, "apiUrl", false},
	} {
		if got := (Given{Name: c.given, Environment: c.environment}).is(c.name); got != c.want {
			t.Errorf("%s (environment: %t) gives %s: %t", c.given, c.environment, c.name, got)
		}
	}
}
