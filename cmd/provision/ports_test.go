package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"provision/localtenant"
)

// A tenant keeps its port when it is not served, so two tenants of tests must not have the same
// port. Each test uses other ports, below the ports that the program chooses.
var taken atomic.Int32

func init() { taken.Store(rand.Int32N(10000)) }

// freshPorts returns a range of ten ports that no other test of this run uses.
func freshPorts() localtenant.Ports {
	from := 10000 + int(taken.Add(10)%10000)/10*10
	return localtenant.Ports{From: from, To: from + 9}
}

// newState returns the folder of a local tenant with its own port.
func newState(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := localtenant.Folder(dir).RecordPort(freshPorts().Random()); err != nil {
		t.Fatal(err)
	}
	return dir
}
