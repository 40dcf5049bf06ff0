package stack

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// EditorSchema returns the Schema for manifests as they are written, before references
// to parameters are replaced and entries for some targets are selected.
func EditorSchema() []byte {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic(err) // schema.json is part of the program
	}
	schema := parsed.(map[string]any)
	definitions := schema["$defs"].(map[string]any)
	for name, d := range definitions {
		definition := d.(map[string]any)
		if properties, ok := definition["properties"].(map[string]any); ok && properties["spec"] != nil {
			properties["spec"] = asWritten(properties["spec"], name == "Stack")
		} else {
			definitions[name] = asWritten(d, true)
		}
	}
	raw, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // the schema was read from JSON
	}
	return append(raw, '\n')
}

// asWritten extends a schema, and all its members, with the forms that a manifest can
// contain instead of the value. An object is always written as an object.
func asWritten(schema any, whole bool) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	for _, of := range []string{"properties", "additionalProperties"} {
		below, _ := s[of].(map[string]any)
		if of == "additionalProperties" {
			if below != nil {
				s[of] = asWritten(below, false)
			}
			continue
		}
		for name, property := range below {
			if !slices.Contains(freeForm, name) {
				below[name] = asWritten(property, false)
			}
		}
	}
	if items, ok := s["items"]; ok {
		s["items"] = selectable(asWritten(items, false))
	}
	for _, branch := range []string{"then", "else"} {
		if below, ok := s[branch]; ok {
			s[branch] = asWritten(below, true)
		}
	}
	if whole || s["type"] == "object" || s["const"] != nil || s["$ref"] != nil || s["if"] != nil || s["type"] == nil && s["enum"] == nil {
		return s
	}
	if s["type"] == "string" && s["enum"] == nil && s["pattern"] == nil && s["format"] == nil {
		return s // any text
	}
	wrapped := map[string]any{
		"if":   map[string]any{"type": "string", "pattern": `\$\{(parameters\.|stack\.|target\})`},
		"then": map[string]any{"type": "string"},
		"else": s,
	}
	if d, ok := s["description"]; ok {
		wrapped["description"] = d
	}
	return wrapped
}

// selectable returns the schema of an entry that can be for some targets only.
func selectable(entry any) any {
	targets := map[string]any{"type": "array", "description": "The targets that the entry is for.", "items": map[string]any{"type": "string"}, "minItems": 1}
	if object, ok := entry.(map[string]any); ok {
		if properties, ok := object["properties"].(map[string]any); ok {
			properties["targets"] = targets
		}
	}
	return map[string]any{
		"if": map[string]any{"type": "object", "required": []any{"targets", "entries"}},
		"then": map[string]any{"type": "object", "description": "Entries for some targets only.", "additionalProperties": false,
			"properties": map[string]any{"targets": targets, "entries": map[string]any{"type": "array", "description": "The entries.", "items": entry}}},
		"else": entry,
	}
}
