package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parameter is the declaration of a value that differs between targets or instances.
type parameter struct {
	Type        string // string | number | boolean | list; "" means the type of Default, or string without a default
	Description string
	Default     any
	Pattern     string // matches the whole text, or each entry of a list
}

func (p parameter) kind() string {
	if p.Type != "" {
		return p.Type
	}
	switch p.Default.(type) {
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	}
	return "string"
}

// read converts a given value to the type of the parameter. The text of a list is
// split at commas.
func (p parameter) read(given any) (any, error) {
	value, err := p.converted(given)
	if err != nil || p.Pattern == "" {
		return value, err
	}
	pattern, err := regexp.Compile(`^(?:` + p.Pattern + `)$`)
	if err != nil {
		return value, nil // the declaration reports it
	}
	texts, isList := value.([]any)
	if !isList {
		texts = []any{value}
	}
	for _, t := range texts {
		if !pattern.MatchString(fmt.Sprint(t)) {
			return nil, fmt.Errorf("%q does not match the pattern %s", fmt.Sprint(t), p.Pattern)
		}
	}
	return value, nil
}

func (p parameter) converted(given any) (any, error) {
	text, isText := given.(string)
	switch kind := p.kind(); kind {
	case "number":
		if n, ok := given.(float64); ok {
			return n, nil
		}
		if n, err := strconv.ParseFloat(text, 64); isText && err == nil {
			return n, nil
		}
	case "boolean":
		if b, ok := given.(bool); ok {
			return b, nil
		}
		if b, err := strconv.ParseBool(text); isText && err == nil {
			return b, nil
		}
	case "list":
		if list, ok := given.([]any); ok {
			return list, nil
		}
		if isText {
			var list []any
			for entry := range strings.SplitSeq(text, ",") {
				if entry = strings.TrimSpace(entry); entry != "" {
					list = append(list, entry)
				}
			}
			return slices.Clip(list), nil
		}
	default:
		switch given := given.(type) {
		case string:
			return given, nil
		case float64, bool:
			return textOf(given), nil
		}
	}
	if isText {
		return nil, fmt.Errorf("%q is not a %s", text, p.kind())
	}
	return nil, fmt.Errorf("the value is not a %s", p.kind())
}

// environmentName returns a parameter's name in environment variables.
func environmentName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// is reports whether g is a value of the parameter with a name.
func (g Given) is(name string) bool {
	if g.Environment {
		return environmentName(g.Name) == environmentName(name)
	}
	return g.Name == name
}

// parametersOf reads the declarations of a Stack, except for the ones that the schema
// refuses.
func parametersOf(declared any) map[string]parameter {
	all := map[string]parameter{}
	entries, _ := declared.(map[string]any)
	for name, d := range entries {
		entry, _ := d.(map[string]any)
		p := parameter{Default: entry["default"]}
		p.Type, _ = entry["type"].(string)
		p.Description, _ = entry["description"].(string)
		p.Pattern, _ = entry["pattern"].(string)
		all[name] = p
	}
	return all
}
