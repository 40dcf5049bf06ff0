package openapi

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are schemas of request bodies, with references to Base and Node.
var schemas = map[string]string{
	"all keywords of one schema": `{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"}}}`,
	"required beside allOf":      `{"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["name", "kind"]}`,
	"required in another part":   `{"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["name"]}]}`,
	"a property of two parts":    `{"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["name"], "properties": {"name": {"minLength": 20}, "kind": {"const": "order"}}}]}`,
	"oneOf beside properties":    `{"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "integer"}}, "oneOf": [{"properties": {"b": {"type": "boolean"}}, "required": ["b"]}]}`,
	"null first":                 `{"type": "object", "required": ["a", "b"], "properties": {"a": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 7}]}, "b": {"type": ["null", "array"], "items": {"type": "string"}}}}`,
	"only null":                  `{"type": "object", "required": ["a"], "properties": {"a": {"type": "null"}}}`,
	"required without property":  `{"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}}`,
	"a map":                      `{"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer", "minimum": 7}, "propertyNames": {"pattern": "^x-[a-z]+$"}}`,
	"optional properties":        `{"type": "object", "minProperties": 1, "additionalProperties": false, "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}`,
	"a tuple":                    `{"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "items": false}`,
	"an empty list":              `{"type": "array", "maxItems": 0, "items": {"type": "string"}}`,
	"different texts":            `{"type": "array", "minItems": 12, "uniqueItems": true, "items": {"type": "string", "minLength": 4, "maxLength": 4}}`,
	"different values of enum":   `{"type": "array", "minItems": 2, "uniqueItems": true, "items": {"type": "string", "enum": ["read", "write"]}}`,
	"different numbers":          `{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "integer", "minimum": 5, "multipleOf": 5}}`,
	"different objects":          `{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "object", "required": ["id", "mail"], "properties": {"id": {"type": "string", "format": "uuid"}, "mail": {"type": "string", "format": "email"}}}}`,
	"formats of any length": `{"type": "object", "required": ["mail", "short", "url", "long"], "properties": {
		"mail": {"type": "string", "format": "email", "minLength": 40}, "short": {"type": "string", "format": "email", "maxLength": 8},
		"url": {"type": "string", "format": "uri", "maxLength": 14}, "long": {"type": "string", "format": "uri", "minLength": 60}}}`,
	"a format and a pattern": `{"type": "string", "format": "uri", "pattern": "^http://[a-z.]+/$"}`,
	"a schema within itself": `{"$ref": "#/components/schemas/Node"}`,
	"types without a name":   `{"properties": {"a": {"items": {"type": "integer"}, "minItems": 1}}, "required": ["a"]}`,
}

const components = `{
	"Base": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "name": {"type": "string", "minLength": 3}}},
	"Node": {"type": "object", "required": ["children", "parent"], "properties": {
		"children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
		"parent": {"anyOf": [{"$ref": "#/components/schemas/Leaf"}, {"type": "null"}]}}},
	"Leaf": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}}`

// TestSamplesFitTheirSchema: an API that validates its requests accepts the values that are made
// of its schemas.
func TestSamplesFitTheirSchema(t *testing.T) {
	t.Parallel()
	for name, schema := range schemas {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := `{"components": {"schemas": ` + components + `}, "body": ` + schema + `}`
			root, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(document)))
			if err != nil {
				t.Fatal(err)
			}
			c := jsonschema.NewCompiler()
			c.AssertFormat()
			if err := c.AddResource("https://contoso.example/openapi.json", root); err != nil {
				t.Fatal(err)
			}
			compiled, err := c.Compile("https://contoso.example/openapi.json#/body")
			if err != nil {
				t.Fatal(err)
			}
			parsed, _, err := read([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			d := &deriver{root: parsed}
			sample, _, err := d.sample(parsed["body"], 0)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(sample)
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(value); err != nil {
				t.Errorf("%s: %v", raw, err)
			}
		})
	}
}
