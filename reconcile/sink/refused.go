package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"provision/stack"
)

// Refused is the error for a file that provision does not write: somebody else wrote
// it, or it is in a folder that provision may not write to. Nothing was changed.
type Refused struct {
	File string
	Why  string
	Flag string // the flag that permits the write, or ""

	Key     string  // the variable of a dotenv file whose line is refused; "" if it is the whole file
	Err     error   // the reason, if it is an error
	Project string  // the folder in which the name of the file stands for this file; "" if it is the project folder
	Holder  *Holder // the owner of the value in a sink, if provision wrote it for another stack or target
}

// Holder is the owner of a secret.
type Holder struct {
	Target string // "" for the same target
	Stack  string
}

func (r *Refused) Error() string { return fmt.Sprintf("%s: %s", r.File, r.Why) }

func (r *Refused) Unwrap() error { return r.Err }

// Unwritable is the error for a folder in which no file can be created or removed.
type Unwritable struct {
	Folder string
	Err    error
}

func (u *Unwritable) Error() string {
	return fmt.Sprintf("folder %s cannot be written to: %v", u.Folder, u.Err)
}

func (u *Unwritable) Unwrap() error { return u.Err }

// NotRemoved is the error for the value of an old secret that stays in a file of the user's.
type NotRemoved struct {
	File string
	Key  string // the variable of a dotenv file that has the value; "" if it is the whole file
	Err  error
}

func (e *NotRemoved) Error() string { return e.Err.Error() }

func (e *NotRemoved) Unwrap() error { return e.Err }

// Inside refuses, with a *Refused, a file name of a manifest that leads out of the project
// folder: an absolute path, a path with .., or a path through a symbolic link.
func (a Access) Inside(name string) error {
	const flag = "--allow-outside"
	switch {
	case filepath.IsAbs(name):
		return &Refused{File: name, Why: "is an absolute path", Flag: flag}
	case !filepath.IsLocal(name):
		return &Refused{File: name, Why: "is outside of the project folder", Flag: flag}
	}
	project, err := realPath(a.Path("."))
	if err != nil {
		return err
	}
	for below := filepath.Clean(name); below != "."; below = filepath.Dir(below) {
		path := a.Path(below)
		info, err := os.Lstat(path)
		if err != nil {
			continue // it does not exist yet, so its parent decides
		}
		real, err := realPath(path)
		if err != nil && info.Mode()&fs.ModeSymlink != 0 {
			return &Refused{File: name, Why: "contains a symbolic link whose target does not exist"}
		}
		if err != nil {
			return err
		}
		if relative, err := filepath.Rel(project, real); err != nil || !filepath.IsLocal(relative) {
			return &Refused{File: name, Why: "leads out of the project folder through a symbolic link", Flag: flag}
		}
		return nil
	}
	return nil
}

// realPath returns the absolute path without symbolic links, also those in the path of the
// working directory.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// Writable finds out whether WritePrivate can succeed, and leaves no file behind.
func Writable(name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil:
		if err := stack.Regular(info); err != nil {
			return err
		}
	case errors.Is(err, syscall.ENAMETOOLONG):
		return syscall.ENAMETOOLONG
	}
	dir := filepath.Dir(Target(name))
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a folder", dir)
		}
		if err == nil {
			break
		}
		if above := filepath.Dir(dir); above != dir && !strings.HasSuffix(dir, "..") {
			dir = above
			continue
		}
		return err
	}
	return writableFolder(dir)
}

// Removable finds out whether a file, if it exists, can be removed, and leaves nothing behind.
func Removable(name string) error {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return writableFolder(filepath.Dir(name))
}

func writableFolder(dir string) error {
	f, err := os.CreateTemp(dir, ".*.tmp")
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		return &Unwritable{dir, at.Err} // the content of the file does not matter
	case err != nil:
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
