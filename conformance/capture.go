package conformance

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"provision/stack"
)

// captured returns the JSON of an answer and the parts that the document captures by
// name.
func captured(parts map[string]stack.Capture, a reply) (any, error) {
	answer := parse(a.body)
	if len(parts) == 0 {
		return answer, nil
	}
	all := map[string]any{}
	if members, ok := answer.(map[string]any); ok {
		maps.Copy(all, members)
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		value, err := capture(parts[name], answer, a)
		if err != nil {
			return nil, fmt.Errorf("capture %s: %w", name, err)
		}
		all[name] = value
	}
	return all, nil
}

func capture(c stack.Capture, answer any, a reply) (any, error) {
	var value any
	if c.Header != "" {
		text := a.header.Get(c.Header)
		if text == "" {
			return nil, fmt.Errorf("the answer has no header %s", c.Header)
		}
		value = text
	} else {
		found := pointed(c.Pointer, answer)
		if len(found) == 0 {
			return nil, fmt.Errorf("the answer has nothing at %s", c.Pointer)
		}
		value = found[0]
	}
	if c.Match == "" {
		return value, nil
	}
	pattern, err := regexp.Compile(c.Match)
	if err != nil {
		return nil, err
	}
	matched := pattern.FindStringSubmatch(fmt.Sprint(value))
	if matched == nil {
		return nil, fmt.Errorf("%q does not match %s", short(fmt.Sprint(value), maxQuoted), c.Match)
	}
	return matched[min(1, len(matched)-1)], nil
}
