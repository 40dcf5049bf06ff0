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
	mu      sync.Mutex // guards the results that the entries have seen
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
	var document yaml.Node
	if err := yaml.Load(raw, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, plain(err))
	}
	b := &Baseline{file: file}
	failures, err := knownFailuresOf(&document)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	lines := make(map[string]int)
	for _, node := range failures {
		e, err := knownFailureOf(node)
		if err != nil {
			return nil, fmt.Errorf("%s:%w", file, err)
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

// knownFailuresOf returns the entries of `failures`, which is the only member of the document. An
// error begins with the line.
func knownFailuresOf(document *yaml.Node) ([]*yaml.Node, error) {
	if len(document.Content) == 0 {
		return nil, nil // an empty file
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%d: the baseline is not a mapping with the list failures", root.Line)
	}
	var all []*yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		switch {
		case name.Value != "failures":
			return nil, fmt.Errorf("%d: unknown member %q; a baseline has the list failures", name.Line, name.Value)
		case value.Kind != yaml.SequenceNode && value.Tag != "!!null":
			return nil, fmt.Errorf("%d: failures is not a list", value.Line)
		}
		all = append(all, value.Content...)
	}
	return all, nil
}

// knownFailureOf returns the entry in a node.
func knownFailureOf(node *yaml.Node) (*baselineEntry, error) {
	e := &baselineEntry{line: node.Line}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%d: a known failure is a mapping with endpoint, case, reason and until", node.Line)
	}
	members := map[string]*string{"endpoint": &e.Endpoint, "case": &e.Case, "reason": &e.Reason, "until": &e.Until}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		member := members[name.Value]
		switch {
		case member == nil:
			return nil, fmt.Errorf("%d: unknown member %q; a known failure has endpoint, case, reason and until", node.Line, name.Value)
		case value.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("%d: %s is not text", node.Line, name.Value)
		}
		*member = value.Value
	}
	return e, nil
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
