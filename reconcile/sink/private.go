package sink

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"provision/stack"
)

// maxJSON is larger than any file that provision writes as JSON.
const maxJSON = 256 << 20

// ReadJSON reads a file into v. found is false if the file does not exist.
func ReadJSON(name string, v any) (found bool, err error) {
	raw, err := stack.ReadFile(name, maxJSON)
	var access *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, &access):
		return false, err
	case err != nil:
		return false, &Damaged{name, err}
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, &Damaged{name, err}
	}
	return true, nil
}

// Damaged is the error for a file of provision's own that cannot be read.
type Damaged struct {
	File string
	Err  error
}

func (e *Damaged) Error() string { return fmt.Sprintf("%s: it is damaged: %v", e.File, e.Err) }

func (e *Damaged) Unwrap() error { return e.Err }

// WriteJSON writes v to a file that only its owner can read.
func WriteJSON(name string, v any) error {
	raw, err := textOf(v)
	if err != nil {
		return err
	}
	return WritePrivate(name, raw)
}

// textOf returns v as WriteJSON writes it.
func textOf(v any) ([]byte, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	return append(raw, '\n'), err
}

// WritePrivate replaces a file in one step, so that no reader and no crash sees a
// half-written file. Only the owner of the file can read it. WritePrivate removes the
// temporary file that a killed process has left.
func WritePrivate(name string, text []byte) error {
	return Edit(name, func() ([]byte, error) { return text, nil })
}

// Edit is WritePrivate for a text that depends on the content of the file: provision in another process, also
// for another target, does not write the file between the call of edit and the write.
func Edit(name string, edit func() ([]byte, error)) error {
	if err := os.MkdirAll(filepath.Dir(Target(name)), 0o700); err != nil {
		return err
	}
	return alone(name, func() error {
		text, err := edit()
		if err != nil {
			return err
		}
		return writePrivate(name, text)
	})
}

func writePrivate(name string, text []byte) error {
	f, err := beside(name)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is left to remove after the rename
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), Target(name))
}

// temporarySuffix ends the names of files that are renamed once they are written.
const temporarySuffix = ".provision-tmp"

// Temporary reports whether a name belongs to a temporary file of a write that is in
// progress or was interrupted.
func Temporary(name string) bool { return strings.HasSuffix(name, temporarySuffix) }

// temporary is the path where a file is written before it is renamed to name. It is the
// same for each write, so that the next write finds the file of an interrupted one.
func temporary(name string) string { return hidden(name, temporarySuffix) }

// hidden is the path of a file beside name.
func hidden(name, suffix string) string {
	dir, base := filepath.Split(Target(name))
	if longest := maxName - len(".") - len(suffix); len(base) > longest {
		hash := sha256.Sum256([]byte(base))
		base = hex.EncodeToString(hash[:])
	}
	return filepath.Join(dir, "."+base+suffix)
}

// maxName is the length of the longest file name on the usual file systems, in bytes.
const maxName = 255

// beside creates a file, 0600, that can be renamed to name.
func beside(name string) (*os.File, error) {
	path := temporary(name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Target returns the file that a name stands for. It follows symbolic links, also those to a
// file that does not exist yet, and those in the path of such a file.
func Target(name string) string {
	for range 40 { // more links than a system follows
		if target, err := filepath.EvalSymlinks(name); err == nil {
			return target
		}
		link, err := os.Readlink(name)
		if dir := filepath.Dir(name); err != nil && dir != name {
			return filepath.Join(Target(dir), filepath.Base(name))
		}
		if err != nil {
			return name
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(Target(filepath.Dir(name)), link)
		}
		name = link
	}
	return name
}

// writable is Writable for a sink.
func writable(name string) error {
	if err := Writable(name); err != nil {
		return &Error{Where: name, Hint: "name a file that can be written as the secret's sink", Err: err, File: true}
	}
	return nil
}

// Remove removes a file, also the one that a symbolic link names, and the temporary files of interrupted
// writes. removed is false if the file does not exist.
func Remove(name string) (removed bool, err error) {
	return removeIf(name, func() (bool, error) { return true, nil })
}

// RemoveEmpty removes a file if it is empty.
func RemoveEmpty(name string) (removed bool, err error) {
	return removeIf(name, func() (bool, error) {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return err == nil && info.Size() == 0, err
	})
}

// removeIf removes a file if no other process writes it and may returns true.
func removeIf(name string, may func() (bool, error)) (removed bool, err error) {
	all := []string{temporary(name), Target(name), name}
	if !slices.ContainsFunc(append(all, lockOf(name)), func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	}) {
		return false, nil
	}
	err = alone(name, func() error {
		if ok, err := may(); !ok || err != nil {
			return err
		}
		for i, path := range all {
			switch err := os.Remove(path); {
			case err == nil:
				removed = removed || i > 0
			case !errors.Is(err, fs.ErrNotExist):
				return err
			}
		}
		return nil
	})
	return removed, err
}
