package stack

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// scope has the values of the references that are replaced when a manifest is read: parameters,
// the target, and the name of the stack.
type scope struct {
	stage  Stage
	any    bool            // the stack is not known, so its parameters are not known either
	values map[string]any  // expression → value
	unset  map[string]bool // declared parameters that have no value, which is reported at the declaration
}

// early reports whether an expression is replaced when the manifest is read.
func early(expression string) bool {
	return expression == "target" || strings.HasPrefix(expression, "parameters.") || strings.HasPrefix(expression, "stack.")
}

// replaced returns a text with the values of its early references. If the whole text is one
// reference, the value keeps its type. replaced calls missing for expressions without
// a value.
func (s *scope) replaced(text string, missing func(expression string)) any {
	if s == nil || !strings.Contains(text, "${") {
		return text
	}
	value := func(expression string) (any, bool) {
		if !early(expression) {
			return nil, false
		}
		v, ok := s.values[expression]
		if !ok && !s.any {
			missing(expression)
		}
		return v, ok
	}
	if m := reference.FindString(text); m == text {
		if v, ok := value(m[2 : len(m)-1]); ok {
			return v
		}
		return text
	}
	return Expand(text, func(expression string) (string, bool) {
		v, ok := value(expression)
		return textOf(v), ok
	})
}

// textOf returns a value as a part of a text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = textOf(v[i])
		}
		return strings.Join(texts, ",")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// instance is one of the stacks that a Stack document declares.
type instance struct {
	id    string // "" for the only one
	scope *scope
}

// name returns the stack's name with the name of the instance and the suffix.
func (i instance) name(declared, suffix string) string {
	for _, part := range []string{i.id, suffix} {
		if part != "" {
			declared += "-" + part
		}
	}
	return declared
}

// scopes returns the instances of a Stack document, with the values of its parameters for
// each. The first of these that sets a parameter determines its value: the command,
// the instance, the target in provision.yaml, the default.
func (l *loader) scopes(from source) []instance {
	t := &tree{file: from.file, values: map[string]Position{}, keys: map[string]Position{}}
	content, _ := t.plain(from.root, "", nil).(map[string]any)
	spec, _ := content["spec"].(map[string]any)
	metadata, _ := content["metadata"].(map[string]any)
	declared, _ := metadata["name"].(string)
	parameters := parametersOf(spec["parameters"])
	for _, name := range names(parameters) {
		l.declared = append(l.declared, name)
		for _, other := range names(parameters) {
			if other < name && environmentName(other) == environmentName(name) {
				l.mistakes.add(t.position("/spec"+pointer("parameters", name)), "rename one of them", "parameters %s and %s have one name in environment variables", other, name)
			}
		}
		if _, err := regexp.Compile(parameters[name].Pattern); err != nil {
			l.mistakes.add(t.value("/spec"+pointer("parameters", name, "pattern")), "use the syntax of RE2: https://github.com/google/re2/wiki/Syntax", "%q is not a regular expression", parameters[name].Pattern)
		}
	}
	instances, _ := spec["instances"].(map[string]any)
	ids := names(instances)
	if len(ids) == 0 {
		ids = []string{""}
	}
	var all []instance
	for _, id := range ids {
		own, _ := instances[id].(map[string]any)
		for _, name := range names(own) {
			if _, ok := parameters[name]; !ok {
				l.mistakes.add(t.position("/spec"+pointer("instances", id, name)), oneOf(name, names(parameters)), "instance %s: unknown parameter %s", id, name)
			}
		}
		in := instance{id: id, scope: &scope{stage: l.stage, unset: map[string]bool{}, values: map[string]any{
			"target": l.stage.target(), "stack.instance": id, "stack.suffix": dashed(l.stage.Suffix)}}}
		l.resolve(t, in, parameters, own)
		if name, ok := in.scope.replaced(declared, func(string) {}).(string); ok {
			in.scope.values["stack.name"] = in.name(name, l.stage.Suffix)
		}
		all = append(all, in)
	}
	return all
}

// resolve puts the values of the parameters into the scope of an instance.
func (l *loader) resolve(t *tree, in instance, parameters map[string]parameter, own map[string]any) {
	builtIn := &scope{stage: l.stage, values: maps.Clone(in.scope.values)}
	set := func(name string, given any, at Position, with *scope) {
		if text, ok := given.(string); ok {
			given = with.replaced(text, func(expression string) {
				l.mistakes.add(at, oneOf(expression, names(with.values)), "parameter %s: unknown reference ${%s}", name, expression)
			})
		}
		value, err := parameters[name].read(given)
		if err != nil {
			l.mistakes.add(at, parameters[name].Description, "parameter %s: %v", name, err)
			in.scope.unset["parameters."+name] = true
			return
		}
		in.scope.values["parameters."+name] = value
	}
	var ofInstance []string
	for _, name := range names(parameters) {
		at := "/spec" + pointer("parameters", name)
		if given, ok := last(l.stage.Parameters, name); ok {
			set(name, given.Value, given.Pos, builtIn)
		} else if _, ok := own[name]; ok {
			ofInstance = append(ofInstance, name)
		} else if given, ok := last(l.stage.Configured, name); ok {
			set(name, given.Value, given.Pos, builtIn)
		} else if p := parameters[name]; p.Default != nil {
			set(name, p.Default, t.value(at+"/default"), builtIn)
		} else {
			where := "target " + l.stage.target()
			if in.id != "" {
				where = "instance " + in.id + " on " + where
			}
			l.mistakes.add(t.position(at), fmt.Sprintf("use --set %s=VALUE, or set targets.%s.parameters.%s in provision.yaml", name, l.stage.target(), name),
				"parameter %s has no value for %s", name, where)
			in.scope.unset["parameters."+name] = true
		}
	}
	others := &scope{stage: l.stage, values: maps.Clone(in.scope.values)}
	for _, name := range ofInstance {
		set(name, own[name], t.value("/spec"+pointer("instances", in.id, name)), others)
	}
}

// checkGiven reports values of parameters that no stack declares.
func (l *loader) checkGiven() {
	declared := slices.Compact(slices.Sorted(slices.Values(l.declared)))
	for _, given := range slices.Concat(l.stage.Configured, l.stage.Parameters) {
		if !slices.ContainsFunc(declared, given.is) {
			hint := oneOf(given.Name, declared)
			if len(declared) == 0 {
				hint = "leave it out, or declare it in the Stack document:  parameters: {" + given.Name + ": {default: VALUE}}"
			}
			l.mistakes.add(given.Pos, hint, "no stack declares the parameter %s", given.Name)
		}
	}
}

func last(given []Given, name string) (Given, bool) {
	for _, g := range slices.Backward(given) {
		if g.is(name) {
			return g, true
		}
	}
	return Given{}, false
}

func dashed(suffix string) string {
	if suffix == "" {
		return ""
	}
	return "-" + suffix
}
