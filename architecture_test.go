// Package provision_test checks the sources against docs/architecture.md.
package provision_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const module = "provision"

// mayImport lists the packages of provision that a package may import. It applies to all files
// except tests. A folder with Go code that is neither here nor in leaves is a mistake.
var mayImport = map[string][]string{
	"stack":               {},
	"graph":               {},
	"terraform":           {},
	"ci":                  {},
	"manifests":           {},
	"conformance/forge":   {},
	"reference-api/token": {},
	"emulator/directory":  {"internal/microsoft"},
	"emulator/arm":        {"internal/microsoft"},
	"emulator/faults":     {},
	"emulator/odata":      {},

	"policy":                   {"stack", "internal/display"},
	"status":                   {"graph", "plan", "stack"},
	"plan":                     {"stack", "internal/display", "internal/microsoft"},
	"adopt":                    {"graph", "stack", "plan", "reconcile", "internal/microsoft"},
	"reconcile":                {"graph", "stack", "plan", "reconcile/sink", "internal/microsoft"},
	"reconcile/sink":           {"internal/lockfile", "stack"},
	"reconcile/sink/sinktest":  {},
	"emulator/graphapi":        {"emulator/directory", "emulator/odata", "internal/microsoft"},
	"emulator/login":           {"emulator/directory", "internal/microsoft"},
	"emulator/proxy":           {},
	"emulator":                 {"emulator/...", "internal/microsoft"},
	"emulator/emulatortest":    {"emulator", "emulator/..."},
	"conformance":              {"conformance/forge", "stack"},
	"conformance/report":       {"conformance", "internal/display"},
	"conformance/openapi":      {"stack"},
	"reference-api":            {"reference-api/token"},
	"reference-api/scenario":   {"reference-api", "reference-api/token"},
	"output":                   {},
	"doctor":                   {"graph", "plan", "stack"},
	"signin":                   {"conformance", "reconcile/sink"},
	"protected":                {"conformance", "plan", "stack"},
	"localtenant":              {"conformance", "emulator", "emulator/faults", "graph", "internal/display", "internal/lockfile", "reconcile", "reconcile/sink"},
	"cmd/provision":            {"..."},
	"cmd/provision/acceptance": {},
	"internal/background":      {},
	"internal/browsertest":     {},
	"internal/display":         {},
	"internal/lockfile":        {},
	"internal/nettest":         {},
	"internal/microsoft":       {},
}

// leaves may import every package, and no package imports them.
var leaves = []string{"examples", "bench"}

// separate are pairs of packages that share no code of provision, directly or indirectly.
var separate = [][2]string{
	{"emulator/login", "conformance/forge"},
	{"emulator/login", "reference-api/token"},
	{"conformance/forge", "reference-api/token"},
	{"graph", "emulator"},
	{"graph", "emulator/directory"},
	{"graph", "emulator/graphapi"},
	{"graph", "emulator/login"},
	{"conformance", "emulator"},
	{"conformance", "emulator/login"},
}

// onlyFile is the one Go file that a folder of other files may contain.
var onlyFile = map[string]string{"manifests": "embed.go"}

// file is a Go file that is not a test, with the packages of provision that it imports.
type file struct {
	name    string // path from the root of the module
	imports []string
}

func TestImportsFollowTheMap(t *testing.T) {
	t.Parallel()
	packages, err := survey(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(packages["stack"]) == 0 {
		t.Fatal("no Go file found in stack/: the survey looks in the wrong place")
	}
	for _, fault := range faults(packages) {
		t.Error(fault)
	}
}

// survey parses the import clauses of every Go file below root, by folder.
func survey(root fs.FS) (map[string][]file, error) {
	packages := map[string][]file{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")) {
				return fs.SkipDir // like the go command
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{name: name}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if pkg, ours := strings.CutPrefix(imported, module+"/"); ours {
				f.imports = append(f.imports, pkg)
			}
		}
		packages[path.Dir(name)] = append(packages[path.Dir(name)], f)
		return nil
	})
	return packages, err
}

// faults returns the violations of the map, sorted.
func faults(packages map[string][]file) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		allowed, known := mayImport[pkg]
		if !known && !isLeaf(pkg) {
			add("%s: folder %s holds Go code and is not on the map: give it a line in mayImport and in docs/architecture.md", packages[pkg][0].name, pkg)
			continue
		}
		for _, f := range packages[pkg] {
			if only, ok := onlyFile[pkg]; ok && path.Base(f.name) != only {
				add("%s: %s may hold no Go file but %s", f.name, pkg, only)
			}
			for _, imported := range f.imports {
				switch {
				case isLeaf(imported):
					add("%s: %s is a leaf, which nobody may import", f.name, imported)
				case known && !matches(allowed, imported):
					add("%s: %s may import %s, but not %s", f.name, pkg, list(allowed), imported)
				}
			}
		}
	}
	for _, pair := range separate {
		a, b := reach(packages, pair[0]), reach(packages, pair[1])
		for _, pkg := range slices.Sorted(maps.Keys(a)) {
			if _, both := b[pkg]; both {
				add("%s and %s are to share no code, but meet in %s (%s; %s)", pair[0], pair[1], pkg, a[pkg], b[pkg])
			}
		}
	}
	return all
}

func isLeaf(pkg string) bool {
	top, _, _ := strings.Cut(pkg, "/")
	return slices.Contains(leaves, top)
}

func matches(allowed []string, pkg string) bool {
	return slices.ContainsFunc(allowed, func(pattern string) bool {
		below, wild := strings.CutSuffix(pattern, "...")
		return pattern == pkg || wild && strings.HasPrefix(pkg, below)
	})
}

func list(allowed []string) string {
	if len(allowed) == 0 {
		return "nothing of ours"
	}
	return strings.Join(allowed, ", ")
}

// reach returns every package that pkg imports directly or indirectly, with the path to it.
func reach(packages map[string][]file, pkg string) map[string]string {
	ways := map[string]string{pkg: pkg}
	for queue := []string{pkg}; len(queue) > 0; queue = queue[1:] {
		for _, f := range packages[queue[0]] {
			for _, imported := range f.imports {
				if _, seen := ways[imported]; !seen {
					ways[imported] = ways[queue[0]] + " → " + imported
					queue = append(queue, imported)
				}
			}
		}
	}
	return ways
}

func TestMapReportsForbiddenImports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		source map[string]string // path → imported packages of provision
		want   []string
	}{
		{"what is allowed", map[string]string{
			"plan/a.go": "stack", "cmd/provision/a.go": "reference-api/token", "emulator/a.go": "emulator/login", "bench/speed/a.go": "plan",
		}, nil},
		{"an import that is not on the map", map[string]string{"plan/a.go": "graph"},
			[]string{"plan/a.go: plan may import stack, internal/display, internal/microsoft, but not graph"}},
		{"an import into a package that may import nothing", map[string]string{"stack/a.go": "plan"},
			[]string{"stack/a.go: stack may import nothing of ours, but not plan"}},
		{"a folder that is not on the map", map[string]string{"utils/a.go": ""},
			[]string{"utils/a.go: folder utils holds Go code and is not on the map: give it a line in mayImport and in docs/architecture.md"}},
		{"a second program", map[string]string{"cmd/other/a.go": ""},
			[]string{"cmd/other/a.go: folder cmd/other holds Go code and is not on the map: give it a line in mayImport and in docs/architecture.md"}},
		{"Go code at the root", map[string]string{"a.go": ""},
			[]string{"a.go: folder . holds Go code and is not on the map: give it a line in mayImport and in docs/architecture.md"}},
		{"a leaf that is imported", map[string]string{"cmd/provision/a.go": "bench/speed"},
			[]string{"cmd/provision/a.go: bench/speed is a leaf, which nobody may import"}},
		{"more Go among the manifests", map[string]string{"manifests/embed.go": "", "manifests/more.go": ""},
			[]string{"manifests/more.go: manifests may hold no Go file but embed.go"}},
		{"tests and test data", map[string]string{"stack/a_test.go": "graph", "stack/testdata/a.go": "graph", ".hidden/a.go": "graph"}, nil},
		{"two that mint and check with the same code", map[string]string{
			"emulator/login/a.go": "emulator/directory", "emulator/directory/a.go": "jose", "reference-api/token/a.go": "jose", "jose/a.go": "",
		}, []string{
			"emulator/directory/a.go: emulator/directory may import internal/microsoft, but not jose",
			"jose/a.go: folder jose holds Go code and is not on the map: give it a line in mayImport and in docs/architecture.md",
			"reference-api/token/a.go: reference-api/token may import nothing of ours, but not jose",
			"emulator/login and reference-api/token are to share no code, but meet in jose (emulator/login → emulator/directory → jose; reference-api/token → jose)",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{}
			for name, imported := range test.source {
				source := "package p\n"
				if imported != "" {
					source += fmt.Sprintf("import _ %q\n", module+"/"+imported)
				}
				root[name] = &fstest.MapFile{Data: []byte(source)}
			}
			packages, err := survey(root)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, faults(packages)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestProgramWithoutTheModelsOfTheSDK: the generated models of msgraph-sdk-go would
// add 25 MB to the program (docs/decisions/part-of-the-sdk.md).
func TestProgramWithoutTheModelsOfTheSDK(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "./cmd/provision").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "github.com/microsoftgraph/msgraph-sdk-go-core\n") {
		t.Errorf("the list of the packages of cmd/provision does not have the core of the SDK: %d bytes", len(out))
	}
	for name := range strings.Lines(string(out)) {
		if strings.HasPrefix(name, "github.com/microsoftgraph/msgraph-sdk-go/") {
			t.Errorf("cmd/provision contains %s", name)
		}
	}
}
