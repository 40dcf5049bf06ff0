package report

import (
	"encoding/json"
	"fmt"
	"io"

	"provision/conformance"
)

// Document is the JSON report. Members are only ever added while Version is 1.
type Document struct {
	Version int                 `json:"version"` // 1
	Runs    []Run               `json:"runs"`
	Summary conformance.Summary `json:"summary"` // of all runs
}

// Run is one Conformance document's run.
type Run struct {
	Name     string              `json:"name"`     // of the document
	Resource string              `json:"resource"` // the API's application in the manifest
	URL      string              `json:"url"`      // of the target
	Summary  conformance.Summary `json:"summary"`
	Results  []Result            `json:"results"` // in the order of the cases
}

// Result is a case, as conformance.Case has it, and how it ended.
type Result struct {
	conformance.Case
	Outcome      conformance.Outcome   `json:"outcome"`          // pass, note, fail, skip, error
	Status       int                   `json:"status,omitempty"` // of the answer
	Milliseconds float64               `json:"milliseconds,omitempty"`
	Reason       string                `json:"reason,omitempty"` // why it did not pass
	Add          string                `json:"add,omitempty"`    // manifest lines that would make a skipped case possible
	Cause        string                `json:"cause,omitempty"`  // what a failure probably means
	Note         string                `json:"note,omitempty"`
	Exchange     *conformance.Exchange `json:"exchange,omitempty"` // without secrets
}

// JSON collects runs and writes a Document when it is closed.
type JSON struct {
	w        io.Writer
	document Document
}

// NewJSON makes a JSON report writer.
func NewJSON(w io.Writer) *JSON { return &JSON{w: w, document: Document{Version: 1, Runs: []Run{}}} }

func (j *JSON) Begin(p conformance.Plan) error {
	j.document.Runs = append(j.document.Runs, Run{Name: p.Name, Resource: p.Resource, URL: p.URL, Results: []Result{}})
	return nil
}

func (j *JSON) Result(r conformance.Result) error {
	run := &j.document.Runs[len(j.document.Runs)-1]
	run.Results = append(run.Results, Result{
		Case: r.Case, Outcome: r.Outcome, Status: r.Status, Milliseconds: float64(r.Duration.Microseconds()) / 1000,
		Reason: r.Reason, Add: r.Add, Cause: r.Cause, Note: r.Note, Exchange: r.Exchange,
	})
	return nil
}

func (j *JSON) End(s conformance.Summary) error {
	j.document.Runs[len(j.document.Runs)-1].Summary = s
	j.document.Summary.Add(s)
	return nil
}

// Close writes the document.
func (j *JSON) Close() error {
	encoder := json.NewEncoder(j.w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(j.document); err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	return nil
}
