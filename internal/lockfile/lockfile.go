// Package lockfile locks files that a process removes when it ends. The lock tells others
// that the process lives, and a file without a lock is one of a killed process.
package lockfile

import (
	"os"

	"github.com/gofrs/flock"
)

// TryLock locks the file, which it creates if it is missing. locked is false if another
// process holds the lock. inPlace reports whether the path still names the locked file:
// another process may have removed or replaced the file between the opening and the
// locking. A lock that is not in place protects nothing; close it and try again.
func TryLock(f *flock.Flock) (locked, inPlace bool, err error) {
	if ok, err := f.TryLock(); !ok || err != nil {
		return false, false, err
	}
	opened, err := f.Stat()
	if err != nil {
		return true, false, err
	}
	named, err := os.Lstat(f.Path())
	if os.IsNotExist(err) {
		return true, false, nil
	}
	return true, err == nil && os.SameFile(opened, named), err
}

// RemoveStale removes the file if no process holds its lock, and reports whether it did.
func RemoveStale(path string) (removed bool, err error) {
	for {
		f := flock.New(path, flock.SetPermissions(0o600))
		locked, inPlace, err := TryLock(f)
		if locked && inPlace && err == nil {
			err = os.Remove(path)
		}
		f.Close()
		if err != nil || !locked || inPlace {
			return locked && err == nil, err
		}
	}
}
