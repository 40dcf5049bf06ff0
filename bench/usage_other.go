//go:build !unix

package main

import (
	"os"
	"time"
)

// usage is the resource usage of a process; its memory is not known here.
type usage struct {
	cpu       time.Duration
	peakBytes int64
}

func usageOf(p *os.ProcessState) usage { return usage{cpu: p.UserTime() + p.SystemTime()} }
