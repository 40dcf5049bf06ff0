//go:build !unix

package main

import (
	"os"
	"time"
)

// usage is what a process took of the machine; its memory is not known here.
type usage struct {
	cpu       time.Duration
	peakBytes int64
}

func usageOf(p *os.ProcessState) usage { return usage{cpu: p.UserTime() + p.SystemTime()} }
