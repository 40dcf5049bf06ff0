package stack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"provision/stack"
)

// published is the schema as an editor compiles it: as a whole, not by kind.
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
