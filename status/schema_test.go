package status_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"provision/status"
)

// TestSchema: the schema describes every member of status. In the test it permits no other
// members.
func TestSchema(t *testing.T) {
	t.Parallel()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(status.Schema))
	if err != nil {
		t.Fatal(err)
	}
	shut(parsed)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:status", parsed); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("urn:status")
	signedIn, days := now, -1
	full := status.Stack{Name: "shop-pr-1", Environment: "pr-1", Expires: &signedIn, Owns: map[string]int{"user": 1},
		Objects:     []status.Object{{Kind: "application", Name: "shop.api", DisplayName: "Shop", AppID: "a", LastSignIn: &signedIn}},
		Users:       []status.User{{ID: "u", UserPrincipalName: "ada@contoso.example", Enabled: true, Roles: []string{}, Password: "passwords.json", LastSignIn: &signedIn}},
		Credentials: []status.Credential{{Application: "shop.api", Kind: "secret", Name: "app", KeyID: "k", Expires: &signedIn, Days: &days, State: "expired", Kept: "app.json"}}}
	for name, stacks := range map[string][]status.Stack{
		"nothing": {}, "an empty stack": status.Of(state(), []string{"later"}, status.Kept{}, now), "all": status.Of(state(), nil, status.Kept{}, now.Add(365*24*time.Hour)), "every member": {full},
	} {
		raw, err := json.Marshal(map[string]any{"stacks": stacks, "signIns": "read"})
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, raw)
		}
	}
	if err := schema.Validate(map[string]any{"stacks": []any{map[string]any{"name": "shop"}}, "signIns": "read"}); err == nil {
		t.Error("a stack without its members is accepted")
	}
}

// shut forbids additional members in every object of a schema that has properties.
func shut(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, ok := s["properties"]; ok && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for _, below := range s {
			shut(below)
		}
	case []any:
		for _, below := range s {
			shut(below)
		}
	}
}
