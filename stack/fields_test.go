package stack

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryPropertyIsDecoded: the structs of the documents have exactly the properties of the
// schema. A property that only the schema has would be ignored without a mistake.
func TestEveryPropertyIsDecoded(t *testing.T) {
	t.Parallel()
	var document struct {
		Definitions map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &document); err != nil {
		t.Fatal(err)
	}
	decoder := reflect.TypeFor[json.Unmarshaler]()
	compared := 0
	var compare func(path string, schema any, of reflect.Type)
	compare = func(path string, schema any, of reflect.Type) {
		node, _ := schema.(map[string]any)
		if ref, ok := node["$ref"].(string); ok {
			node, _ = document.Definitions[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		for of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Slice {
			compare(path+"[]", node["items"], of.Elem())
			return
		}
		properties, _ := node["properties"].(map[string]any)
		if of.Kind() != reflect.Struct || properties == nil || reflect.PointerTo(of).Implements(decoder) {
			return
		}
		compared++
		fields := jsonFields(of)
		if strings.HasSuffix(path, ".cleanup") {
			delete(fields, "capture") // only setup has it
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(fields))); diff != "" {
			t.Errorf("%s (-schema.json +%s):\n%s", path, of, diff)
		}
		for name, field := range fields {
			compare(path+"."+name, properties[name], field)
		}
	}
	for kind, spec := range map[string]reflect.Type{
		"Application": reflect.TypeFor[Application](), "User": reflect.TypeFor[User](), "Group": reflect.TypeFor[Group](),
		"Conformance": reflect.TypeFor[Conformance](), "Output": reflect.TypeFor[Output](), "Terraform": reflect.TypeFor[Terraform](),
	} {
		definition, _ := document.Definitions[kind].(map[string]any)
		properties, _ := definition["properties"].(map[string]any)
		compare(kind, properties["spec"], spec)
	}
	if compared < 15 {
		t.Errorf("only %d structs were compared", compared)
	}
}

// jsonFields returns the types of a struct's fields by their JSON names.
func jsonFields(of reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(fields, jsonFields(f.Type))
		case name != "-" && f.IsExported():
			fields[name] = f.Type
		}
	}
	return fields
}
