package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"provision/stack"
)

// published returns the schema as an editor compiles it: as a whole, not by kind.
func published(t *testing.T) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(stack.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:test", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func documents(t *testing.T, raw []byte) []any {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var all []any
	for {
		var v any
		if decoder.Decode(&v) != nil {
			return all
		}
		all = append(all, v)
	}
}

func TestSchemaAcceptsTheShippedManifests(t *testing.T) {
	t.Parallel()
	schema, n := published(t), 0
	err := filepath.WalkDir("../manifests", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, doc := range documents(t, raw) {
			n++
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s, document %d: %v", path, i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Fatal("no document was validated")
	}
}

func TestSchemaRejectsInvalidForms(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/mistakes/shape.txtar")
	if err != nil {
		t.Fatal(err)
	}
	schema, n := published(t), 0
	for _, f := range a.Files {
		if !strings.HasPrefix(f.Name, "wrong-") {
			continue
		}
		for _, doc := range documents(t, f.Data) {
			n++
			if schema.Validate(doc) == nil {
				t.Errorf("%s: the schema accepts it", f.Name)
			}
		}
	}
	if n == 0 {
		t.Fatal("no document was validated")
	}
}

// explains are words with which the description of a pattern states what is allowed.
var explains = regexp.MustCompile(`e\.g\. |letters|UUID|no spaces|https URL|OWNER/NAME|^The tenants`)

// TestPatternsAreExplained: the description of a property is the hint when its pattern does not
// match, so it must state what is allowed.
func TestPatternsAreExplained(t *testing.T) {
	t.Parallel()
	var schema any
	if err := json.Unmarshal(stack.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	n := 0
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			// The name of an entry has a hint in code.
			if _, ok := v["pattern"].(string); ok && !strings.HasSuffix(path, "/propertyNames") {
				n++
				if description, _ := v["description"].(string); !explains.MatchString(description) {
					t.Errorf("%s: %q does not say what is allowed", path, description)
				}
			}
			for name, child := range v {
				walk(path+"/"+name, child)
			}
		case []any:
			for i, child := range v {
				walk(fmt.Sprint(path, "/", i), child)
			}
		}
	}
	walk("", schema)
	if n < 40 {
		t.Errorf("%d patterns, want all", n)
	}
}
