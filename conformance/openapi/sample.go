package openapi

import (
	"maps"
	"slices"
)

// maxDepth is the maximum number of schemas within each other of which values are made.
const maxDepth = 12

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
	schema, err := d.merged(v, depth)
	if err != nil || depth > maxDepth { // a schema may contain itself
		return nil, true, err
	}
	for _, keyword := range []string{"example", "const", "default"} {
		if value, ok := schema[keyword]; ok {
			return value, false, nil
		}
	}
	for _, keyword := range []string{"examples", "enum"} {
		if values := list(schema[keyword]); len(values) > 0 {
			return values[d.variant%len(values)], false, nil
		}
	}
	switch kind := kindOf(schema); kind {
	case "object":
		return d.members(schema, depth)
	case "array":
		return d.items(schema, depth)
	case "integer", "number":
		return sampleNumber(schema, kind, d.variant), true, nil
	case "boolean":
		return d.variant%2 == 0, true, nil
	case "null":
		return nil, false, nil
	}
	return sampleText(schema, d.variant), true, nil
}

// kindOf returns the type of a schema; of several types, the first one that is not null.
func kindOf(schema object) string {
	kind := text(schema["type"])
	for _, k := range list(schema["type"]) { // OpenAPI 3.1
		if kind == "" || kind == "null" {
			kind = text(k)
		}
	}
	switch {
	case kind != "":
		return kind
	case schema["properties"] != nil || schema["required"] != nil:
		return "object"
	case schema["items"] != nil || schema["prefixItems"] != nil:
		return "array"
	}
	return ""
}

// members has the required properties, the properties that have an example, and as many others as
// minProperties requires.
func (d *deriver) members(schema object, depth int) (any, bool, error) {
	made, anyInvented := object{}, false
	properties, _ := schema["properties"].(object)
	required := list(schema["required"])
	set := func(name string, of any, needed bool) error {
		value, invented, err := d.sample(of, depth+1)
		if err == nil && (needed || !invented) {
			made[name] = value
			anyInvented = anyInvented || invented
		}
		return err
	}
	names := slices.Sorted(maps.Keys(properties))
	for _, name := range names {
		if at(properties[name], "readOnly") != true {
			if err := set(name, properties[name], slices.Contains(required, any(name))); err != nil {
				return nil, false, err
			}
		}
	}
	for _, name := range required {
		if name := text(name); name != "" && properties[name] == nil {
			if err := set(name, schema["additionalProperties"], true); err != nil {
				return nil, false, err
			}
		}
	}
	least := min(int(number(schema["minProperties"], 0)), maxItems)
	for _, name := range names {
		if len(made) < least && made[name] == nil {
			if err := set(name, properties[name], true); err != nil {
				return nil, false, err
			}
		}
	}
	for n := 0; len(made) < least && n < 2*maxItems && schema["additionalProperties"] != false; n++ {
		constraint, _ := schema["propertyNames"].(object)
		if err := set(sampleText(constraint, n), schema["additionalProperties"], true); err != nil {
			return nil, false, err
		}
	}
	return made, anyInvented, nil
}

// items has a value for each schema in prefixItems, and as many others as minItems requires, but
// at least one where that is possible.
func (d *deriver) items(schema object, depth int) (any, bool, error) {
	least := int(number(schema["minItems"], 0))
	if depth > maxDepth/2 && least == 0 {
		return []any{}, true, nil // a schema that contains itself
	}
	most := min(int(number(schema["maxItems"], maxItems)), maxItems)
	before := d.variant
	defer func() { d.variant = before }()
	made, anyInvented := []any{}, false
	add := func(of any) error {
		value, invented, err := d.sample(of, depth+1)
		made, anyInvented = append(made, value), anyInvented || invented
		return err
	}
	for _, of := range list(schema["prefixItems"]) {
		if len(made) < most {
			if err := add(of); err != nil {
				return nil, false, err
			}
		}
	}
	for len(made) < min(max(least, 1), most) && schema["items"] != false {
		if schema["uniqueItems"] == true {
			d.variant = before + len(made)
		}
		if err := add(schema["items"]); err != nil {
			return nil, false, err
		}
	}
	return made, anyInvented, nil
}
