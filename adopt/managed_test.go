package adopt

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	entra "provision/emulator/directory"
	"provision/stack"
)

// TestEveryPropertyIsManaged: a property of Graph that manifests can declare is not reported as
// lost by an import, and the export for the azuread provider writes it or reports that it cannot.
func TestEveryPropertyIsManaged(t *testing.T) {
	t.Parallel()
	properties := func(of reflect.Type) (all []string) {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			all = append(all, name)
		}
		return all
	}
	files, err := filepath.Glob("azuread*.go")
	if err != nil {
		t.Fatal(err)
	}
	var export strings.Builder
	for _, name := range files {
		if raw, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		} else if !strings.HasSuffix(name, "_test.go") {
			export.Write(raw)
		}
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
		if !strings.Contains(export.String(), strconv.Quote(name)) {
			t.Errorf("azuread*.go does not write %s, and unsaid does not have it", name)
		}
	}
	if found < 10 {
		t.Errorf("only %d properties were compared", found)
	}
}
