//go:build !linux

package directory

// giveBack does nothing: the system decides which pages of a mapped file stay in memory.
func giveBack(_, _ uintptr) {}
