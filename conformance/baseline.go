package conformance

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"
)

// Baseline is a list of known failures that are tolerated for a time:
//
//	failures:
//	  - endpoint: GET /secure
//	    case: wrong-role
//	    reason: API-17, fixed in the next release
//	    until: 2026-12-31
//
// A known failure is shown and does not count as a failure. After the day in until it
// counts again. Several runs may use the same Baseline.
type Baseline struct {
	file    string
	mu      sync.Mutex // of what entries have seen
	entries []*baselineEntry
}

type baselineEntry struct {
	Endpoint, Case, Reason, Until string

	line           int
	until          time.Time // the first moment at which it counts again
	seen           bool
	passed, failed bool
}

func (e *baselineEntry) id() string { return e.Endpoint + ": " + e.Case }

// KnownFailure is the entry of a Baseline for a failure.
type KnownFailure struct {
	Reason string `json:"reason"`
	Until  string `json:"until"` // the last day, as in 2026-12-31 (UTC)
}

// ReadBaseline reads YAML or JSON. Errors name file and line.
func ReadBaseline(file string, raw []byte) (*Baseline, error) {
	var document struct{ Failures []yaml.Node }
	if err := yaml.Load(raw, &document, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, plain(err))
	}
	b := &Baseline{file: file}
	lines := make(map[string]int)
	for _, node := range document.Failures {
		e := &baselineEntry{line: node.Line}
		if err := node.Load(e, yaml.WithKnownFields()); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, node.Line, plain(err))
		}
		day, err := time.Parse(time.DateOnly, e.Until)
		switch {
		case e.Endpoint == "" || e.Case == "" || e.Reason == "":
			err = errors.New("a known failure has endpoint, case, reason and until")
		case err != nil:
			err = fmt.Errorf("until %q is not a date such as 2026-12-31", e.Until)
		case lines[e.id()] > 0:
			err = fmt.Errorf("%s is listed a second time (first on line %d)", e.id(), lines[e.id()])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, node.Line, err)
		}
		e.until, lines[e.id()] = day.AddDate(0, 0, 1), node.Line
		b.entries = append(b.entries, e)
	}
	return b, nil
}

// apply changes the outcome of a known failure to Known.
func (b *Baseline) apply(r *Result, now time.Time) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.id() != r.ID {
			continue
		}
		e.seen = true
		switch r.Outcome {
		case Pass, Note:
			e.passed = true
		case Fail:
			e.failed = true
			if now.Before(e.until) {
				r.Outcome, r.Known = Known, &KnownFailure{e.Reason, e.Until}
			} else {
				r.Note = joinNotes(r.Note, "it was a known failure until "+e.Until+": "+e.Reason)
			}
		}
	}
}

// Remarks list, after the runs, the entries that need attention: entries that
// have expired, entries whose case passes now and, if all cases were run,
// entries whose case does not exist.
func (b *Baseline) Remarks(now time.Time, all bool) []string {
	var remarks []string
	for _, e := range b.entries {
		say := func(what string) {
			remarks = append(remarks, fmt.Sprintf("%s:%d: %s %s", b.file, e.line, e.id(), what))
		}
		switch {
		case !e.seen && all:
			say("is not a case of these documents: correct or delete the entry")
		case e.passed && !e.failed:
			say("passes now: delete the entry")
		case !now.Before(e.until):
			say("has expired on " + e.Until + " and counts as a failure")
		}
	}
	return remarks
}
