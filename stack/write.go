package stack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// howToWrite is a hint about how to write a value whose type is wrong. It contains the
// given value if its meaning is clear. fields are the firstFields of the objects that the place takes.
func (d *document) howToWrite(location, want []string, got string, fields []string) string {
	name := "field"
	for _, segment := range slices.Backward(location) {
		if strings.Trim(segment, "0123456789") != "" {
			name = segment
			break
		}
	}
	inList := len(location) > 0 && strings.Trim(location[len(location)-1], "0123456789") == ""
	value := at(d.content, location)
	as := func(texts ...string) string {
		begin := name + ": "
		if inList {
			begin = "- "
		}
		return "write `" + begin + strings.Join(texts, "` or `"+begin) + "`"
	}
	mappings := func(value string) (all []string) {
		for _, field := range fields {
			all = append(all, "{"+field+": "+value+"}")
		}
		return all
	}
	takes := func(kind string) bool { return slices.Contains(want, kind) }
	switch {
	case got == "null":
		return "set a value, or remove it"
	case takes("array") && (got == "string" || got == "number" || got == "boolean"):
		if len(fields) > 0 {
			all := mappings(inline(value))
			for i := range all {
				all[i] = "[" + all[i] + "]"
			}
			return as(all...)
		}
		return as("[" + inline(value) + "]")
	case takes("array") && got == "object":
		return "write a list: start each entry with `- `"
	case takes("string") && got == "number" && name == "lifetime":
		return as(scalarText(value) + "d") // 90 means 90 days, written 90d
	case takes("string") && (got == "number" || got == "boolean"):
		return as(quoted(scalarText(value)))
	case takes("string") && got == "array":
		if list, ok := value.([]any); ok && len(list) == 1 {
			return as(inline(list[0]))
		}
		return "write one value, without brackets or `- `"
	case takes("boolean") && got == "string":
		return as("true") + " or `false`, without quotes"
	case (takes("integer") || takes("number")) && got == "string":
		if text, _ := value.(string); isNumber(text) {
			return as(text) + ", without quotes"
		}
		return "write a number, without quotes"
	case takes("object") && inList:
		switch {
		case len(fields) == 0:
			return "write a mapping: `- {NAME: value}`"
		case got == "string":
			return as(mappings(inline(value))...)
		}
		return strings.Replace(as(mappings("value")...), "write", "write a mapping:", 1)
	case takes("object"):
		return fmt.Sprintf("write a mapping: `%s: {NAME: value}`, or the names below it, indented", name)
	}
	return ""
}

// at returns the value at a path.
func at(value any, location []string) any {
	for _, segment := range location {
		switch v := value.(type) {
		case map[string]any:
			value = v[segment]
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

// plainText matches a text that needs no quotes in a list in brackets.
var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*$`)

// inline returns the form of a value in a list in brackets.
func inline(value any) string {
	text, ok := value.(string)
	if !ok {
		return scalarText(value)
	}
	if plainText.MatchString(text) && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off"}, strings.ToLower(text)) {
		return text
	}
	return quoted(text)
}

// scalarText returns a number in its usual form, or another value.
func scalarText(value any) string {
	if n, ok := value.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string can always be encoded
	return string(raw)
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
