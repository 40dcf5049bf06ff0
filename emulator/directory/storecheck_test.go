package directory

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written returns the file of a directory with a few objects.
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

// opened opens a store with the given content, and returns the result as text.
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
	// A folder instead of the file.
	path := filepath.Join(t.TempDir(), "directory.db")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Seed{}, clock); !errors.Is(err, ErrDamaged) {
		t.Errorf("a folder: %v", err)
	}
}
