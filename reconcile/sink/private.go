package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadJSON reads a file into v; found is false where there is none.
func ReadJSON(name string, v any) (found bool, err error) {
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return true, nil
}

// WriteJSON writes v to a file that its owner alone can read.
func WriteJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WritePrivate(name, append(raw, '\n'))
}

// WritePrivate replaces a file in one step, so that no reader and no crash sees
// half of it, and lets its owner alone read it.
func WritePrivate(name string, text []byte) error {
	f, err := beside(name)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is left to remove once it is renamed
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), real(name))
}

// beside is a new file, 0600, that can be renamed to name.
func beside(name string) (*os.File, error) {
	dir := filepath.Dir(real(name))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, ".*.tmp")
}

// real is where a link leads, so that the file is replaced and not the link.
func real(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// writable is Writable for a sink.
func writable(name string) error {
	if err := Writable(name); err != nil {
		return &Error{Where: name, Hint: "name a file that can be written as the secret's sink", Err: err}
	}
	return nil
}

// remove removes a file; where there is none, that is done.
func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
