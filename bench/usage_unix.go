//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// usage is the time and memory that a process used.
type usage struct {
	cpu       time.Duration
	peakBytes int64
}

func usageOf(p *os.ProcessState) usage {
	u := usage{cpu: p.UserTime() + p.SystemTime()}
	if r, ok := p.SysUsage().(*syscall.Rusage); ok {
		u.peakBytes = r.Maxrss
		if runtime.GOOS != "darwin" { // where it is in bytes
			u.peakBytes *= 1024
		}
	}
	return u
}
