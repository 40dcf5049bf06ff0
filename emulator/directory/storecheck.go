package directory

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"runtime/debug"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrDamaged is the error for a store that cannot be read. The store is not changed.
var ErrDamaged = errors.New("it is damaged")

// prepareStore creates a new store if there is none, and checks an existing one: bbolt
// trusts its file, and a damaged page would end the process. A new store is written
// under another name and renamed when it is complete, so that the file is never empty.
func prepareStore(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newStore(path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a file", ErrDamaged)
	case info.Size() == 0:
		return fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	return checkStore(path, info.Size())
}

func newStore(path string) error {
	unfinished := path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(unfinished, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// checkStore reads every page that the buckets of the file refer to.
func checkStore(path string, size int64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page beyond the file's end
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, problem)
		}
	}()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout), errors.Is(err, fs.ErrPermission):
		return err
	case err != nil:
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	defer db.Close()
	begin := db.Info().Data
	// A read beyond the end of the mapped file would end the process. A small bucket is
	// stored in the page of its parent, and bbolt may have copied this page.
	inside := func(b []byte, small bool) bool {
		if len(b) == 0 {
			return true
		}
		if small {
			if len(b) > db.Info().PageSize {
				return false
			}
			crc32.ChecksumIEEE(b) // reads the whole bucket; reading a missing page is a fault
			return true
		}
		at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
		return at >= begin && at-begin+uintptr(len(b)) <= uintptr(size)
	}
	return db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > size {
			return fmt.Errorf("%w: the file has %d of %d bytes", ErrDamaged, size, tx.Size())
		}
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			var before []byte
			small := b.Root() == 0
			return b.ForEach(func(key, value []byte) error {
				switch {
				case !inside(key, small) || !inside(value, small):
					return fmt.Errorf("%w: a record lies outside of the file", ErrDamaged)
				case value == nil: // a nested bucket, which a store does not contain
					return fmt.Errorf("%w: %q is not a record", ErrDamaged, key)
				case before != nil && bytes.Compare(before, key) >= 0:
					return fmt.Errorf("%w: its keys are out of order", ErrDamaged)
				}
				before = key
				return nil
			})
		})
	})
}

// openChecked opens a store that was checked before. bbolt panics if it finds further
// damage itself, such as a page that two others refer to.
func openChecked(path string, o *bbolt.Options) (db *bbolt.DB, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, problem)
		}
	}()
	return bbolt.Open(path, 0o600, o)
}
