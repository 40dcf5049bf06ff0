package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"provision/internal/lockfile"
)

// lockPatience is how long a write waits for another process, which writes in milliseconds.
const lockPatience = 10 * time.Second

// lockOf is the file that a process locks while it writes name.
func lockOf(name string) string { return hidden(name, ".lock"+temporarySuffix) }

// alone calls do while no other process writes the file. Commands that change different targets can write
// the same file, so that the lock of a target is not enough.
func alone(name string, do func() error) error {
	path := lockOf(name)
	lock := flock.New(path, flock.SetPermissions(0o600))
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		locked, inPlace, err := lockfile.TryLock(lock)
		if locked && inPlace && err == nil {
			break
		}
		lock.Close()
		switch {
		case err != nil:
			return folderError(name, err)
		case time.Since(began) > lockPatience:
			return fmt.Errorf("%s: another provision command writes it", name)
		}
	}
	defer func() {
		err := os.Remove(path)
		lock.Close()
		if err != nil { // Windows does not remove an open file, also not the one of the next process
			_ = os.Remove(path)
		}
	}()
	return do()
}

// folderError returns an error because of which no file can be created beside name, with the folder instead of a file
// that the user does not know.
func folderError(name string, err error) error {
	var at *fs.PathError
	if dir := filepath.Dir(Target(name)); errors.As(err, &at) && filepath.Dir(at.Path) == dir && errors.Is(err, fs.ErrPermission) {
		return &Unwritable{dir, at.Err}
	}
	return err
}
