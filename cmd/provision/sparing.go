package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Headroom is how many bytes the heap may grow by before it is collected: the
// same whatever lives, so that a small tenant is collected seldom, but at least
// leastHeadroom percent of what lives, so that the work of collecting a large one
// grows no faster than the tenant.
const (
	headroomReading = 64 << 20 // the store: most of it is to stay
	headroomServing = 24 << 20
	leastHeadroom   = 50
)

// A command that ends soon collects its heap seldom while it is small.
const (
	commandPercent = 300
	commandMemory  = 200 << 20 // beyond, it collects as often as it must
)

// collectSeldom lets a command use memory to save time.
func collectSeldom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(commandPercent)
		debug.SetMemoryLimit(commandMemory)
	}
}

// sparing keeps a process small that serves for long, beside what it serves to.
// The store is read next; read is called after that, and gives back what
// reading it took.
func sparing() (read func()) {
	if os.Getenv("GOGC") != "" {
		return debug.FreeOSMemory
	}
	debug.SetMemoryLimit(math.MaxInt64)
	var headroom atomic.Uint64
	headroom.Store(headroomReading)
	keep(&headroom)
	return func() {
		headroom.Store(headroomServing)
		debug.FreeOSMemory() // collects
	}
}

// keep sets the percentage that headroom is of what lives, now and after each
// collection.
func keep(headroom *atomic.Uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(int(min(max(100*headroom.Load()/max(live[0].Value.Uint64(), 1), leastHeadroom), 400)))
	// The next collection frees the objects that nothing refers to.
	runtime.AddCleanup(&struct{ unreferenced *int }{}, keep, headroom)
}
