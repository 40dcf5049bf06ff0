package report

import (
	"io"
	"time"

	"provision/conformance"
)

// Writer is a report that is complete once it is closed.
type Writer interface {
	conformance.Handler
	Close() error
}

// Formats are the reports that are files, by the name of the format.
var Formats = map[string]func(w io.Writer, now time.Time) Writer{
	"baseline": func(w io.Writer, now time.Time) Writer { return NewBaseline(w, now) },
	"html":     func(w io.Writer, _ time.Time) Writer { return NewHTML(w) },
	"json":     func(w io.Writer, _ time.Time) Writer { return NewJSON(w) },
	"junit":    func(w io.Writer, _ time.Time) Writer { return NewJUnit(w) },
	"sarif":    func(w io.Writer, _ time.Time) Writer { return NewSARIF(w) },
}
