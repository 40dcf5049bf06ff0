package terraform

import (
	"regexp"
	"slices"
	"strings"
)

// number matches the texts that Terraform converts to a number.
var number = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// Accepts reports whether Terraform can convert a manifest's value to the type of the variable.
// A text with a reference is a text: its value is not known yet, and only an output of Terraform
// can be the text of a number or of a bool.
func (v Variable) Accepts(value any) bool {
	text, isText := value.(string)
	if value == nil {
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
		return !isBool && !isList && !isObject && (!isText || number.MatchString(text) || refersToOutputs(text))
	case "bool":
		return isBool || slices.Contains([]string{"true", "false", "1", "0"}, text) || refersToOutputs(text)
	case "list", "set", "tuple":
		return isList
	case "map", "object":
		return isObject
	}
	return true
}

// otherReference matches a reference to a value that is never a number or a bool.
var otherReference = regexp.MustCompile(`\$\{(applications|users|secrets)\.`)

// refersToOutputs reports whether a text may become a number or a bool, because it refers to
// something else than registrations, users and secrets.
func refersToOutputs(text string) bool {
	return strings.Contains(text, "${") && !otherReference.MatchString(text)
}
