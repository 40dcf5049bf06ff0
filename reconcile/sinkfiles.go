package reconcile

import (
	"path/filepath"

	"provision/reconcile/sink"
	"provision/stack"
)

// mayWrite refuses, with a *sink.Refused, a sink that is outside of the project folder, or that
// contains something that provision did not write for the stack of application.
func (k Keep) mayWrite(application string, where stack.Sink, place sink.Sink) error {
	file := where.Path()
	if file == "" {
		return nil // provision's own file, or a service
	}
	if !k.AllowOutside {
		if err := k.Sinks.Inside(file); err != nil {
			return err
		}
	}
	return k.owned(application, where, place)
}

// owned refuses, with a *sink.Refused, a sink whose file contains a text that provision did not write
// for the stack of application or that was changed since, unless provision may overwrite it.
func (k Keep) owned(application string, where stack.Sink, place sink.Sink) error {
	f, ok := place.(sink.File)
	if !ok || k.Overwrite {
		return nil
	}
	why, owner, err := k.foreign(application, where, f)
	if err != nil || why == "" {
		return err
	}
	refused := &sink.Refused{File: shortest(k.Sinks.Path(where.Path())), Why: why, Flag: "--overwrite", Stack: owner}
	if where.Env != nil {
		refused.Key = where.Env.Key
	}
	return refused
}

// shortest returns the path from the working directory of a file below it, and otherwise the path.
func shortest(file string) string {
	if below := relative(file); filepath.IsLocal(below) {
		return below
	}
	return file
}
