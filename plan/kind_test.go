package plan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestEveryKindHasAnEntry detects a kind without an entry in the table, even if no test creates
// such an object.
func TestEveryKindHasAnEntry(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if named, ok := spec.Type.(*ast.Ident); ok && named.Name == "Kind" {
			declared++
		}
		return true
	})
	if declared != len(kinds) {
		t.Errorf("%d kinds are declared and the table has %d", declared, len(kinds))
	}
	for _, k := range kinds {
		if len(k.actions) == 0 {
			t.Errorf("%s can have no action", k.name)
		}
		for name, a := range k.actions {
			s := Step{Action: name, Key: Key{k.name, "x"}, Stack: "s", FollowsDelete: true}
			if s.Permission() == "" && k.name != Terraform {
				t.Errorf("%s %s takes no permission", name, k.name)
			}
			if a.phase == free {
				t.Errorf("%s %s frees a name", name, k.name)
			}
		}
		if k.relation && k.actions[Delete].permission == "" {
			t.Errorf("a %s cannot be deleted", k.name)
		}
	}
}
