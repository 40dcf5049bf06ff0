package odata

import "strings"

// Lookup returns the objects whose property has a value, or false if the property has
// no index.
type Lookup func(property, value string) ([]any, bool)

// Candidates returns a superset of the objects that a filter matches, by means of the
// indexes.
func Candidates(n Filter, find Lookup) ([]any, bool) {
	if find == nil {
		return nil, false
	}
	switch n := n.(type) {
	case comparison:
		if n.op == "eq" {
			return findValue(find, n.path, n.value)
		}
	case membership:
		var all []any
		for _, value := range n.values {
			found, ok := findValue(find, n.path, value)
			if !ok {
				return nil, false
			}
			all = append(all, found...)
		}
		return distinct(all), true
	case quantifier:
		body, ok := n.body.(comparison)
		if ok && body.op == "eq" && len(body.path) == 1 {
			return findValue(find, n.path, body.value)
		}
	case junction:
		a, okA := Candidates(n.a, find)
		b, okB := Candidates(n.b, find)
		switch {
		case n.op == "and" && okA:
			return a, true
		case n.op == "and" && okB:
			return b, true
		case n.op == "or" && okA && okB:
			return distinct(append(a, b...)), true
		}
	}
	return nil, false
}

func findValue(find Lookup, path []string, value any) ([]any, bool) {
	switch v := value.(type) {
	case string:
		return find(strings.Join(path, "/"), v)
	case guid:
		return find(strings.Join(path, "/"), string(v))
	}
	return nil, false
}

func distinct(objects []any) []any {
	seen := map[string]bool{}
	var kept []any
	for _, object := range objects {
		if id := idOf(object); !seen[id] {
			seen[id] = true
			kept = append(kept, object)
		}
	}
	return kept
}
