package reconcile_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"provision/reconcile"
	"provision/reconcile/sink"
)

// TestWritten: provision recognizes the files that it wrote, also from another folder and for
// another target, and changes no other file.
func TestWritten(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	open := func(target string, overwrite bool) *reconcile.Written {
		t.Helper()
		w, err := reconcile.Keep{Dir: filepath.Join(root, ".provision", target)}.Written(overwrite)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	file := filepath.Join(root, "out", "client.env")
	put := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(want string) {
		t.Helper()
		if raw, err := os.ReadFile(file); err != nil || string(raw) != want {
			t.Fatalf("the file holds %q (%v), want %q", raw, err, want)
		}
	}
	wrote := func(changed bool, err error) {
		t.Helper()
		if err != nil || !changed {
			t.Fatalf("changed %t, %v; want a change", changed, err)
		}
	}
	refused := func(_ bool, err error) {
		t.Helper()
		var r *sink.Refused
		if !errors.As(err, &r) || r.Flag != "--overwrite" {
			t.Fatalf("%v; want a refusal that names --overwrite", err)
		}
	}
	put("theirs")
	refused(open("local", false).Write(file, "s", []byte("ours")))
	refused(open("local", false).Remove(file))
	holds("theirs")
	wrote(open("local", true).Write(file, "s", []byte("ours")))
	wrote(open("local", false).Write(file, "s", []byte("ours, too")))
	if changed, err := open("local", false).Write(file, "s", []byte("ours, too")); changed || err != nil {
		t.Errorf("written again: %t, %v", changed, err)
	}

	// The values of another target, and then the first ones again.
	wrote(open("staging", false).Write(file, "s", []byte("staging's")))
	if files, err := open("local", false).Others("s", nil); err != nil || len(files) != 0 {
		t.Errorf("local would remove %v (%v), which staging wrote", files, err)
	}
	wrote(open("local", false).Write(file, "s", []byte("local's")))
	if files, err := open("staging", false).Others("s", nil); err != nil || len(files) != 0 {
		t.Errorf("staging would remove %v (%v), which local wrote", files, err)
	}

	put("changed")
	refused(open("local", false).Write(file, "s", []byte("more")))
	refused(open("local", false).Remove(file))
	holds("changed")
	put("local's")
	if files, err := open("local", false).Others("another", nil); err != nil || len(files) != 0 {
		t.Errorf("the files of another stack are returned: %v, %v", files, err)
	}
	if files, err := open("local", false).Others("s", []string{file}); err != nil || len(files) != 0 {
		t.Errorf("a file that is declared is among the others: %v, %v", files, err)
	}

	// The folder is moved with its record.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(root, moved); err != nil {
		t.Fatal(err)
	}
	root, file = moved, filepath.Join(moved, "out", "client.env")
	files, err := open("local", false).Others("s", nil)
	if err != nil || len(files) != 1 || files[0] != file {
		t.Fatalf("the stack's files are %v (%v), want %s", files, err, file)
	}
	wrote(open("local", false).Remove(file))
	if files, err := open("local", false).Others("s", nil); err != nil || len(files) != 0 {
		t.Errorf("still known: %v, %v", files, err)
	}
}

// TestInterruptedWrite: the record is written before the file and names the old and the
// new content, so that either is recognized after a kill.
func TestInterruptedWrite(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	keep := reconcile.Keep{Dir: filepath.Join(root, ".provision", "local")}
	open := func() *reconcile.Written {
		t.Helper()
		w, err := keep.Written(false)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	file := filepath.Join(root, "a.env")
	if _, err := open().Write(file, "s", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := open().Expect(file, "s", []byte("two")); err != nil {
		t.Fatal(err)
	}
	for text, known := range map[string]bool{"one": true, "two": true, "three": false} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open().Check(file); (err == nil) != known {
			t.Errorf("%q: %v; known should be %t", text, err, known)
		}
	}
}

// TestWrittenInTwoProjectFolders: with one state and two project folders, each has a file of the
// same name; only a name that the manifests do not declare any more makes them superfluous.
func TestWrittenInTwoProjectFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	open := func(project string) *reconcile.Written {
		t.Helper()
		w, err := reconcile.Keep{Dir: filepath.Join(root, "state"), Sinks: sink.Access{Project: filepath.Join(root, project)}}.Written(false)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	path := func(project string) string { return filepath.Join(root, project, "out", "a.env") }
	for _, project := range []string{"one", "two", "two"} {
		if _, err := open(project).Write(path(project), "s", []byte(project)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		declared []string
		want     []string
	}{
		{"declared", []string{path("two")}, nil},
		{"renamed", []string{filepath.Join(root, "two", "b.env")}, []string{path("one"), path("two")}},
		{"no more", nil, []string{path("one"), path("two")}},
	} {
		if files, err := open("two").Others("s", c.declared); err != nil || !slices.Equal(files, c.want) {
			t.Errorf("%s: the other files are %v (%v), want %v", c.name, files, err, c.want)
		}
	}
}
