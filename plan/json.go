package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/internal/display"
)

func union(a, b []any) []any {
	all := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(x, y any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sameWords reports whether a text with commas has the words, in any order.
func sameWords(text string, words []string) bool {
	have := strings.Split(text, ",")
	for i := range have {
		have[i] = strings.TrimSpace(have[i])
	}
	slices.Sort(have)
	return slices.Equal(have, slices.Sorted(slices.Values(words)))
}

// member returns the JSON object below a property. It creates the object if it does
// not exist.
func member(m map[string]any, property string) map[string]any {
	if v, ok := m[property].(map[string]any); ok {
		return v
	}
	v := map[string]any{}
	if m != nil {
		m[property] = v
	}
	return v
}

// sub returns the JSON object below a property, or an empty one.
func sub(m map[string]any, property string) map[string]any {
	v, _ := m[property].(map[string]any)
	return v
}

// list returns the JSON array of a property, or an empty one.
func list(m map[string]any, property string) []any {
	if v, ok := m[property].([]any); ok {
		return v
	}
	return []any{}
}

// jsonLine returns a value as JSON that can be shown in one line.
func jsonLine(v any) string {
	raw, err := json.Marshal(v)
	if err != nil { // it is not a JSON value, such as an infinite number
		raw = fmt.Append(nil, v)
	}
	return display.Line(string(raw))
}

func text(m map[string]any, property string) string {
	v, _ := m[property].(string)
	return v
}
