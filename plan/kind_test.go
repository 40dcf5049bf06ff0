package plan

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
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
			if _, known := wider[a.permission]; a.permission != "" && !known {
				t.Errorf("%s is not in wider", a.permission)
			}
			if a.phase == free {
				t.Errorf("%s %s frees a name", name, k.name)
			}
		}
		if comparisons[k.name] == nil && k.name != Password {
			t.Errorf("nothing plans a declared %s", k.name)
		}
		if k.object == k.relation && !slices.Contains([]Kind{ServicePrincipal, Password, Terraform}, k.name) {
			t.Errorf("a %s is either an object or a relation", k.name)
		}
		if k.relation && k.actions[Delete].permission == "" {
			t.Errorf("a %s cannot be deleted", k.name)
		}
	}
}

// TestEveryKindIsInTheSchema: saved plans and `-o json` can name every kind.
func TestEveryKindIsInTheSchema(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	want := make([]any, len(kinds))
	for i, k := range kinds {
		want[i] = string(k.name)
	}
	lists := 0
	var search func(any)
	search = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if names, ok := v["enum"].([]any); ok && slices.Contains(names, any(string(ServicePrincipal))) {
				lists++
				if diff := cmp.Diff(want, names); diff != "" {
					t.Errorf("kinds in schema.json (-want +got):\n%s", diff)
				}
			}
			for _, member := range v {
				search(member)
			}
		case []any:
			for _, entry := range v {
				search(entry)
			}
		}
	}
	search(document)
	if lists != 3 {
		t.Errorf("schema.json has %d lists of kinds, want 3", lists)
	}
}

// TestDeployerCanCreateEveryKind: the permissions of a deployer are sufficient to create each kind
// of object of a stack that declares all of them.
func TestDeployerCanCreateEveryKind(t *testing.T) {
	t.Parallel()
	held := DeployerPermissions([]*stack.Stack{{
		Name:  "orders",
		Users: []*stack.User{{Name: "ada"}},
		Groups: []*stack.Group{
			{Name: "sales", Members: []stack.Member{{User: "ada"}}},
		},
		Applications: []*stack.Application{{
			Name:            "api",
			RoleAssignments: []stack.RoleAssignment{{Role: "Orders.Read"}},
			Permissions:     []stack.Permission{{Scopes: []string{"read"}, AdminConsent: true}},
		}},
	}})
	for _, k := range kinds {
		need := k.actions[Create].permission
		if need != "" && len(Lacking([]string{need}, held)) > 0 {
			t.Errorf("DeployerPermissions does not include %s, which creates a %s", need, k.name)
		}
	}
}
