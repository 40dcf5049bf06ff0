package reconcile

import (
	"path/filepath"

	"provision/reconcile/sink"
	"provision/stack"
)

// mayWrite refuses, with a *sink.Refused, a sink that is outside of the project folder, or that
// contains something that may not be replaced.
func (k Keep) mayWrite(where stack.Sink, place sink.Sink, may yields) error {
	if where == (stack.Sink{}) {
		return nil // provision's own file
	}
	if file := where.Path(); file != "" && !k.AllowOutside {
		if err := k.Sinks.Inside(file); err != nil {
			return err
		}
	}
	if k.Overwrite {
		return nil
	}
	if refused, err := k.occupied(where, place, may); err != nil || refused == nil {
		return err
	} else {
		return refused
	}
}

// shortest returns the path from the working directory of a file below it, and otherwise the path.
func shortest(file string) string {
	if below := relative(file); filepath.IsLocal(below) {
		return below
	}
	return file
}
