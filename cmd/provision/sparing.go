package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Headroom is the number of bytes by which the heap grows before the next garbage collection.
// It does not depend on the size of the live heap, so that a small tenant is seldom collected. It is
// at least minHeadroom percent of the live heap, so that the cost of collection grows no faster
// than the tenant.
const (
	headroomReading = 64 << 20 // while the store is read, most of which stays live
	headroomServing = 24 << 20
	minHeadroom     = 50
)

// A command that ends soon collects its heap seldom while it is small.
const (
	commandPercent = 300
	commandMemory  = 200 << 20 // above this size, it collects as often as necessary
)

// collectSeldom lets a command use memory to save time.
func collectSeldom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(commandPercent)
		debug.SetMemoryLimit(commandMemory)
	}
}

// sparing keeps the memory of a process small while it serves a tenant for a long time.
// The caller reads the store next and then calls read, which releases the memory that
// reading needed.
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

// keep sets the headroom as a percentage of the live heap, now and after each collection.
func keep(headroom *atomic.Uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(int(min(max(100*headroom.Load()/max(live[0].Value.Uint64(), 1), minHeadroom), 400)))
	// The next collection frees the objects that nothing refers to.
	runtime.AddCleanup(&struct{ unreferenced *int }{}, keep, headroom)
}
