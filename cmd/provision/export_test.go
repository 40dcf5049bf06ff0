package main

import (
	"os"
	"path/filepath"
	"testing"

	"provision/adopt"
)

// TestWriteBelowDoesNotOverwrite: two imports into one folder do not mix their files, and a link
// is not followed.
func TestWriteBelowDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside.yaml")
	files := []adopt.File{{Path: "certificates/a.pem", Content: []byte("a")}, {Path: "stack.yaml", Content: []byte("mine")}}
	if written, err := writeBelow(dir, files); err != nil || len(written) != 2 {
		t.Fatal(written, err)
	}
	if _, err := writeBelow(dir, []adopt.File{{Path: "stack.yaml", Content: []byte("other")}}); err == nil {
		t.Error("a file was replaced")
	}
	if got, err := os.ReadFile(filepath.Join(dir, "stack.yaml")); string(got) != "mine" {
		t.Error(string(got), err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "orders.yaml")); err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if _, err := writeBelow(dir, []adopt.File{{Path: "orders.yaml"}}); err == nil {
		t.Error("a link was followed")
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file outside the folder was written")
	}
}
