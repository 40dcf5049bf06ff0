package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeTree makes a folder with a folder in it, and a file unless its name is "".
func makeTree(t *testing.T, dir, name, folder, file string) string {
	t.Helper()
	root := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
	if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if file == "" {
		return root
	}
	if err := os.WriteFile(filepath.Join(root, file), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// tree returns the files and empty folders below a folder.
func tree(t *testing.T, root string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		if e.IsDir() {
			below, err := os.ReadDir(path)
			if err != nil || len(below) > 0 {
				return err
			}
		}
		relative, err := filepath.Rel(root, path)
		all = append(all, filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
