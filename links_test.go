package provision_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// lineLink is a link to a line of a file; the text of the link is the content of the line.
var lineLink = regexp.MustCompile("\\[`([^`]+)`\\]\\(([^)#]+)#L(\\d+)\\)")

// fileLink is a link to a file of the repository.
var fileLink = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)

// TestLinksToLines: the text of each link to a line is in that line. UPDATE=1 sets the line
// numbers.
func TestLinksToLines(t *testing.T) {
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := lineLink.ReplaceAllStringFunc(string(raw), func(link string) string {
			m := lineLink.FindStringSubmatch(link)
			lines, err := readLines(filepath.Join(filepath.Dir(page), m[2]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				return link
			}
			i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, m[1]) })
			if i < 0 {
				t.Errorf("%s: %s has no line with %q", page, m[2], m[1])
				return link
			}
			return fmt.Sprintf("[`%s`](%s#L%d)", m[1], m[2], i+1)
		})
		if text == string(raw) {
			continue
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("%s links to lines that have moved; UPDATE=1 go test -run TestLinksToLines .", page)
		} else if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLinksToFiles: every file that a page links to exists.
func TestLinksToFiles(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fileLink.FindAllStringSubmatch(string(raw), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "manifests/*/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 10 {
		t.Fatalf("only %q", all)
	}
	return all
}

func readLines(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	return strings.Split(string(raw), "\n"), err
}

// TestNamedTestsExist: every test or script that a page names exists.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		known[filepath.Base(path)] = true
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllStringSubmatch(string(raw), -1) {
			known[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedTest.FindAllStringSubmatch(string(raw), -1) {
			if !known[m[1]] {
				t.Errorf("%s names %s, which does not exist", page, m[1])
			}
		}
	}
}

var (
	testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	namedTest    = regexp.MustCompile("`(Test[A-Z]\\w+|\\w+\\.txtar|\\w+_test\\.go)`")
)
