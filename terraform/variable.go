package terraform

import (
	"strconv"
	"strings"
)

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
		_, err := strconv.ParseFloat(text, 64)
		return !isBool && !isList && !isObject && (!isText || err == nil)
	case "bool":
		return isBool || text == "true" || text == "false"
	case "list", "set", "tuple":
		return isList
	case "map", "object":
		return isObject
	}
	return true
}
