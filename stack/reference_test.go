package stack_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"provision/stack"
)

const (
	referenceFile  = "../docs/manifests.md"
	referenceBegin = "<!-- generated from stack/schema.json: begin -->\n"
	referenceEnd   = "<!-- generated from stack/schema.json: end -->\n"
)

// TestManifestReference compares docs/manifests.md with the schema. UPDATE=1 writes the generated
// part; the text around it is written by hand.
func TestManifestReference(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, began := strings.Cut(string(raw), referenceBegin)
	have, after, ended := strings.Cut(rest, referenceEnd)
	if !began || !ended {
		t.Fatalf("%s lacks the two lines between which the reference stands", referenceFile)
	}
	want := manifestReference(t, stack.Schema)
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(referenceFile, []byte(before+referenceBegin+want+referenceEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("%s differs from the schema; write it with UPDATE=1 go test -run TestManifestReference ./stack\n%s", referenceFile, diff)
	}
}

// field is a JSON Schema, with the keywords that the schema of manifests uses.
type field struct {
	Type          types
	Description   string
	Properties    properties
	Required      []string
	Items         *field
	Entries       entries `yaml:"additionalProperties"`
	Enum          []any
	MaxLength     int `yaml:"maxLength"`
	MinItems      int `yaml:"minItems"`
	MaxItems      int `yaml:"maxItems"`
	MinProperties int `yaml:"minProperties"`
	MaxProperties int `yaml:"maxProperties"`
	Minimum       int
	Maximum       int

	// Keywords that the reference omits: the text around it describes the general rules, and a
	// description explains a pattern in words.
	PropertyNames any  `yaml:"propertyNames"`
	UniqueItems   bool `yaml:"uniqueItems"`
	MinLength     int  `yaml:"minLength"`
	Pattern       string
	Const         string
	Ref           string `yaml:"$ref"`

	// One value or a list of such values.
	If   any
	Then *field
	Else *field
}

// types returns the permitted types of a value, usually one.
type types []string

func (t *types) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = types{n.Value}
		return nil
	}
	return n.Load((*[]string)(t))
}

func (t types) is(name string) bool { return len(t) == 1 && t[0] == name }

// entries returns the schema of the members of an object whose member names the author chooses,
// or nil.
type entries struct{ *field }

func (e *entries) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	e.field = &field{}
	return n.Load(e.field)
}

// properties returns the members of an object in the order of the schema, which a map would not
// keep.
type properties []property

type property struct {
	name string
	*field
}

func (p *properties) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		f := &field{}
		// The reference does not support this keyword: change this test.
		if err := n.Content[i+1].Load(f, yaml.WithKnownFields()); err != nil {
			return err
		}
		*p = append(*p, property{n.Content[i].Value, f})
	}
	return nil
}

func (p properties) get(t *testing.T, name string) *field {
	t.Helper()
	i := slices.IndexFunc(p, func(one property) bool { return one.name == name })
	if i < 0 {
		t.Fatalf("the schema has no %s", name)
	}
	return p[i].field
}

func manifestReference(t *testing.T, schema []byte) string {
	t.Helper()
	var whole struct {
		Definitions properties `yaml:"$defs"`
	}
	if err := yaml.Load(schema, &whole); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	name := whole.Definitions.get(t, "metadata").Properties.get(t, "name")
	fmt.Fprintf(&b, "\n`metadata.name` is required in every kind. %s\n", name.Description)
	b.WriteString("\n### metadata\n\n| below `metadata` | kinds | what it is |\n|---|---|---|\n")
	for _, row := range metadataRows(t, whole.Definitions) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.name, strings.Join(row.kinds, ", "), row.description)
	}
	for _, kind := range whole.Definitions {
		if kind.Properties == nil || !slices.ContainsFunc(kind.Properties, func(p property) bool { return p.name == "spec" }) {
			continue // part of other definitions
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", kind.name, kind.Description)
		b.WriteString("| below `spec` | type | what it is |\n|---|---|---|\n")
		kind.Properties.get(t, "spec").rows(&b, "", func(ref string) *field { return whole.Definitions.get(t, strings.TrimPrefix(ref, "#/$defs/")) })
	}
	b.WriteString("\n")
	return b.String()
}

// metadataRow is a property below metadata, with the kinds that have it.
type metadataRow struct {
	name, description string
	kinds             []string
}

func metadataRows(t *testing.T, definitions properties) (rows []metadataRow) {
	t.Helper()
	for _, kind := range definitions {
		if !slices.ContainsFunc(kind.Properties, func(p property) bool { return p.name == "metadata" }) {
			continue
		}
		ref := kind.Properties.get(t, "metadata").Ref
		for _, p := range definitions.get(t, strings.TrimPrefix(ref, "#/$defs/")).Properties {
			i := slices.IndexFunc(rows, func(r metadataRow) bool { return r.name == p.name && r.description == p.Description })
			if i < 0 {
				i, rows = len(rows), append(rows, metadataRow{p.name, p.Description, nil})
			}
			rows[i].kinds = append(rows[i].kinds, kind.name)
		}
	}
	return rows
}

// rows writes a line for each member of an object and its members.
func (f *field) rows(b *strings.Builder, prefix string, find func(ref string) *field) {
	for _, p := range f.Properties {
		path := prefix + p.name
		what := []string{p.Description}
		if slices.Contains(f.Required, p.name) {
			what = append(what, "**Required.**")
		}
		what = append(what, p.limits()...)
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", path, p.typeName(), strings.ReplaceAll(strings.Join(what, " "), "|", `\|`))
		for _, below := range []*field{p.field, p.Else} {
			if below != nil && below.Ref != "" && p.name != "metadata" {
				below = find(below.Ref)
			}
			if below != nil {
				below.rows(b, path+".", find)
			}
		}
		if p.Entries.field != nil {
			p.Entries.rows(b, path+".NAME.", find)
		}
		if p.Items != nil {
			p.Items.rows(b, path+"[].", find)
		}
	}
}

func (f *field) typeName() string {
	switch {
	case f.Else != nil:
		return "object or list of objects"
	case len(f.Type) == 2 && f.Type[1] == "array":
		return f.Type[0] + " or list of strings"
	case len(f.Type) == 0 && len(f.Enum) > 0:
		return "string"
	case f.Type.is("array") && f.Items.Type.is("object"):
		return "list of objects"
	case f.Type.is("array"):
		return "list of strings"
	case len(f.Type) == 0:
		return "any"
	}
	return strings.Join(f.Type, " or ")
}

// limits returns the rules of the schema, each as a sentence.
func (f *field) limits() []string {
	var all []string
	say := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(len(f.Enum) > 0, "One of %s.", choices(f.Enum))
	say(f.Maximum > 0, "From %d to %d.", f.Minimum, f.Maximum)
	say(f.Type.is("string") && f.MaxLength > 0 && !strings.Contains(f.Description, "at most"), "At most %d characters.", f.MaxLength)
	say(f.MinItems > 0, "At least %d.", f.MinItems)
	say(f.MaxItems > 0, "At most %d.", f.MaxItems)
	say(f.MaxProperties == 1 && f.MinProperties == 0, "At most one member.")
	say(f.MaxProperties == 1 && f.MinProperties == 1 && len(f.Type) > 1, "An object has exactly one member.")
	if f.Items != nil {
		say(len(f.Items.Enum) > 0, "Each one of %s.", choices(f.Items.Enum))
		say(!f.Items.Type.is("object") && f.Items.MaxLength > 0, "Each at most %d characters.", f.Items.MaxLength)
		say(f.Items.MaxProperties == 1, "Each with exactly one member.")
	}
	return all
}

func choices(values []any) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprintf("`%v`", v)
	}
	return strings.Join(all, ", ")
}
