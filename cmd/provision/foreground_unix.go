//go:build unix

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// inForeground reports whether the terminal sends its interrupts to this process
// and its children: whether they are the terminal's foreground process group.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false // there is no terminal
	}
	defer tty.Close()
	var group int32
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&group)))
	return failed == 0 && int(group) == syscall.Getpgrp()
}
