package report

import (
	"io"

	"provision/conformance"
)

// Writer is a report that is complete once it is closed.
type Writer interface {
	conformance.Handler
	Close() error
}

// Formats are the reports that are files, by the name of the format.
var Formats = map[string]func(io.Writer) Writer{
	"html":  func(w io.Writer) Writer { return NewHTML(w) },
	"json":  func(w io.Writer) Writer { return NewJSON(w) },
	"junit": func(w io.Writer) Writer { return NewJUnit(w) },
	"sarif": func(w io.Writer) Writer { return NewSARIF(w) },
}
