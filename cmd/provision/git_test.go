package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestIgnoreCommand: after the command of a warning, git ignores the file and what it ignored before.
func TestIgnoreCommand(t *testing.T) {
	t.Parallel()
	needs(t, "git")
	for name, c := range map[string]struct{ file, before string }{
		"no .gitignore":                 {"client.env", ""},
		"a last line without its break": {"client.env", "node_modules"},
		"a last line with its break":    {"client.env", "node_modules\n"},
		"spaces at the end":             {"client.env  ", "node_modules"},
		"characters of patterns":        {`a*[b]?\c`, "node_modules\n"},
		"a quote and a percent sign":    {`it's 100%s`, "node_modules\n"},
		"a comment":                     {"#secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run := func(args ...string) error {
				command := exec.Command(args[0], args[1:]...)
				command.Dir = dir
				return command.Run()
			}
			if err := run("git", "init", "-q"); err != nil {
				t.Fatal(err)
			}
			if c.before != "" {
				if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			command := ignoreCommand(dir, c.file)
			if err := run("sh", "-c", command); err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			for _, file := range []string{c.file, strings.TrimSpace(c.before)} {
				if file == "" {
					continue
				}
				if err := run("git", "check-ignore", "-q", "--", file); err != nil {
					t.Errorf("after `%s` git does not ignore %q", command, file)
				}
			}
			if err := run("git", "check-ignore", "-q", "--", "other"); err == nil {
				t.Errorf("after `%s` git ignores another file", command)
			}
		})
	}
}
