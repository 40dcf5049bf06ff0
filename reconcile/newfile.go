package reconcile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"provision/reconcile/sink"
	"provision/stack"
)

// newFiles are the dotenv files that sinks created: a file that existed before stays
// when the last secret is removed from it. The folders of all targets have the same
// parent, so a file has the same key in the record of each.
type newFiles map[string]bool

func newFilesOf(dir string) string { return filepath.Join(dir, "sinkfiles.json") }

// recordNewFile records the dotenv file of a sink that does not exist yet.
func (k Keep) recordNewFile(where stack.Sink) error {
	if where.Env == nil {
		return nil
	}
	file := k.Sinks.Path(where.Env.File)
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, key, err := newFile(k.Dir, file)
	if err != nil {
		return err
	}
	files[key] = true
	return sink.WriteJSON(newFilesOf(k.Dir), files)
}

// removeNewFile removes the dotenv file of a sink if it is empty and provision
// created it, for this target or another one.
func (k Keep) removeNewFile(where stack.Sink) error {
	if where.Env == nil {
		return nil
	}
	file := k.Sinks.Path(where.Env.File)
	text, err := stack.ReadFile(file, maxOutput)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone || len(text) > 0 {
		return err
	}
	for _, dir := range append(k.siblings(), k.Dir) {
		files, key, err := newFile(dir, file)
		if err != nil {
			return err
		}
		if !files[key] {
			continue
		}
		removed, err := sink.RemoveEmpty(file)
		if gone = gone || removed; err != nil || !gone {
			return err
		}
		delete(files, key)
		if err := sink.WriteJSON(newFilesOf(dir), files); err != nil {
			return err
		}
	}
	return nil
}

// newFile reads the record in the folder of a target, and the key of file in it.
func newFile(dir, file string) (files newFiles, key string, err error) {
	files = newFiles{}
	if key, err = keyBelow(dir, file); err == nil {
		_, err = sink.ReadJSON(newFilesOf(dir), &files)
	}
	return files, key, err
}
