package provision_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// namedFile matches a file of the repository in backquotes.
	namedFile = regexp.MustCompile("`([\\w./-]*\\w\\.(?:go|json|yaml|tf|md))`")
	// namedPlace matches an identifier, optionally of a package or receiver, and its file.
	namedPlace = regexp.MustCompile("`(?:\\w+\\.)?(\\w+)`(?: \\(| in )`([\\w./-]+\\.(?:go|json))`")
	// additionRow matches a row of the table at the head of "How to add", and its places to edit.
	additionRow = regexp.MustCompile(`(?m)^\| \[?(?:a|an) [^|]*\|([^|]*)\|[^|]*\|$`)
	backquoted  = regexp.MustCompile("`([^`]+)`")
)

// absentFiles are files that architecture.md names and that are not part of the repository.
var absentFiles = map[string]bool{
	"provision.yaml": true, "recent.json": true, // of a user
	"stack.yaml": true, "people.yaml": true, "conformance.yaml": true, "outputs.yaml": true, // of a stack
	"main.tf": true, "variables.tf": true, "outputs.tf": true, // of a module
}

// TestNamedPlacesExist: each file that architecture.md names exists, and contains the identifier
// that the page places in it. In the table of additions, each file or folder is named by its whole
// path, and contains the identifiers that follow it.
func TestNamedPlacesExist(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	var files []string
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		files = append(files, "/"+filepath.ToSlash(path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// find returns the files with a name, which can have a part of the path in front.
	find := func(name string) (found []string) {
		for _, f := range files {
			if strings.HasSuffix(f, "/"+name) {
				found = append(found, f[1:])
			}
		}
		return found
	}
	for _, m := range namedFile.FindAllStringSubmatch(page, -1) {
		if !absentFiles[m[1]] && len(find(m[1])) == 0 {
			t.Errorf("there is no file %s", m[1])
		}
	}
	for _, m := range namedPlace.FindAllStringSubmatch(page, -1) {
		contains := false
		for _, f := range find(m[2]) {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			contains = contains || regexp.MustCompile(`\b`+m[1]+`\b`).Match(content)
		}
		if !contains {
			t.Errorf("%s does not contain %s", m[2], m[1])
		}
	}
	rows := additionRow.FindAllStringSubmatch(page, -1)
	if len(rows) < 14 {
		t.Fatalf("the table of additions has only %d rows", len(rows))
	}
	for _, row := range rows {
		var place string // the file, or a pattern for files, that was named last
		var content string
		for _, m := range backquoted.FindAllStringSubmatch(row[1], -1) {
			if !strings.ContainsAny(m[1], "./") {
				if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(content) {
					t.Errorf("%q does not contain %s", place, m[1])
				}
				continue
			}
			place, content = m[1], ""
			matches, err := filepath.Glob(place)
			if err != nil || len(matches) == 0 {
				t.Errorf("there is no file %s: %v", place, err)
				continue
			}
			if strings.HasSuffix(place, "/") {
				continue
			}
			for _, f := range matches {
				raw, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				content += string(raw)
			}
		}
		if place == "" {
			t.Errorf("the row names no file: %s", row[0])
		}
	}
}
