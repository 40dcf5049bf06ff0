//go:build !linux

package directory

// releasePages does nothing: the system decides which pages of a mapped file stay in memory.
func releasePages(_, _ uintptr) {}
