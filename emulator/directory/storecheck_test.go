package directory

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is the file of a directory with a few objects in it.
func written(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		err := d.Update(func(tx *Tx) error {
			_, err := tx.CreateApplication(&Application{DisplayName: strings.Repeat("x", 200)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// opened opens a store with a content, and tells what came of it.
func opened(t *testing.T, content []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "directory.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		if after, _ := os.ReadFile(path); string(after) != string(content) {
			t.Error("a store that cannot be opened was changed")
		}
		return err
	}
	for range d.View().Applications() {
	}
	return d.Close()
}

func TestADamagedStoreIsAnError(t *testing.T) {
	t.Parallel()
	whole := written(t)
	if err := opened(t, whole); err != nil {
		t.Fatal(err)
	}
	zeroed := append([]byte{}, whole...)
	clear(zeroed[2*os.Getpagesize():])
	for name, content := range map[string][]byte{
		"empty":            {},
		"text":             []byte("not a store\n"),
		"zeros":            make([]byte, len(whole)),
		"cut in half":      whole[:len(whole)/2],
		"one page":         whole[:os.Getpagesize()],
		"two pages":        whole[:2*os.Getpagesize()],
		"without its data": zeroed,
	} {
		err := opened(t, content)
		if !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line that says it is damaged", name, err)
		}
	}
	// A folder in the place of the file.
	path := filepath.Join(t.TempDir(), "directory.db")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Seed{}, clock); !errors.Is(err, ErrDamaged) {
		t.Errorf("a folder: %v", err)
	}
}

// raceDetector tells whether the tests run with -race.
var raceDetector bool

// TestAnyDamageIsAnError scribbles over a store: whatever it does, the process
// goes on.
func TestAnyDamageIsAnError(t *testing.T) {
	if raceDetector {
		t.Skip("bbolt reads pages in a goroutine of its own, which races with its rollback when a damaged page makes it panic")
	}
	t.Parallel()
	whole := written(t)
	random := rand.New(rand.NewPCG(7, 7))
	damaged := 0
	for range 200 {
		content := append([]byte{}, whole...)
		at := random.IntN(len(content))
		switch random.IntN(4) {
		case 0:
			content[at] ^= byte(1 + random.IntN(255))
		case 1:
			for i := range min(64, len(content)-at) {
				content[at+i] = byte(random.IntN(256))
			}
		case 2:
			page := at / os.Getpagesize() * os.Getpagesize()
			clear(content[page:min(page+os.Getpagesize(), len(content))])
		case 3:
			content = content[:at]
		}
		if err := opened(t, content); err != nil {
			damaged++
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %v", err)
			}
		}
	}
	if damaged < 50 {
		t.Errorf("%d of 200 damages were found, want at least 50", damaged)
	}
}
