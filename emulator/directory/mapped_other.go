//go:build !linux

package directory

// giveBack leaves it to the system which pages of a mapped file it keeps.
func giveBack(_, _ uintptr) {}
