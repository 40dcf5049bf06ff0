package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"provision/internal/display"
	"provision/reconcile/sink"
)

// checkOutputFile refuses a file that a flag names and that cannot be written in place. It
// changes no file: it opens an existing one without truncating it, and keeps links.
func checkOutputFile(flag, path string) error {
	if err := checkFolderOf(flag, path); err != nil || isStream(path) {
		return err
	}
	target := sink.Target(path)
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		if err = sink.Writable(target); err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return hint(usagef("--%s: %w", flag, err), "name a file that you can write to")
	}
	return f.Close()
}

// checkPrivateFile refuses a file that a flag names and that sink.WritePrivate cannot write.
func checkPrivateFile(flag, path string) error {
	if err := checkFolderOf(flag, path); err != nil {
		return err
	}
	if err := sink.Writable(path); err != nil {
		return hint(usagef("--%s: %s: %w", flag, path, err), "name a file in a folder that you can write to")
	}
	return nil
}

// checkFolderOf refuses a file that is a folder or is in a folder that does not exist. Flags do
// not create folders: their name may be misspelt.
func checkFolderOf(flag, path string) error {
	if at, err := os.Stat(path); err == nil && at.IsDir() {
		return hint(usagef("--%s: %s is a folder", flag, path), "name a file in it, e.g. %s", filepath.Join(path, flag))
	}
	dir := filepath.Dir(sink.Target(path))
	switch at, err := os.Stat(dir); {
	case err == nil && at.IsDir():
		return nil
	case err == nil:
		return hint(usagef("--%s: %s: %s is not a folder", flag, path, dir), "name another file, e.g. %s", filepath.Base(path))
	case errors.Is(err, os.ErrNotExist):
		return hint(usagef("--%s: %s: the folder %s does not exist", flag, path, dir), "`mkdir -p %s` makes it", display.ShellQuote(dir))
	default:
		return hint(usagef("--%s: %s: %w", flag, path, err), "name a file in a folder that you can write to")
	}
}

// isStream reports whether a path is a pipe or a device, which several reports can be written to.
func isStream(path string) bool {
	if standardStream(path) {
		return true
	}
	at, err := os.Stat(path)
	return err == nil && !at.Mode().IsRegular() && !at.IsDir()
}

// standardStream reports whether a path is stdout or stderr, which can be a regular file.
func standardStream(path string) bool {
	return runtime.GOOS != "windows" && (path == "/dev/stdout" || path == "/dev/stderr")
}

// createReport creates the file of a report. The streams of this process stay open and keep their
// content.
func (a *app) createReport(path string) (io.WriteCloser, error) {
	switch {
	case !standardStream(path):
		return os.Create(path)
	case path == "/dev/stdout":
		return unclosed{a.raw.stdout}, nil
	}
	return unclosed{a.raw.stderr}, nil
}

// unclosed is a writer that other parts of the process still use.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
