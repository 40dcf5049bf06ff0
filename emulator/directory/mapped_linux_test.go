package directory

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// resident returns how many bytes of a mapped file are in the memory of the process (proc(5),
// smaps).
func resident(t *testing.T, path string) (bytes int64) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case strings.Contains(words[0], "-"):
			mapped = strings.HasSuffix(lines.Text(), " "+path)
		case mapped && words[0] == "Rss:":
			kilobytes, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			bytes += kilobytes << 10
		}
	}
	return bytes
}

func TestStoreIsNotInMemory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { d.Close() }()
	fillWith(t, d, 1000)
	about := func(when string) {
		file, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if held := resident(t, path); held > file.Size()/4 {
			t.Errorf("%s: %d bytes of the file's %d are held", when, held, file.Size())
		} else {
			t.Logf("%s: %d bytes of the file's %d are held", when, held, file.Size())
		}
	}
	about("written")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(path, Seed{}, clock); err != nil {
		t.Fatal(err)
	}
	about("read")
}
