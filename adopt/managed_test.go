package adopt

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	entra "provision/emulator/directory"
	"provision/stack"
)

// TestEveryPropertyIsManaged: a property of Graph that manifests can declare is not reported as
// lost by an import.
func TestEveryPropertyIsManaged(t *testing.T) {
	t.Parallel()
	properties := func(of reflect.Type) (all []string) {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			all = append(all, name)
		}
		return all
	}
	graph := properties(reflect.TypeFor[entra.Application]())
	found := 0
	for _, name := range properties(reflect.TypeFor[stack.Application]()) {
		if name == "-" || !slices.Contains(graph, name) {
			continue
		}
		if found++; !slices.Contains(managed, name) {
			t.Errorf("manifests can declare %s, and managed does not have it", name)
		}
	}
	if found < 10 {
		t.Errorf("only %d properties were compared", found)
	}
}
