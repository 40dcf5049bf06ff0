package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
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

// documentsOf returns the documents of a stack, by the type of the entries of its lists.
func documentsOf(s *Stack) map[string]reflect.Value {
	lists := map[string]reflect.Value{}
	of := reflect.ValueOf(*s)
	for i := range of.NumField() {
		if f := of.Field(i); f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Pointer {
			lists[f.Type().Elem().Elem().Name()] = f
		}
	}
	return lists
}

// loadEveryKind loads a stack with a document of each kind.
func loadEveryKind(t *testing.T, stage Stage) *Stack {
	t.Helper()
	text := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: orders}\n"
	for _, kind := range slices.Sorted(maps.Keys(oneOfEachKind)) {
		text += fmt.Sprintf("---\napiVersion: provision/v1\nkind: %s\nmetadata: {name: o}\nspec: %s\n", kind, oneOfEachKind[kind])
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stacks, err := Load(dir, stage)
	if err != nil {
		t.Fatal(err)
	}
	return stacks[0]
}

// TestEveryKindIsRead: each kind of document becomes an entry of a list of Stack.
func TestEveryKindIsRead(t *testing.T) {
	t.Parallel()
	below := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return kind == "Stack" })
	if have := slices.Sorted(maps.Keys(oneOfEachKind)); !slices.Equal(have, below) {
		t.Fatalf("the test has a document of the kinds %v, and the kinds are %v", have, below)
	}
	lists := documentsOf(loadEveryKind(t, Stage{}))
	for _, kind := range below {
		if list, ok := lists[kind]; !ok || list.Len() != 1 {
			t.Errorf("no document of kind %s was read", kind)
		}
		delete(lists, kind)
	}
	if len(lists) > 0 {
		t.Errorf("no kind is read into the lists of %v", slices.Sorted(maps.Keys(lists)))
	}
}

// TestEveryKindOfAnEnvironment: the suffix of an environment is part of each display name.
func TestEveryKindOfAnEnvironment(t *testing.T) {
	t.Parallel()
	found := 0
	for kind, list := range documentsOf(loadEveryKind(t, Stage{Suffix: "pr-1"})) {
		if name := list.Index(0).Elem().FieldByName("DisplayName"); name.IsValid() {
			if found++; !strings.Contains(name.String(), "pr-1") {
				t.Errorf("%s of an environment has the display name %q", kind, name)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d kinds have a display name", found)
	}
}

// TestEveryKindForACustomer: a customer's tenant gets no document that does not name its target.
func TestEveryKindForACustomer(t *testing.T) {
	t.Parallel()
	s := loadEveryKind(t, Stage{})
	(&loaded{Stack: s}).forCustomer("production", "contoso")
	for kind, list := range documentsOf(s) {
		if list.Len() > 0 {
			t.Errorf("the customer gets a document of kind %s", kind)
		}
	}
}
