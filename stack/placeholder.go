package stack

import (
	"regexp"
	"strings"
)

// placeholder matches {name} in a path, as in OpenAPI, and also ${…}, which is not a
// placeholder.
var placeholder = regexp.MustCompile(`\$?\{([^{}]*)\}`)

// Placeholders returns the names in braces of a request's path, in order.
func Placeholders(request string) []string {
	var all []string
	for _, m := range placeholder.FindAllStringSubmatch(request, -1) {
		if m[0][0] != '$' {
			all = append(all, m[1])
		}
	}
	return all
}

// Fill replaces every {name} of a request by its value, escaped for the path or the
// query. A name without a value stays unchanged.
func Fill(request string, path, query func(name string) (string, bool)) string {
	before, after, hasQuery := strings.Cut(request, "?")
	filled := fill(before, path)
	if hasQuery {
		filled += "?" + fill(after, query)
	}
	return filled
}

func fill(text string, value func(name string) (string, bool)) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		if m[0] == '$' {
			return m
		}
		if v, ok := value(m[1 : len(m)-1]); ok {
			return v
		}
		return m
	})
}
