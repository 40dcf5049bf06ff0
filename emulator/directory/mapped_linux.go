package directory

import "syscall"

// releasePages releases the memory of a mapped file. The next read of
// a page takes it from the page cache (madvise(2)).
func releasePages(address, size uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, address, size, syscall.MADV_DONTNEED)
}
