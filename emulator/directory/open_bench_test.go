package directory

import (
	"path/filepath"
	"testing"
)

// BenchmarkOpen reads a directory with 10,000 applications and their service
// principals from its file.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		b.Fatal(err)
	}
	fillWith(b, d, crowd)
	if err := d.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, err := Open(path, Seed{}, clock)
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}
