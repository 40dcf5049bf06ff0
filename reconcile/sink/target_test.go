package sink

import (
	"os"
	"path/filepath"
	"runtime"
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
