package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestChecksOfOutputFilesChangeNothing: the check whether the file of a flag is writable does not
// change existing files.
func TestChecksOfOutputFilesChangeNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	for name, check := range map[string]func(flag, path string) error{"in place": checkOutputFile, "private": checkPrivateFile} {
		dir := t.TempDir()
		path := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
		for _, err := range []error{
			os.Mkdir(path("folder"), 0o700),
			os.WriteFile(path("file"), []byte("text"), 0o600),
			os.Symlink("file", path("to-file")),
			os.Symlink(path("folder", "new"), path("to-nothing")),
			os.Symlink("to-nothing", path("to-link")),
			os.Symlink(path("missing", "new"), path("to-no-folder")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for file, want := range map[string]string{
			"file": "", "new": "", "to-file": "", "to-nothing": "", "to-link": "",
			"folder":       "is a folder",
			"missing/new":  "missing does not exist",
			"to-no-folder": "missing does not exist",
			"file/new":     "is not a folder",
		} {
			err := check("out", path(file))
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, new(usage))) {
				t.Errorf("%s: %s: the error is %v, want one of usage with %q", name, file, err, want)
			}
		}
		var left []string
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if got := strings.Join(left, " "); err != nil || got != "file folder to-file to-link to-no-folder to-nothing" {
			t.Errorf("%s: the folder contains %s (%v)", name, got, err)
		}
		if inside, err := os.ReadDir(path("folder")); err != nil || len(inside) > 0 {
			t.Errorf("%s: the target of a link was created: %v (%v)", name, inside, err)
		}
		if text, err := os.ReadFile(path("file")); err != nil || string(text) != "text" {
			t.Errorf("%s: the file contains %q (%v)", name, text, err)
		}
	}
}
