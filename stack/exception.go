package stack

import (
	"encoding/json"
	"time"
)

// Exception lets an application, or all applications of a stack, violate a rule of policy
// until a date.
type Exception struct {
	Pos Position `json:"-"`

	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Until  string `json:"until"` // the last day, as in 2026-12-31 (UTC)
}

// Expires returns the time at which the exception ends. ok is false if Until is not a date.
func (e Exception) Expires() (at time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, e.Until)
	return day.AddDate(0, 0, 1), err == nil
}

// exceptions reads the exceptions of a document, and reports dates that do not exist.
func (l *loader) exceptions(d *document) []Exception {
	all := d.exceptions()
	for _, e := range all {
		if _, ok := e.Expires(); !ok {
			l.mistakes.add(e.Pos, "", "exception from %s: until %q is not a date such as 2026-12-31", e.Rule, e.Until)
		}
	}
	return all
}

// exceptions reads the exceptions in a document's metadata, which the schema has checked.
func (d *document) exceptions() (all []Exception) {
	metadata, _ := d.content["metadata"].(map[string]any)
	raw, err := json.Marshal(metadata["exceptions"])
	if err != nil || json.Unmarshal(raw, &all) != nil {
		return nil
	}
	for i := range all {
		all[i].Pos = d.value("/metadata" + pointer("exceptions", i))
	}
	return all
}

// Place returns the position of a property of the application in the manifest, or of
// the object that would contain the property.
func (a *Application) Place(path ...any) Position {
	for ; a.document != nil && len(path) > 0; path = path[:len(path)-1] {
		if at, stated := a.document.values["/spec"+pointer(path...)]; stated {
			return at
		}
	}
	return a.Pos
}
