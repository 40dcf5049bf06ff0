package openapi

import (
	"maps"
	"slices"
)

// value is the example of a parameter or media type, else one made of its
// schema, which is invented where the schema has no example either.
func (d *deriver) value(of object) (v any, invented bool, err error) {
	if example, ok := of["example"]; ok {
		return example, false, nil
	}
	examples, _ := of["examples"].(object)
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		example, err := d.resolve(examples[name])
		if err != nil {
			return nil, false, err
		}
		if v, ok := example["value"]; ok {
			return v, false, nil
		}
	}
	return d.sample(of["schema"], 0)
}

// sample makes a value that a schema admits, as far as examples, types and
// required properties allow.
func (d *deriver) sample(v any, depth int) (sample any, invented bool, err error) {
	schema, err := d.resolve(v)
	if err != nil || depth > 12 { // a schema may contain itself
		return nil, true, err
	}
	for _, keyword := range []string{"example", "const", "default"} {
		if value, ok := schema[keyword]; ok {
			return value, false, nil
		}
	}
	for _, keyword := range []string{"examples", "enum"} {
		if values := list(schema[keyword]); len(values) > 0 {
			return values[0], false, nil
		}
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if parts := list(schema[keyword]); len(parts) > 0 {
			return d.sample(parts[0], depth+1)
		}
	}
	if parts := list(schema["allOf"]); len(parts) > 0 {
		return d.all(schema, parts, depth)
	}
	kind, _ := schema["type"].(string)
	for _, k := range list(schema["type"]) { // 3.1: several
		if k != "null" && kind == "" {
			kind = text(k)
		}
	}
	switch {
	case kind == "object" || kind == "" && schema["properties"] != nil:
		return d.members(schema, depth)
	case kind == "array":
		item, invented, err := d.sample(schema["items"], depth+1)
		items := []any{item}
		for n := number(schema["minItems"], 1); len(items) < int(n) && len(items) < maxItems; {
			items = append(items, item)
		}
		return items, invented, err
	case kind == "integer" || kind == "number":
		return sampleNumber(schema, kind), true, nil
	case kind == "boolean":
		return true, true, nil
	}
	return sampleText(schema), true, nil
}

// members has the required properties and the properties that have an example.
func (d *deriver) members(schema object, depth int) (any, bool, error) {
	made, anyInvented := object{}, false
	properties, _ := schema["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value, invented, err := d.sample(properties[name], depth+1)
		if err != nil {
			return nil, false, err
		}
		required := slices.Contains(list(schema["required"]), any(name))
		if at(properties[name], "readOnly") == true || invented && !required {
			continue
		}
		made[name] = value
		anyInvented = anyInvented || invented
	}
	return made, anyInvented, nil
}

// all joins the members of several schemas.
func (d *deriver) all(schema object, parts []any, depth int) (any, bool, error) {
	own := maps.Clone(schema)
	delete(own, "allOf")
	if own["properties"] != nil {
		parts = append(slices.Clone(parts), own)
	}
	made, anyInvented := object{}, false
	for _, part := range parts {
		value, invented, err := d.sample(part, depth+1)
		if err != nil {
			return nil, false, err
		}
		members, ok := value.(object)
		if !ok {
			return value, invented, nil
		}
		maps.Copy(made, members)
		anyInvented = anyInvented || invented
	}
	return made, anyInvented, nil
}
