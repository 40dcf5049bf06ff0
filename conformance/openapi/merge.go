package openapi

import (
	"maps"
	"slices"
)

// merged returns a schema without references, allOf, oneOf and anyOf: with the keywords of all
// parts of allOf, and of one part of oneOf and of anyOf that is not null.
func (d *deriver) merged(v any, depth int) (object, error) {
	schema, err := d.resolve(v)
	if err != nil || depth > maxDepth {
		return schema, err
	}
	parts := slices.Clone(list(schema["allOf"]))
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if alternatives := list(schema[keyword]); len(alternatives) > 0 {
			notNull := func(part any) bool { return at(part, "type") != "null" }
			parts = append(parts, alternatives[max(0, slices.IndexFunc(alternatives, notNull))])
		}
	}
	if len(parts) == 0 {
		return schema, nil
	}
	own := maps.Clone(schema)
	for _, keyword := range []string{"allOf", "oneOf", "anyOf"} {
		delete(own, keyword)
	}
	all := object{}
	for _, part := range append(parts, own) {
		one, err := d.merged(part, depth+1)
		if err != nil {
			return nil, err
		}
		join(all, one)
	}
	return all, nil
}

// join adds the keywords of a schema to another one. A property of both must fit both schemas.
func join(to, from object) {
	for keyword, value := range from {
		switch keyword {
		case "properties":
			properties, _ := value.(object)
			joined, _ := to[keyword].(object)
			joined = maps.Clone(joined)
			if joined == nil {
				joined = object{}
			}
			for name, property := range properties {
				if other, ok := joined[name]; ok {
					property = object{"allOf": []any{other, property}}
				}
				joined[name] = property
			}
			to[keyword] = joined
		case "required":
			to[keyword] = slices.Concat(list(to[keyword]), list(value))
		default:
			to[keyword] = value
		}
	}
}
