package openapi

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

type object = map[string]any

// maxNodes is the maximum number of nodes to which the aliases of a file may expand.
const maxNodes = 1_000_000

// reader turns YAML into plain values: nil, bool, float64 or int, string,
// []any, object. Keys are text, as the 200 of a response is.
type reader struct {
	nodes int
	order []string // of the paths
}

func read(raw []byte) (root object, order []string, err error) {
	var node yaml.Node
	if err := yaml.Load(raw, &node); err != nil {
		var load *yaml.LoadError
		if errors.As(err, &load) && load.Mark.Line > 0 {
			return nil, nil, fmt.Errorf("neither YAML nor JSON: line %d: %s", load.Mark.Line, load.Message)
		}
		text := strings.Join(strings.Fields(err.Error()), " ")
		return nil, nil, fmt.Errorf("neither YAML nor JSON: %s", text[strings.LastIndex(text, "yaml: ")+len("yaml: "):])
	}
	r := &reader{}
	v, err := r.plain(&node, nil)
	if err != nil {
		return nil, nil, err
	}
	root, ok := v.(object)
	if !ok {
		return nil, nil, errors.New("not an OpenAPI document: it is not a mapping")
	}
	for i := 0; len(node.Content) == 1 && i+1 < len(node.Content[0].Content); i += 2 {
		if key, value := node.Content[0].Content[i], node.Content[0].Content[i+1]; key.Value == "paths" {
			for j := 0; j+1 < len(value.Content); j += 2 {
				r.order = append(r.order, value.Content[j].Value)
			}
		}
	}
	return root, r.order, nil
}

func (r *reader) plain(n *yaml.Node, within []*yaml.Node) (any, error) {
	if r.nodes++; r.nodes > maxNodes || len(within) > 200 {
		return nil, fmt.Errorf("line %d: the document is too large or too deep", n.Line)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 1 {
			return r.plain(n.Content[0], within)
		}
	case yaml.AliasNode:
		for _, outer := range within {
			if outer == n.Alias {
				return nil, fmt.Errorf("line %d: alias *%s contains itself", n.Line, n.Value)
			}
		}
		return r.plain(n.Alias, append(within, n.Alias))
	case yaml.MappingNode:
		m := make(object, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := r.plain(n.Content[i+1], append(within, n))
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			v, err := r.plain(c, append(within, n))
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.ScalarNode:
		switch n.ShortTag() {
		case "!!null":
			return nil, nil
		case "!!bool", "!!int", "!!float":
			var v any
			if n.Load(&v) == nil {
				return v, nil
			}
		}
		return n.Value, nil
	}
	return nil, nil
}

// at follows the path "a/b/c" from an object. It returns nil if the path does not
// exist.
func at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(object)
		v = m[name]
	}
	return v
}

func text(v any) string { s, _ := v.(string); return s }

func list(v any) []any { l, _ := v.([]any); return l }

// resolve follows references until it finds a value.
func (d *deriver) resolve(v any) (object, error) {
	for range 20 {
		m, _ := v.(object)
		ref, isRef := m["$ref"].(string)
		if !isRef {
			return m, nil
		}
		below, local := strings.CutPrefix(ref, "#/")
		if !local {
			return nil, fmt.Errorf("$ref %q is not within the document: bundle it first", ref)
		}
		segments := strings.Split(below, "/")
		for i, s := range segments {
			segments[i] = strings.NewReplacer("~1", "/", "~0", "~", "%7B", "{", "%7D", "}").Replace(s)
		}
		if v = at(d.root, segments...); v == nil {
			return nil, fmt.Errorf("$ref %q leads nowhere", ref)
		}
	}
	return nil, errors.New("a $ref leads back to itself")
}
