package provision_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestDependenciesAreExplained: each module that provision imports has a line in
// docs/decisions/dependencies.md with the reason.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	explained, err := os.ReadFile("docs/decisions/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	required := requiredModules(t)
	users := map[string]string{} // module → a file that imports it
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if m := moduleOf(path, required); m != "" {
				users[m] = name
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(users) == 0 {
		t.Fatal("no import of any required module was found")
	}
	for m, user := range users {
		if !strings.Contains(string(explained), "| `"+m+"` |") {
			t.Errorf("%s imports %s, which has no line in docs/decisions/dependencies.md", user, m)
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+) v\S+`)

func requiredModules(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range requirement.FindAllStringSubmatch(string(raw), -1) {
		all = append(all, m[1])
	}
	return all
}

// moduleOf returns the longest of modules that is a prefix of a package's path.
func moduleOf(path string, modules []string) string {
	found := ""
	for _, m := range modules {
		if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(found) {
			found = m
		}
	}
	return found
}
