package plan_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"provision/plan"
	"provision/stack"
)

// TestPlansMatchTheSchema: the test does not permit members that the schema does not
// describe.
func TestPlansMatchTheSchema(t *testing.T) {
	t.Parallel()
	schema := closedSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		before, after := []*stack.Stack{anyStack(t, "before")}, []*stack.Stack{anyStack(t, "after")}
		p, err := plan.Diff(after, applied(t, before, tenant()), options)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
	})
}

// closedSchema returns the schema of a plan without additional members.
func closedSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(plan.Schema))
	if err != nil {
		t.Fatal(err)
	}
	shut(parsed)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:plan", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("urn:plan")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// holdsSchema checks a plan in JSON against the schema.
func holdsSchema(t *testing.T, raw []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = closedSchema(t).Validate(document)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
}

// shut forbids members that a schema does not describe.
func shut(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, described := v["properties"]; described {
			v["additionalProperties"] = false
		}
		for _, e := range v {
			shut(e)
		}
	case []any:
		for _, e := range v {
			shut(e)
		}
	}
}

// TestASavedPlanIsComparedByObject: a difference names the object and its property.
func TestASavedPlanIsComparedByObject(t *testing.T) {
	t.Parallel()
	make := func(text string) *plan.Plan {
		p, err := plan.Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: text}}}}, tenant(), plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	raw, err := json.Marshal(plan.Saved{Version: plan.SavedVersion, Dir: "m", Plan: make("One")})
	if err != nil {
		t.Fatal(err)
	}
	var saved plan.SavedPlan
	if err := json.Unmarshal(raw, &saved); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"One": "", "Two": `application s.a: displayName was planned as "One" and would now be "Two"`} {
		differences, err := saved.Differences(make(text))
		if err != nil || len(differences) != len(want[:min(1, len(want))]) || want != "" && differences[0] != want {
			t.Errorf("%s: %q, %v; want %q", text, differences, err, want)
		}
	}
	other := make("One")
	other.Tenant.ID = "elsewhere"
	if differences, err := saved.Differences(other); err != nil || len(differences) != 1 {
		t.Errorf("another tenant: %q, %v", differences, err)
	}
}
