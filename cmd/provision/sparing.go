package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Headroom is how many bytes the heap may grow by before it is collected: the
// same whatever lives, so that a small tenant is collected seldom and a large
// one does not take as much again as it is.
const (
	headroomReading = 64 << 20 // the store: most of it is to stay
	headroomServing = 24 << 20
)

// sparing keeps a process small that serves for long, beside what it serves to.
// The store is read next; read is called after that, and gives back what
// reading it took.
func sparing() (read func()) {
	if os.Getenv("GOGC") != "" {
		return debug.FreeOSMemory
	}
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
	debug.SetGCPercent(int(min(max(100*headroom.Load()/max(live[0].Value.Uint64(), 1), 10), 400)))
	// What nothing refers to is gone with the next collection.
	runtime.AddCleanup(&struct{ unreferenced *int }{}, keep, headroom)
}
