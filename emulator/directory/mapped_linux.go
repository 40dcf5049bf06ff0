package directory

import "syscall"

// giveBack takes the pages of a mapped file out of the process. Whoever reads
// one again gets it from the system's cache (madvise(2)).
func giveBack(address, size uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, address, size, syscall.MADV_DONTNEED)
}
