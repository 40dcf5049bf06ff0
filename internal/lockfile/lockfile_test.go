package lockfile

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// A lock on a file that was removed or replaced after it was opened does not count.
func TestTryLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, second := flock.New(path), flock.New(path)
	if locked, inPlace, err := TryLock(first); !locked || !inPlace || err != nil {
		t.Fatalf("free: %v %v %v", locked, inPlace, err)
	}
	if locked, _, err := TryLock(second); locked || err != nil {
		t.Fatalf("held: %v %v", locked, err)
	}
	if removed, err := RemoveStale(path); removed || err != nil {
		t.Fatalf("held: removed %v %v", removed, err)
	}
	// The second has opened the file by now, and the first removes it.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	first.Close()
	for _, replaced := range []bool{false, true} {
		if replaced {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if locked, inPlace, err := tryOpened(t, replaced); !locked || inPlace || err != nil {
			t.Errorf("replaced %v: %v %v %v", replaced, locked, inPlace, err)
		}
	}
	if removed, err := RemoveStale(path); !removed || err != nil {
		t.Errorf("stale: removed %v %v", removed, err)
	}
}

// tryOpened locks a file that was removed, and possibly replaced, after it was opened.
func tryOpened(t *testing.T, replaced bool) (locked, inPlace bool, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lock")
	f := flock.New(path)
	if ok, err := f.TryRLock(); !ok || err != nil { // a shared lock keeps the file open
		t.Fatal(ok, err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if replaced {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return TryLock(f)
}

// A process that creates its file while others remove stale files keeps it.
func TestRemoveStaleWithOtherProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	done := make(chan struct{})
	var removers sync.WaitGroup
	for range 4 {
		removers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				entries, _ := os.ReadDir(dir)
				for _, e := range entries {
					_, _ = RemoveStale(filepath.Join(dir, e.Name()))
				}
			}
		})
	}
	for n := range 300 {
		path := filepath.Join(dir, fmt.Sprint(n%3))
		f := flock.New(path)
		locked, inPlace, err := TryLock(f)
		for err == nil && !inPlace {
			f.Close()
			locked, inPlace, err = TryLock(f)
		}
		if !locked || err != nil {
			t.Fatal(locked, err)
		}
		if removed, err := RemoveStale(path); removed || err != nil {
			t.Fatalf("removed %v: %v", removed, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	close(done)
	removers.Wait()
}
