package reconcile

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"provision/reconcile/sink"
	"provision/stack"
)

// location is where and when provision wrote the value of a secret, and what it wrote there: the path and
// the hash are of a file of the user's. It is empty in records of earlier versions.
type location struct {
	Path   string   `json:"path,omitempty"`   // of the file, relative to the folder of the target
	SHA256 []string `json:"sha256,omitempty"` // of the value; several if a write was interrupted

	// Written is when the write began: of several secrets that were written to a sink which does not
	// return its value, the sink has the latest.
	Written time.Time `json:"written,omitzero"`
}

// locate returns the path of the file of a sink as it is recorded, or "".
func (k Keep) locate(where stack.Sink) (string, error) {
	if where.Path() == "" {
		return "", nil
	}
	return keyBelow(k.Dir, k.Sinks.Path(where.Path()))
}

// at returns a sink whose file is the recorded one, which can be in another project folder.
func (k Keep) at(where stack.Sink, l location) stack.Sink {
	if l.Path == "" || where.Path() == "" {
		return where
	}
	file := filepath.FromSlash(l.Path)
	if !filepath.IsAbs(file) {
		file = filepath.Join(k.Dir, file)
	}
	if name, err := k.locate(where); err == nil && name == l.Path {
		return where
	}
	if where.Env != nil {
		return stack.Sink{Env: &stack.EnvSink{File: file, Key: where.Env.Key}}
	}
	return stack.Sink{File: file}
}

// here reports whether a record describes the sink, at the file that its name stands for here.
func (k Keep) here(r record, where stack.Sink) bool {
	if r.Sink.String() != where.String() {
		return false
	}
	path, err := k.locate(where)
	return err == nil && (r.Location.Path == "" || r.Location.Path == path)
}

// same reports whether two sinks are one place under two names: by a symbolic link, an absolute path, or the case of a
// name at GitHub.
func (k Keep) same(one, other stack.Sink) bool {
	switch {
	case one.Path() != "" && other.Path() != "":
		return (one.Env == nil) == (other.Env == nil) && (one.Env == nil || one.Env.Key == other.Env.Key) &&
			resolved(k.Sinks.Path(one.Path())) == resolved(k.Sinks.Path(other.Path()))
	case one.GitHub != nil && other.GitHub != nil:
		return strings.EqualFold(one.String(), other.String())
	}
	return one.String() == other.String()
}

// resolved returns the absolute path of a file, which may not exist, without symbolic links.
func resolved(file string) string {
	if absolute, err := filepath.Abs(file); err == nil {
		file = absolute
	}
	return sink.Target(file)
}

// contains reports whether a file contains a value that was written at a location.
func (k Keep) contains(where stack.Sink, l location) (bool, error) {
	place, err := k.Sinks.Open(where, "")
	if err != nil {
		return false, err
	}
	texts, err := place.(sink.File).Content()
	return slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(l.SHA256, sum([]byte(text))) }), err
}

// follow returns the location of a value that somebody has moved, with its file or without, to the file
// that the name of the sink stands for here. Other locations stay as they are.
func (k Keep) follow(where stack.Sink, l location) location {
	path, err := k.locate(where)
	if err != nil || l.Path == "" || l.Path == path {
		return l
	}
	if there, err := k.contains(k.at(where, l), l); err != nil || there {
		return l
	}
	if moved, err := k.contains(where, l); err == nil && moved {
		l.Path = path
	}
	return l
}

// readRecord reads a file of the secrets folder.
func (k Keep) readRecord(file string) (r record, found bool, err error) {
	if found, err = sink.ReadJSON(file, &r); err == nil && found {
		before, formerBefore := r.Location.Path, r.FormerLocation.Path
		r.Location, r.FormerLocation = k.follow(r.Sink, r.Location), k.follow(r.Former, r.FormerLocation)
		r.moved = r.Location.Path != before || r.FormerLocation.Path != formerBefore
	}
	return r, found, err
}

// elsewhere is the place of a secret that was written from another folder: the name of the sink is the
// same, but stands for another file here.
type elsewhere struct {
	File    string // relative to the working directory
	Project string // the folder in which the name stands for the file, or ""
}

// elsewhere returns where a secret is that was written from another folder, or the zero value. hint and
// accepts find the value of a record of an earlier version.
func (k Keep) elsewhere(ctx context.Context, application, displayName string, where stack.Sink, hint string, accepts Accepts) (elsewhere, error) {
	where = k.place(where)
	if where.Path() == "" {
		return elsewhere{}, nil
	}
	r, found, err := k.readRecord(k.file(application, displayName))
	if err != nil || !found || r.Sink.String() != where.String() {
		return elsewhere{}, err
	}
	if r.Location, err = k.earlier(ctx, r, hint, accepts); err != nil || k.here(r, where) {
		return elsewhere{}, err
	}
	there := k.at(where, r.Location)
	if contains, err := k.contains(there, r.Location); err != nil || !contains {
		return elsewhere{}, nil // the value is lost
	}
	return elsewhereOf(where.Path(), there.Path()), nil
}

// elsewhereOf is a file that has the name of a sink in another folder.
func elsewhereOf(name, file string) elsewhere {
	e := elsewhere{File: relative(file)}
	name = filepath.Clean(filepath.FromSlash(name))
	if folder, ok := strings.CutSuffix(file, string(filepath.Separator)+name); ok && filepath.IsLocal(name) {
		e.Project = relative(folder)
	}
	return e
}

// relative returns a path from the working directory.
func relative(path string) string {
	if wd, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(wd, path); err == nil {
			return below
		}
	}
	return path
}
