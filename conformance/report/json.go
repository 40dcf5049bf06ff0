package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"provision/conformance"
	"provision/internal/display"
)

// Document is the JSON report. Members are only ever added while Version is 2.
type Document struct {
	Version int                 `json:"version"` // 2
	Runs    []Run               `json:"runs"`
	Summary conformance.Summary `json:"summary"` // of all runs
}

// Run is one Conformance document's run.
type Run struct {
	Name     string              `json:"name"`     // of the document
	Resource string              `json:"resource"` // the API's application in the manifest
	URL      string              `json:"url"`      // of the target
	Summary  conformance.Summary `json:"summary"`
	// Findings are the flaws that the failures show, each of them once, sorted by
	// severity.
	Findings []conformance.Finding `json:"findings"`
	Results  []Result              `json:"results"` // in the order of the cases
}

// Result is a case, as conformance.Case has it, and how it ended.
type Result struct {
	conformance.Case
	Outcome      conformance.Outcome       `json:"outcome"`          // pass, note, fail, blocked, known, skip, error
	Status       int                       `json:"status,omitempty"` // of the answer
	Milliseconds float64                   `json:"milliseconds,omitempty"`
	Reason       string                    `json:"reason,omitempty"`  // why it did not pass
	Add          string                    `json:"add,omitempty"`     // manifest lines that would make a skipped case possible
	Cause        string                    `json:"cause,omitempty"`   // the probable meaning of a failure
	Finding      string                    `json:"finding,omitempty"` // that a failure is evidence of, or that blocks the case
	Note         string                    `json:"note,omitempty"`
	Known        *conformance.KnownFailure `json:"known,omitempty"`    // of the outcome known
	Exchange     *conformance.Exchange     `json:"exchange,omitempty"` // without secrets
}

// collected gathers runs into a Document.
type collected struct{ document Document }

func collect() collected { return collected{Document{Version: 2, Runs: []Run{}}} }

func (c *collected) Begin(p conformance.Plan) error {
	c.document.Runs = append(c.document.Runs, Run{Name: p.Name, Resource: p.Resource, URL: p.URL, Findings: []conformance.Finding{}, Results: []Result{}})
	return nil
}

func (c *collected) Result(r conformance.Result) error {
	run := &c.document.Runs[len(c.document.Runs)-1]
	run.Results = append(run.Results, Result{
		Case: r.Case, Outcome: r.Outcome, Status: r.Status, Milliseconds: float64(r.Duration.Microseconds()) / 1000,
		Reason: r.Reason, Add: r.Add, Cause: r.Cause, Finding: r.Finding, Note: r.Note, Known: r.Known, Exchange: r.Exchange,
	})
	return nil
}

func (c *collected) End(s conformance.Summary) error {
	run := &c.document.Runs[len(c.document.Runs)-1]
	run.Summary = s
	run.Findings = append(run.Findings, s.Findings...)
	c.document.Summary.Add(s)
	return nil
}

// JSON collects runs and writes a Document when it is closed.
type JSON struct {
	collected
	w io.Writer
}

// Schema is the JSON Schema (2020-12) of the JSON report.
//
//go:embed schema.json
var Schema []byte

// NewJSON makes a JSON report writer.
func NewJSON(w io.Writer) *JSON { return &JSON{collect(), w} }

// Close writes the document.
func (j *JSON) Close() error { return writeJSON(j.w, "json", j.document) }

func writeJSON(w io.Writer, name string, document any) error {
	encoder := json.NewEncoder(display.NewWriter(w, false)) // CI logs show the file as it is
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write %s report: %w", name, err)
	}
	return nil
}

// finding returns the run's finding of that id.
func (r Run) finding(id string) (conformance.Finding, bool) {
	for _, f := range r.Findings {
		if f.ID == id {
			return f, true
		}
	}
	return conformance.Finding{}, false
}

// belongs describes the finding that a failure is evidence of or that blocks a case, or returns "".
func (r Run) belongs(result Result) string {
	f, found := r.finding(result.Finding)
	switch {
	case !found || len(f.Evidence) == 0:
		return ""
	case result.Outcome == conformance.Blocked && f.Known:
		return "undecided because of the known failure at " + f.Evidence[0] + ": " + f.Title
	case result.Outcome == conformance.Blocked:
		return "blocked by the finding at " + f.Evidence[0] + ": " + f.Title
	}
	return "evidence of the finding at " + f.Evidence[0] + ": " + f.Title
}

// result returns the result as it came.
func (r Result) result() conformance.Result {
	return conformance.Result{
		Case: r.Case, Outcome: r.Outcome, Status: r.Status, Duration: time.Duration(r.Milliseconds * float64(time.Millisecond)),
		Reason: r.Reason, Add: r.Add, Cause: r.Cause, Finding: r.Finding, Note: r.Note, Known: r.Known, Exchange: r.Exchange,
	}
}
