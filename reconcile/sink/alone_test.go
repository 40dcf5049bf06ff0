package sink

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"provision/stack"
)

// TestConcurrentWrites: processes that change the same file at once lose no line, and leave no other file.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.env")
	if err := os.WriteFile(file, []byte("MINE=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			own := env{stack.EnvSink{File: file, Key: "KEY" + strconv.Itoa(i)}}
			for n := range 25 {
				if err := own.Write(t.Context(), Secret{SecretText: strconv.Itoa(n)}); err != nil {
					t.Error(err)
				}
				if removed, err := RemoveEmpty(file); removed || err != nil {
					t.Errorf("removed %t, %v", removed, err)
				}
			}
		})
	}
	writers.Wait()
	raw, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(raw), "MINE=1\n") || strings.Count(string(raw), "=24\n") != 4 || strings.Count(string(raw), "\n") != 5 {
		t.Errorf("the file contains %q (%v)", raw, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("the folder contains %v (%v)", entries, err)
	}
}

// TestRemoveFollowsLinks: the value is removed from the file that a symbolic link names.
func TestRemoveFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	if err := WritePrivate(link, []byte("a secret")); err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(link); !removed || err != nil {
		t.Errorf("removed %t, %v", removed, err)
	}
	for _, file := range []string{target, link} {
		if _, err := os.Lstat(file); !os.IsNotExist(err) {
			t.Errorf("%s is still there (%v)", file, err)
		}
	}
}

// TestFolderError: an error names the folder, and not the temporary file, if the caller may not write to the folder.
func TestFolderError(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "writer.json")
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"the lock":       {&fs.PathError{Op: "open", Path: lockOf(name), Err: syscall.EACCES}, "folder " + filepath.Dir(name) + " cannot be written to: permission denied"},
		"another folder": {&fs.PathError{Op: "open", Path: "/x/y", Err: syscall.EACCES}, "open /x/y: permission denied"},
		"another error":  {&fs.PathError{Op: "open", Path: lockOf(name), Err: syscall.EIO}, "open " + lockOf(name) + ": input/output error"},
	} {
		if got := folderError(name, c.err).Error(); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}
