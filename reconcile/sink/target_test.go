package sink

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestWritePrivateKeepsLinks: a write does not replace a symbolic link, even if its target does
// not exist yet.
func TestWritePrivateKeepsLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege")
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second"} {
		if err := WritePrivate(link, []byte(text)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(link)
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link is %v (%v)", info.Mode(), err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "target")); err != nil || string(got) != text {
			t.Errorf("the target contains %q (%v)", got, err)
		}
	}
}

// TestLongNames: a file whose name is as long as the system permits can be written and removed.
func TestLongNames(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 240, 241, 255} {
		name := filepath.Join(t.TempDir(), strings.Repeat("f", length))
		if err := Writable(name); err != nil {
			t.Errorf("%d: writable: %v", length, err)
		}
		for _, text := range []string{"first", "second"} {
			if err := WritePrivate(name, []byte(text)); err != nil {
				t.Errorf("%d: write: %v", length, err)
			}
			if got, err := os.ReadFile(name); err != nil || string(got) != text {
				t.Errorf("%d: the file contains %q (%v)", length, got, err)
			}
		}
		if removed, err := Remove(name); err != nil || !removed {
			t.Errorf("%d: removed %t, %v", length, removed, err)
		}
	}
	if name := filepath.Join(t.TempDir(), strings.Repeat("f", 256)); Writable(name) == nil {
		t.Error("a longer name counts as writable")
	}
}
