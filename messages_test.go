package provision_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// messagePhrases are expressions that messages do not use, in addition to phrases.
var messagePhrases = map[string]string{
	`\bholds? (no|a|an|the|only)\b`:                                               "contain",
	`\bis no (JSON|list|URL|URI|GUID|record|duration|port|number|pattern|name)\b`: "is not a",
	`\bof its own([:;,.]|$)`:                                                      "separate",
	`\bis there already\b`:                                                        "already exists",
	`\bcannot stand\b`:                                                            "cannot be used",
	`\btaken? away\b`:                                                             "removed, deleted",
	`\bunder way\b`:                                                               "in progress",
	`\bknown too\b`:                                                               "also supported",
	`\bbeside the local\b`:                                                        "another local tenant",
	`\bstands? (here|there)\b`:                                                    "is",
}

// TestPlainMessages: the messages, hints and help texts of the program do not contain these
// phrases.
func TestPlainMessages(t *testing.T) {
	t.Parallel()
	all := maps.Clone(phrases)
	maps.Copy(all, messagePhrases)
	compiled := make(map[*regexp.Regexp]string, len(all))
	for phrase, instead := range all {
		compiled[regexp.MustCompile(phrase)] = instead
	}
	for _, path := range sourceFiles(t) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil || strings.Count(text, " ") < 2 {
				return true
			}
			for phrase, instead := range compiled {
				if found := phrase.FindString(text); found != "" {
					t.Errorf("%s: %q: %s", set.Position(literal.Pos()), found, instead)
				}
			}
			return true
		})
	}
}

// sourceFiles returns the Go files of the repository, without tests and their data.
func sourceFiles(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
