package openapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"unicode/utf8"
)

func TestSampleText(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]object{
		"a length":             {"minLength": 3},
		"a longest length":     {"maxLength": 0},
		"a pattern":            {"pattern": `^[A-Z]{3}-\d{4}$`},
		"a pattern and length": {"pattern": "^[a-z]+$", "minLength": 8, "maxLength": 9},
		"alternatives":         {"pattern": "^(order|invoice)_[0-9a-f]{8}$"},
		"a pattern within":     {"pattern": "[0-9]"},
		"a repetition":         {"pattern": "^(ab){2,}$", "minLength": 10},
		"a short email":        {"format": "email", "maxLength": 5},
	} {
		s := sampleText(schema, 0)
		n := utf8.RuneCountInString(s)
		if n < int(number(schema["minLength"], 0)) || n > int(number(schema["maxLength"], maxText)) {
			t.Errorf("%s: %q has the wrong length", name, s)
		}
		if pattern := text(schema["pattern"]); pattern != "" && !regexp.MustCompile(pattern).MatchString(s) {
			t.Errorf("%s: %q does not match %s", name, s, pattern)
		}
	}
	if s := sampleText(object{"pattern": `(?=x)y`, "minLength": 2}, 0); s != "xx" {
		t.Errorf("a pattern that Go does not have: %q", s)
	}
	for format, want := range map[string]string{"ipv4": `^\d+\.\d+\.\d+\.\d+$`, "uuid": `^[0-9a-f-]{36}$`, "hostname": `^[a-z.]+$`, "time": `^\d\d:`} {
		if s := sampleText(object{"format": format}, 0); !regexp.MustCompile(want).MatchString(s) {
			t.Errorf("%s: %q", format, s)
		}
	}
}

func TestSampleNumber(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"type": "integer"}`:                                              "1",
		`{"type": "integer", "minimum": 5}`:                                "5",
		`{"type": "integer", "exclusiveMinimum": 5}`:                       "6",
		`{"type": "integer", "minimum": 5, "exclusiveMinimum": true}`:      "6",
		`{"type": "integer", "maximum": -3}`:                               "-3",
		`{"type": "integer", "exclusiveMaximum": 1}`:                       "0",
		`{"type": "integer", "multipleOf": 10}`:                            "10",
		`{"type": "integer", "multipleOf": 10, "minimum": 11}`:             "20",
		`{"type": "number", "minimum": 0.5, "maximum": 0.75}`:              "0.75",
		`{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}`: "0.5",
		`{"type": "number", "minimum": 1.5}`:                               "1.5",
	} {
		var schema object
		if err := json.Unmarshal([]byte(raw), &schema); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(sampleNumber(schema, text(schema["type"]), 0)); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// TestAlternatives: each alternative that a token can meet is used.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	d, err := Derive([]byte(`{"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"},
		"components": {"securitySchemes": {
			"user": {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "https://x.example/a", "tokenUrl": "https://x.example/t", "scopes": {}}}},
			"daemon": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://x.example/t", "scopes": {}}}},
			"role": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
		"paths": {"/orders": {
			"get": {"security": [{"user": ["api://x/Orders.Read"]}, {"daemon": ["Orders.Read.All"]}, {"role": ["Admin"]}, {"key": []}]},
			"post": {"security": [{"user": ["Orders.Write"]}, {"user": ["api://x/Orders.Write"]}],
				"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "required": ["name", "file"], "properties": {
					"name": {"type": "string", "minLength": 3}, "file": {"type": "string", "format": "binary"}}}}}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	get, post := d.Endpoints[0], d.Endpoints[1]
	raw, err := json.Marshal(get.Requires)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"scopes":["Orders.Read"]},{"allRoles":["Orders.Read.All"],"callers":["applications"]},{"allRoles":["Admin"],"callers":["users","applications"]}]`
	if string(raw) != want {
		t.Errorf("GET requires %s, want %s", raw, want)
	}
	if raw, _ := json.Marshal(post.Requires); string(raw) != `{"scopes":["Orders.Write"]}` {
		t.Errorf("POST requires %s", raw)
	}
	if raw, _ := json.Marshal(post.Body); string(raw) != `{"file":{"content":"text","contentType":"text/plain","filename":"file.txt"},"name":"xxx"}` || post.ContentType != "multipart/form-data" {
		t.Errorf("the body is %s, %s", raw, post.ContentType)
	}
}
