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
}

func (r *Refused) Error() string { return fmt.Sprintf("%s: %s", r.File, r.Why) }

// Inside refuses, with a *Refused, a file name of a manifest that leads out of the project
// folder: an absolute path, a path with .., or a path through a symbolic link.
func (a Access) Inside(name string) error {
	const flag = "--allow-outside"
	switch {
	case filepath.IsAbs(name):
		return &Refused{name, "is an absolute path", flag}
	case !filepath.IsLocal(name):
		return &Refused{name, "is outside of the project folder", flag}
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
			return &Refused{name, "contains a symbolic link whose target does not exist", ""}
		}
		if err != nil {
			return err
		}
		if relative, err := filepath.Rel(project, real); err != nil || !filepath.IsLocal(relative) {
			return &Refused{name, "leads out of the project folder through a symbolic link", flag}
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
	f, err := os.CreateTemp(dir, ".*.tmp")
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		return fmt.Errorf("folder %s cannot be written to: %w", dir, at.Err) // the content of the file does not matter
	case err != nil:
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
