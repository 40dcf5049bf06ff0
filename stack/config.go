package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// configSchema is all of provision.yaml but the settings, which are the flags of
// the program.
const configSchema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"title": "provision.yaml",
	"type": "object",
	"additionalProperties": false,
	"properties": {
		"targets": {
			"description": "Tenants by name, for --target.",
			"type": "object",
			"propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$", "not": {"const": "local"}},
			"additionalProperties": {
				"type": "object",
				"additionalProperties": false,
				"required": ["tenant"],
				"properties": {
					"tenant": {
						"description": "the tenant's id (a GUID) or one of its domains, e.g. contoso.onmicrosoft.com",
						"type": "string",
						"pattern": "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,})$"
					}
				}
			}
		}
	}
}`

// ConfigSchema is the JSON Schema (2020-12) of provision.yaml, with a property for
// each setting.
func ConfigSchema(settings map[string]map[string]any) []byte {
	var schema map[string]any
	if err := json.Unmarshal([]byte(configSchema), &schema); err != nil {
		panic(err) // it is part of the program
	}
	known := schema["properties"].(map[string]any)
	for name, setting := range settings {
		known[name] = setting
	}
	raw, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // it was read from JSON
	}
	return append(raw, '\n')
}

// CheckConfig returns what a configuration file says, and every mistake in it by
// its schema.
func CheckConfig(file string, raw, schema []byte) (config map[string]any, mistakes Mistakes) {
	d := &document{tree: &tree{file: file, values: map[string]Position{}, keys: map[string]Position{}}, schema: schema}
	var root yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		pos, message, hint := d.unreadable(raw, err)
		return nil, Mistakes{{pos, message, hint, excerpt(raw, pos)}}
	}
	if len(root.Content) == 0 || root.Content[0].ShortTag() == "!!null" {
		return nil, nil
	}
	content := d.plain(root.Content[0], "", nil)
	config, ok := content.(map[string]any)
	if !ok {
		d.mistakes.add(d.at(root.Content[0]), "write one `NAME: value` line for each setting", "it must be a mapping of settings")
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.Sorted()
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		panic(err) // made by ConfigSchema
	}
	const url = "urn:provision:config"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, parsed); err != nil {
		panic(err)
	}
	d.content = maps.Clone(config)
	var invalid *jsonschema.ValidationError
	if errors.As(c.MustCompile(url).Validate(any(config)), &invalid) {
		d.explain(invalid)
	}
	return config, d.mistakes.Sorted()
}

// unreadable says where and why a file is no YAML.
func (t *tree) unreadable(raw []byte, err error) (pos Position, message, hint string) {
	pos = Position{File: t.file, Line: 1, Column: 1}
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return pos, fmt.Sprintf("not YAML: %v", err), ""
	}
	pos.Line, pos.Column = max(load.Mark.Line, 1), max(load.Mark.Column, 1)
	return syntax(raw, pos, load.Message)
}
