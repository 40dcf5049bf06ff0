package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compile reads a JSON Schema. closed forbids members that the schema does not describe, so that
// the test finds undescribed members of a report.
func compile(t *testing.T, source []byte, closed bool) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		closeObjects(parsed)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:schema", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:schema")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func closeObjects(v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			closeObjects(one)
		}
	case map[string]any:
		for _, one := range v {
			closeObjects(one)
		}
		if _, isObject := v["properties"].(map[string]any); isObject && v["type"] == "object" {
			v["additionalProperties"] = false
		}
	}
}

func validates(schema *jsonschema.Schema, report []byte) error {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		return err
	}
	return schema.Validate(parsed)
}

func TestReportMatchesItsSchema(t *testing.T) {
	t.Parallel()
	schema := compile(t, Schema, true)
	var b bytes.Buffer
	j := NewJSON(&b)
	feed(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := validates(schema, b.Bytes()); err != nil {
		t.Error(err)
	}
	// The test would detect a difference.
	for _, change := range [][2]string{
		{`"version": 2`, `"version": 1`}, {`"outcome": "known"`, `"outcome": "failed"`}, {`"until": "2026-12-31"`, `"until": "soon"`},
		{`"planned": 14`, `"plans": 12`}, {`"cause": "audience"`, `"case": "audience"`}, {`"severity": "high"`, `"severity": "grave"`}, {`"planned": 14`, `"extra": 1, "planned": 14`},
	} {
		broken := strings.Replace(b.String(), change[0], change[1], 1)
		if broken == b.String() || validates(schema, []byte(broken)) == nil {
			t.Errorf("%s in place of %s is not seen", change[1], change[0])
		}
	}
	for _, c := range cases(t) {
		if !slices.Contains(groups(t), string(c.Group)) {
			t.Fatalf("%s: group %s is not in the schema", c.ID, c.Group)
		}
	}
	b.Reset()
	if err := NewJSON(&b).Close(); err != nil || validates(schema, b.Bytes()) != nil {
		t.Errorf("an empty report: %v, %v", err, validates(schema, b.Bytes()))
	}
}

// groups returns the groups of cases that the schema lists.
func groups(t *testing.T) []string {
	t.Helper()
	var schema struct {
		Defs struct {
			Result struct {
				Properties struct{ Group struct{ Enum []string } }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Defs.Result.Properties.Group.Enum
}
