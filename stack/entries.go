package stack

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// freeForm are the properties with free content, in which the names targets and entries have no
// special meaning.
var freeForm = []string{"body", "json", "values", "variables"}

func isFreeForm(pointer string) bool {
	for _, name := range freeForm {
		if strings.Contains(pointer+"/", "/"+name+"/") {
			return true
		}
	}
	return false
}

// entries returns the entries of a list that the stage includes. An entry with
// targets is for these targets only; {targets, entries} stands for several, which
// may be texts.
func (t *tree) entries(list *yaml.Node, pointer string) []*yaml.Node {
	if t.scope == nil || isFreeForm(pointer) {
		return list.Content
	}
	var included []*yaml.Node
	for _, entry := range list.Content {
		mapping := entry
		if entry.Kind == yaml.AliasNode {
			mapping = entry.Alias
		}
		targets := member(mapping, "targets")
		if targets == nil {
			included = append(included, entry)
			continue
		}
		here, ok := t.forTarget(targets)
		entries := member(mapping, "entries")
		switch {
		case !ok || !here:
		case entries == nil:
			included = append(included, without(mapping, "targets"))
		case len(mapping.Content) > 4:
			t.doubts.add(t.at(mapping), "write the other properties in the entries", "an entry with targets and entries has other properties")
		case entries.Kind != yaml.SequenceNode:
			t.doubts.add(t.at(entries), "write a list, e.g. entries: [a, b]", "entries must be a list")
		default:
			included = append(included, entries.Content...)
		}
	}
	return included
}

// forTarget reports whether a list of targets includes the stage's. Names that are
// not targets of provision.yaml are mistakes.
func (t *tree) forTarget(list *yaml.Node) (included, ok bool) {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		t.doubts.add(t.at(list), "write a list, e.g. targets: [local, staging]", "targets must be a list of targets")
		return false, false
	}
	ok = true
	for _, name := range list.Content {
		if name.Kind != yaml.ScalarNode {
			t.doubts.add(t.at(name), "write the name of a target", "targets must be a list of targets")
			ok = false
			continue
		}
		ok = t.knownTarget(name.Value, t.at(name)) && ok
		included = included || t.scope.stage.is(name.Value)
	}
	return included, ok
}

// excludes reports whether the targets of a document's metadata do not include the
// stage's.
func (t *tree) excludes(targets any) bool {
	entries, _ := targets.([]any)
	if t.scope == nil || len(entries) == 0 {
		return false
	}
	included := false
	for i, e := range entries {
		name, _ := e.(string)
		included = included || t.scope.stage.is(name)
		included = !t.knownTarget(name, t.value("/metadata"+pointer("targets", i))) || included
	}
	return !included
}

// knownTarget reports a name that is not a target. An entry with a misspelt target would be excluded
// everywhere.
func (t *tree) knownTarget(name string, at Position) bool {
	known := t.scope.stage.Targets
	if known == nil || name == Local {
		return true
	}
	for _, k := range known {
		if k == name {
			return true
		}
	}
	t.doubts.add(at, oneOf(name, append([]string{Local}, known...))+"; targets are declared in provision.yaml", "unknown target %q", name)
	return false
}

// member returns the value of a mapping's key, or nil.
func member(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// without returns a mapping without a key.
func without(mapping *yaml.Node, key string) *yaml.Node {
	rest := *mapping
	rest.Content = nil
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value != key {
			rest.Content = append(rest.Content, mapping.Content[i], mapping.Content[i+1])
		}
	}
	return &rest
}

// missing reports a reference to an undeclared value. A declared parameter without a value is
// reported separately.
func (t *tree) missing(n *yaml.Node, pointer, expression string) {
	t.unresolved = append(t.unresolved, pointer)
	if t.scope.unset[expression] {
		return
	}
	known := names(t.scope.values)
	hint := oneOf(expression, known)
	if name, ok := strings.CutPrefix(expression, "parameters."); ok && Nearest(expression, known) == "" {
		hint = "declare it in the Stack document:  parameters: {" + name + ": {default: VALUE}}"
	}
	t.doubts.add(t.at(n), hint, "unknown reference ${%s}", expression)
}
