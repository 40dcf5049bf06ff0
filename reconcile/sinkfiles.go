package reconcile

import (
	"os"
	"path/filepath"

	"provision/reconcile/sink"
	"provision/stack"
)

// taken is a sink in a file of the user's, which may hold something else.
type taken interface {
	// Taken describes something that provision did not write at the place of the
	// secret, or returns "".
	Taken() (what string, err error)
}

// mayWrite refuses, with a *sink.Refused, a sink that is outside of the project folder, or that
// contains something that provision did not write.
func (k Keep) mayWrite(where stack.Sink, place sink.Sink) error {
	file := where.Path()
	if file == "" {
		return nil // provision's own file, or a service
	}
	if !k.AllowOutside {
		if err := k.Sinks.Inside(file); err != nil {
			return err
		}
	}
	t, ok := place.(taken)
	if !ok || k.Overwrite {
		return nil
	}
	what, err := t.Taken()
	if err != nil || what == "" || where.Env != nil && k.wrote(where) {
		return err // a line does not say itself whose it is
	}
	return &sink.Refused{File: k.Sinks.Path(file), Why: what, Flag: "--overwrite"}
}

// wrote tells whether a secret is on record as kept in a sink, by this target or
// by another one.
func (k Keep) wrote(where stack.Sink) bool {
	for _, dir := range append(k.siblings(), k.Dir) {
		entries, err := os.ReadDir(filepath.Join(dir, "secrets"))
		if err != nil {
			continue
		}
		for _, e := range entries {
			var r record
			if found, err := sink.ReadJSON(filepath.Join(dir, "secrets", e.Name()), &r); err == nil && found && (r.Sink.String() == where.String() || r.Former.String() == where.String()) {
				return true
			}
		}
	}
	return false
}
