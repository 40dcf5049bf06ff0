package reconcile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"provision/reconcile/sink"
	"provision/stack"
)

// maxOutput is larger than any Output file.
const maxOutput = 64 << 20

// Written are the Output files that provision wrote for a target. provision overwrites
// and removes no other file, and finds its own files without the manifests that
// declared them.
type Written struct {
	dir       string // of the target; paths are kept relative to it, so that both can move
	project   string // the folder at which the file names of manifests start
	overwrite bool
	files     map[string]writtenFile
	elsewhere map[string][]string // a file → the content that other targets gave it
}

// writtenFile is the record of a file that provision wrote.
type writtenFile struct {
	Stack  string   `json:"stack"`
	File   string   `json:"file,omitempty"` // its name in the manifest; absent in records of earlier versions
	SHA256 []string `json:"sha256"`         // of its content; two if a write was interrupted
}

// Written reads which Output files provision wrote. With overwrite, provision may
// overwrite other files and remove files that somebody changed.
func (k Keep) Written(overwrite bool) (*Written, error) {
	w := &Written{dir: k.Dir, project: k.Sinks.Path("."), overwrite: overwrite, files: map[string]writtenFile{}, elsewhere: map[string][]string{}}
	if _, err := sink.ReadJSON(w.record(), &w.files); err != nil {
		return nil, err
	}
	for _, dir := range k.siblings() {
		files := map[string]writtenFile{}
		if _, err := sink.ReadJSON(filepath.Join(dir, "files.json"), &files); err != nil {
			return nil, err
		}
		for key, f := range files { // relative to a folder of another target: the same path
			w.elsewhere[key] = append(w.elsewhere[key], f.SHA256...)
		}
	}
	return w, nil
}

// siblings are the folders of the other targets, which write the same files and
// lines with their own values.
func (k Keep) siblings() (dirs []string) {
	parent := filepath.Dir(k.Dir)
	if filepath.Base(parent) != ".provision" {
		return nil // the folder of a tenant of its own
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if dir := filepath.Join(parent, e.Name()); e.IsDir() && dir != filepath.Clean(k.Dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func (w *Written) record() string { return filepath.Join(w.dir, "files.json") }

func (w *Written) save() error { return sink.WriteJSON(w.record(), w.files) }

// key returns the key of a file in the record.
func (w *Written) key(file string) (string, error) { return keyBelow(w.dir, file) }

// keyBelow returns the key of a file in the record of a target: the path relative to
// the target's folder.
func keyBelow(dir, file string) (string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if relative, err := filepath.Rel(dir, file); err == nil {
		file = relative
	} // otherwise it is on another volume
	return filepath.ToSlash(file), nil
}

// Others lists the files of a stack that its manifests do not declare any more, as paths from
// the working directory. A file that another target has written since belongs to that target. A
// file with the name of a declared one stays: the same state (--state) was used in another project
// folder.
func (w *Written) Others(name string, declared []string) ([]string, error) {
	stays, names := map[string]bool{}, map[string]bool{}
	for _, file := range declared {
		key, err := w.key(file)
		if err != nil {
			return nil, err
		}
		stays[key], names[w.name(file)] = true, true
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(w.files)) {
		if known := w.files[key]; known.Stack != name || stays[key] || known.File != "" && names[known.File] {
			continue
		}
		file := w.path(key)
		now, err := stack.ReadFile(file, maxOutput)
		if err == nil && slices.Contains(w.elsewhere[key], sum(now)) && !slices.Contains(w.files[key].SHA256, sum(now)) {
			continue
		}
		all = append(all, file)
	}
	return all, nil
}

// name returns the name that a manifest gives a file.
func (w *Written) name(file string) string {
	project, err := filepath.Abs(w.project)
	if err != nil {
		return filepath.ToSlash(file)
	}
	if file, err := filepath.Abs(file); err == nil {
		if relative, err := filepath.Rel(project, file); err == nil {
			return filepath.ToSlash(relative)
		}
	}
	return filepath.ToSlash(file)
}

func (w *Written) path(key string) string {
	file := filepath.FromSlash(key)
	if !filepath.IsAbs(file) {
		file = filepath.Join(w.dir, file)
	}
	if project, err := filepath.Abs(w.project); err == nil {
		if below, err := filepath.Rel(project, file); err == nil && filepath.IsLocal(below) {
			return filepath.Join(w.project, below)
		}
	}
	return file
}

// Ours reports whether provision wrote the file, even if it was changed or removed
// since.
func (w *Written) Ours(file string) bool {
	key, err := w.key(file)
	_, ours := w.files[key]
	return err == nil && ours
}

// Owner returns the stack for which provision last wrote a file, or "" if it did not write
// it.
func (w *Written) Owner(file string) string {
	key, err := w.key(file)
	if err != nil {
		return ""
	}
	return w.files[key].Stack
}

// Check refuses, with a *sink.Refused, to write over or remove a file that
// provision did not write or that was changed since.
func (w *Written) Check(file string) error {
	_, err := w.check(file, nil)
	return err
}

// check is Check for a file that will contain text. It returns the old content, or
// nil.
func (w *Written) check(file string, text []byte) (old []byte, err error) {
	old, err = stack.ReadFile(file, maxOutput)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, &sink.Refused{File: file, Why: err.Error()}
	case w.overwrite || text != nil && bytes.Equal(old, text):
		return old, nil
	}
	key, err := w.key(file)
	if err != nil {
		return nil, err
	}
	known, ours := w.files[key]
	switch {
	case slices.Contains(w.elsewhere[key], sum(old)):
	case !ours:
		return nil, &sink.Refused{File: file, Why: "provision has no record that it wrote it", Flag: "--overwrite"}
	case !slices.Contains(known.SHA256, sum(old)):
		return nil, &sink.Refused{File: file, Why: "it changed after provision wrote it", Flag: "--overwrite"}
	}
	return old, nil
}

// Write writes text to a file of the stack owner that only its owner can read, and
// reports whether the file changed. The record stays correct if Write is interrupted.
func (w *Written) Write(file, owner string, text []byte) (changed bool, err error) {
	old, err := w.check(file, text)
	if err != nil {
		return false, err
	}
	key, err := w.key(file)
	if err != nil {
		return false, err
	}
	now := writtenFile{Stack: owner, File: w.name(file), SHA256: []string{sum(text)}}
	if old != nil && bytes.Equal(old, text) {
		if known := w.files[key]; known.Stack != owner || known.File != now.File || !slices.Equal(known.SHA256, now.SHA256) {
			w.files[key] = now
			if err := w.save(); err != nil {
				return false, err
			}
		}
		return false, os.Chmod(file, 0o600)
	}
	if err := w.Expect(file, owner, text); err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return false, err
	}
	if err := sink.WritePrivate(file, text); err != nil || old == nil {
		return err == nil, err
	}
	w.files[key] = now
	return true, w.save()
}

// Expect records the text that a file is going to have, in addition to its current
// text.
func (w *Written) Expect(file, owner string, text []byte) error {
	old, err := w.check(file, text)
	if err != nil {
		return err
	}
	key, err := w.key(file)
	if err != nil {
		return err
	}
	expected := writtenFile{Stack: owner, File: w.name(file), SHA256: []string{sum(text)}}
	if old != nil {
		expected.SHA256 = append(expected.SHA256, sum(old))
	}
	w.files[key] = expected
	return w.save()
}

// Remove removes a file that provision wrote, and its record.
func (w *Written) Remove(file string) (removed bool, err error) {
	if err := w.Check(file); err != nil {
		return false, err
	}
	if removed, err = sink.Remove(file); err != nil {
		return false, err
	}
	key, err := w.key(file)
	if err != nil {
		return false, err
	}
	delete(w.files, key)
	return removed, w.save()
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}
