package terraform

import (
	"regexp"
	"slices"
	"strings"
)

// number matches the texts that Terraform converts to a number.
var number = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// Accepts tells whether Terraform can convert a manifest's value to the type of the variable.
// It accepts a text with a reference, because its value is not known yet.
func (v Variable) Accepts(value any) bool {
	text, isText := value.(string)
	if value == nil || isText && strings.Contains(text, "${") {
		return true
	}
	_, isBool := value.(bool)
	_, isList := value.([]any)
	_, isObject := value.(map[string]any)
	kind, _, _ := strings.Cut(v.Type, "(")
	switch kind {
	case "string":
		return !isList && !isObject
	case "number":
		return !isBool && !isList && !isObject && (!isText || number.MatchString(text))
	case "bool":
		return isBool || slices.Contains([]string{"true", "false", "1", "0"}, text)
	case "list", "set", "tuple":
		return isList
	case "map", "object":
		return isObject
	}
	return true
}
