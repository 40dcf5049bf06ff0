package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func TestParsePorts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]portRange{"": newPorts, "443-443": {443, 443}, "1-65535": {1, 65535}} {
		if got, err := parsePorts(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"8443", "2-1", "0-1", "1-65536", "a-b", "1-2-3", " 1-2", "01-2"} {
		if got, err := parsePorts(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// A tenant keeps its port while nobody serves it, so a test's tenant must not
// take one that another test's tenant has. Tests take theirs in turn, below the
// ports that the program uses by itself.
var taken atomic.Int32

func init() { taken.Store(rand.Int32N(10000)) }

// freshPorts is a range of ten ports that no other test of this run has.
func freshPorts() portRange {
	from := 10000 + int(taken.Add(10)%10000)/10*10
	return portRange{from, from + 9}
}

func (r portRange) String() string { return fmt.Sprintf("%d-%d", r.from, r.to) }

// newState is the folder of a local tenant that has a port of its own.
func newState(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := stateDir(dir).recordPort(freshPorts().random()); err != nil {
		t.Fatal(err)
	}
	return dir
}
