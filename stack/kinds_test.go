package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// oneOfEachKind contains a document of each kind below a Stack.
var oneOfEachKind = map[string]string{
	"Application": "{displayName: API, publicClient: {redirectUris: ['http://localhost']}, api: {oauth2PermissionScopes: [{value: read, type: User, adminConsentDisplayName: R, adminConsentDescription: R}]}}",
	"Conformance": "{resource: o, client: o, endpoints: [{request: GET /a, requires: {scopes: [read]}}]}",
	"Group":       "{displayName: Sales}",
	"Output":      "{file: a.env, values: {TENANT: '${tenant.id}'}}",
	"Terraform":   "{module: key-vault}",
	"User":        "{displayName: Ada, userPrincipalName: 'ada@${tenant.domain}'}",
}

// TestEveryKindIsRead: each kind of document becomes an entry of a list of Stack.
func TestEveryKindIsRead(t *testing.T) {
	t.Parallel()
	below := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return kind == "Stack" })
	if have := slices.Sorted(maps.Keys(oneOfEachKind)); !slices.Equal(have, below) {
		t.Fatalf("the test has a document of the kinds %v, and the kinds are %v", have, below)
	}
	text := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: orders}\n"
	for _, kind := range below {
		text += fmt.Sprintf("---\napiVersion: provision/v1\nkind: %s\nmetadata: {name: o}\nspec: %s\n", kind, oneOfEachKind[kind])
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stacks, err := Load(dir, Stage{})
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]int{} // of documents, by the type of their entries
	of := reflect.ValueOf(*stacks[0])
	for i := range of.NumField() {
		if f := of.Field(i); f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Pointer {
			lists[f.Type().Elem().Elem().Name()] = f.Len()
		}
	}
	for _, kind := range below {
		if lists[kind] != 1 {
			t.Errorf("%d documents of kind %s were read", lists[kind], kind)
		}
		delete(lists, kind)
	}
	if len(lists) > 0 {
		t.Errorf("no kind is read into the lists of %v", slices.Sorted(maps.Keys(lists)))
	}
}
