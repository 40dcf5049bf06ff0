package stack

import (
	"strings"
	"testing"
)

// TestNearest: a name is suggested only if at most a third of its letters differ.
func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"displayName", "signInAudience", "appRoles", "web", "spa"}
	for name, want := range map[string]string{
		"displayname": "displayName", "displyName": "displayName", "displayNames": "displayName", "sigInAudience": "signInAudience",
		"approle": "appRoles", "wbe": "web", "weg": "web", "pa": "spa", "wabe": "", "dipslayName": "displayName", "wx": "", "wbx": "", "roles": "", "x": "", "": "", "somethingElse": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%q suggests %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1}, {"ab", "ba", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3}, {"kitten", "sitting", 3}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("the distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestHowToWrite: a value of the wrong type has a hint with the value as it must be written.
func TestHowToWrite(t *testing.T) {
	t.Parallel()
	content := map[string]any{"tags": "a", "name": 1.0, "list": []any{"x"}, "two": []any{"x", "y"}, "flag": "true", "count": "12", "word": "twelve",
		"lifetime": 90.0, "object": "x", "mapping": map[string]any{"a": 1.0}, "on": true, "odd": "a: b", "yes": "yes", "entries": []any{"a", 2.0}}
	for _, c := range []struct {
		location, want []string
		got, hint      string
		fields         []string
	}{
		{[]string{"tags"}, []string{"array"}, "string", "write `tags: [a]`", nil},
		{[]string{"odd"}, []string{"array"}, "string", "write `odd: [\"a: b\"]`", nil},
		{[]string{"yes"}, []string{"array"}, "string", "write `yes: [\"yes\"]`", nil},
		{[]string{"name"}, []string{"array"}, "number", "write `name: [1]`", nil},
		{[]string{"mapping"}, []string{"array"}, "object", "write a list: start each entry with `- `", nil},
		{[]string{"name"}, []string{"string"}, "number", "write `name: \"1\"`", nil},
		{[]string{"on"}, []string{"string"}, "boolean", "write `on: \"true\"`", nil},
		{[]string{"lifetime"}, []string{"string"}, "number", "write `lifetime: 90d`", nil},
		{[]string{"list"}, []string{"string"}, "array", "write `list: x`", nil},
		{[]string{"two"}, []string{"string"}, "array", "write one value, without brackets or `- `", nil},
		{[]string{"flag"}, []string{"boolean"}, "string", "write `flag: true` or `false`, without quotes", nil},
		{[]string{"count"}, []string{"integer"}, "string", "write `count: 12`, without quotes", nil},
		{[]string{"word"}, []string{"number"}, "string", "write a number, without quotes", nil},
		{[]string{"object"}, []string{"object"}, "string", "write a mapping: `object: {NAME: value}`, or the names below it, indented", nil},
		{[]string{"entries", "1"}, []string{"string"}, "number", "write `- \"2\"`", nil},
		{[]string{"entries", "1"}, []string{"object"}, "number", "write a mapping: `- {NAME: value}`", nil},
		{[]string{"name"}, []string{"string"}, "null", "set a value, or remove it", nil},
		{[]string{"name"}, []string{"null"}, "number", "", nil},
		{[]string{"entries", "0"}, []string{"object"}, "string", "write `- {application: a}` or `- {group: a}` or `- {user: a}`", []string{"application", "group", "user"}},
		{[]string{"entries", "1"}, []string{"object"}, "number", "write a mapping: `- {application: value}` or `- {user: value}`", []string{"application", "user"}},
		{[]string{"tags"}, []string{"array"}, "string", "write `tags: [{group: a}]` or `tags: [{user: a}]`", []string{"group", "user"}},
		{nil, []string{"object"}, "string", "write a mapping: `field: {NAME: value}`, or the names below it, indented", nil},
	} {
		d := &document{content: content}
		if got := d.howToWrite(c.location, c.want, c.got, c.fields); got != c.hint {
			t.Errorf("%s as %s, which is a %s: %q, want %q", strings.Join(c.location, "/"), c.want, c.got, got, c.hint)
		}
	}
}
