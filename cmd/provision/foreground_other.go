//go:build !unix

package main

// inForeground reports whether the terminal sends its interrupts to this process's
// children by itself, as consoles do.
func inForeground() bool { return true }
