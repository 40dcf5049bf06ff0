package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// headroom is how many bytes the heap may grow by before it is collected: the
// same whatever lives, so that a small tenant is collected seldom and a large
// one does not take as much again as it is.
const headroom = 24 << 20

// sparing keeps a process small that serves for long, beside what it serves to.
// It begins once the store is read, and gives back what reading it took.
func sparing() {
	if os.Getenv("GOGC") == "" {
		keepHeadroom()
	}
	debug.FreeOSMemory()
}

// keepHeadroom sets the percentage that headroom is of what lives, now and after
// each collection.
func keepHeadroom() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(min(max(int(100*headroom/max(live[0].Value.Uint64(), 1)), 10), 400))
	// What nothing refers to is gone with the next collection.
	runtime.AddCleanup(&struct{ unreferenced *int }{}, func(struct{}) { keepHeadroom() }, struct{}{})
}
