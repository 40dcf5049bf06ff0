package directory

import "syscall"

// giveBack releases the pages of a mapped file from the process. The next read of
// a page takes it from the page cache (madvise(2)).
func giveBack(address, size uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, address, size, syscall.MADV_DONTNEED)
}
