package stack

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxNodes is the maximum number of values in a document after its aliases are
// expanded.
const maxNodes = 200_000

// tree converts a YAML document to JSON values, and contains the position of each value.
type tree struct {
	file     string
	values   map[string]Position // JSON pointer (RFC 6901) → its value
	keys     map[string]Position // JSON pointer → the key before it
	nodes    int
	scope    *scope   // nil leaves references and entries for some targets unchanged
	mistakes Mistakes // mistakes that make the document unreadable

	doubts     Mistakes // other mistakes
	unresolved []string // the JSON pointers of texts with a reference that has no value
}

func (t *tree) at(n *yaml.Node) Position { return Position{t.file, n.Line, n.Column} }

// position returns the position of a pointer's key, or of the nearest value that
// contains it.
func (t *tree) position(pointer string) Position {
	for {
		if p, ok := t.keys[pointer]; ok {
			return p
		}
		if p, ok := t.values[pointer]; ok {
			return p
		}
		i := strings.LastIndex(pointer, "/")
		if i < 0 {
			return Position{File: t.file, Line: 1, Column: 1}
		}
		pointer = pointer[:i]
	}
}

// value returns the position of a pointer's value.
func (t *tree) value(pointer string) Position {
	if p, ok := t.values[pointer]; ok {
		return p
	}
	return t.position(pointer)
}

// plain turns n into nil, bool, float64, string, []any or map[string]any.
func (t *tree) plain(n *yaml.Node, pointer string, within []*yaml.Node) any {
	if t.nodes++; t.nodes > maxNodes {
		if t.nodes == maxNodes+1 {
			t.mistakes.add(t.at(n), "write the repeated parts in full, or split the document", "the document's aliases expand to more than %d values", maxNodes)
		}
		return nil
	}
	if _, placed := t.values[pointer]; !placed {
		t.values[pointer] = t.at(n)
	}
	switch n.Kind {
	case yaml.AliasNode:
		for _, outer := range within {
			if outer == n.Alias {
				t.mistakes.add(t.at(n), "", "alias *%s contains itself", n.Value)
				return nil
			}
		}
		return t.plain(n.Alias, pointer, append(within, n.Alias))
	case yaml.MappingNode:
		return t.mapping(n, pointer, within)
	case yaml.SequenceNode:
		entries := t.entries(n, pointer)
		list := make([]any, len(entries))
		for i, c := range entries {
			list[i] = t.plain(c, pointer+"/"+strconv.Itoa(i), within)
		}
		return list
	case yaml.ScalarNode:
		value := t.scalar(n)
		if text, ok := value.(string); ok {
			return t.scope.replaced(text, func(expression string) { t.missing(n, pointer, expression) })
		}
		return value
	}
	return nil
}

func (t *tree) mapping(n *yaml.Node, pointer string, within []*yaml.Node) map[string]any {
	m := map[string]any{}
	merged := map[string]any{}
	joined := false // with the next document, whose keys follow
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			sources := []*yaml.Node{value}
			if value.Kind == yaml.SequenceNode {
				sources = value.Content
			}
			for _, source := range sources {
				from, ok := t.plain(source, pointer, within).(map[string]any)
				if !ok {
					t.mistakes.add(t.at(value), "", "<< requires a mapping or a list of mappings")
				}
				for k, v := range from {
					if _, have := merged[k]; !have {
						merged[k] = v
					}
				}
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			t.mistakes.add(t.at(key), "", "a key must be a plain scalar")
			continue
		}
		p := pointer + "/" + escape(key.Value)
		if _, twice := m[key.Value]; twice {
			if joined {
				continue
			}
			hint := "remove one of the two"
			if joined = pointer == "" && key.Value == "apiVersion"; joined {
				hint = "separate two documents by a line with ---"
			}
			t.mistakes.add(t.at(key), hint, "key %s is duplicated (first on line %d)", key.Value, t.keys[p].Line)
			continue
		}
		t.keys[p] = t.at(key)
		m[key.Value] = t.plain(value, p, within)
	}
	for k, v := range merged {
		if _, own := m[k]; !own {
			m[k] = v
		}
	}
	return m
}

func (t *tree) scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
		t.mistakes.add(t.at(n), "", "%s is not a number", n.Value)
	case "!!str", "!!timestamp":
	default:
		t.mistakes.add(t.at(n), "remove the tag", "a manifest cannot contain a value of type %s", n.ShortTag())
	}
	return n.Value
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// escape returns a key as a segment of a JSON pointer.
func escape(key string) string {
	return pointerEscapes.Replace(key)
}

func pointer(segments ...any) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + escape(fmt.Sprint(s)))
	}
	return b.String()
}
