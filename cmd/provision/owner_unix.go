//go:build unix

package main

import (
	"os"
	"strconv"
	"syscall"
)

// ownedByCaller reports whether a folder, and the link to it if there is one, belongs to
// the caller. Under sudo, the user who called sudo counts as well, as for git's
// safe.directory.
func ownedByCaller(path string) bool {
	uids := []int{os.Geteuid()}
	if uids[0] == 0 {
		if sudo, err := strconv.Atoi(os.Getenv("SUDO_UID")); err == nil {
			uids = append(uids, sudo)
		}
	}
	for _, look := range []func(string) (os.FileInfo, error){os.Stat, os.Lstat} {
		info, err := look(path)
		if err != nil {
			return false
		}
		status, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return false
		}
		owner := int(status.Uid)
		if owner != uids[0] && (len(uids) == 1 || owner != uids[1]) {
			return false
		}
	}
	return true
}
