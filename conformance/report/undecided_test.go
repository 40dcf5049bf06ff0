package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"provision/conformance"
)

// Every report shows that a case is undecided because of a known failure.
func TestUndecidedCases(t *testing.T) {
	t.Parallel()
	row := func(name string, outcome conformance.Outcome) conformance.Result {
		return conformance.Result{Case: conformance.Case{ID: "GET /a: " + name, Endpoint: "GET /a", Name: name, Group: conformance.Claims}, Outcome: outcome, Finding: "audience"}
	}
	failed, blocked := row("wrong-audience", conformance.Known), row("id-token", conformance.Blocked)
	blocked.Cause, blocked.Gain = "the API accepts ID tokens", "ID tokens are good here" // which is not known
	failed.Known = &conformance.KnownFailure{Reason: "API-17", Until: "2026-12-31"}
	var all conformance.Summary
	all.Add(conformance.Summary{Planned: 2, Known: 1, Blocked: 1, Findings: []conformance.Finding{{
		ID: "audience", Title: "no audience", Known: true, Evidence: []string{failed.ID}, Blocked: []string{blocked.ID}, Lead: &failed,
	}}})
	for name, report := range map[string]struct {
		open func(io.Writer) Writer
		want string
	}{
		"text":   {func(w io.Writer) Writer { return NewText(w, false) }, ", 1 undecided because of known failures, "},
		"json":   {func(w io.Writer) Writer { return NewJSON(w) }, `"undecided": 1`},
		"html":   {func(w io.Writer) Writer { return NewHTML(w) }, "<dd>undecided because of the known failure at GET /a: wrong-audience: no audience</dd>"},
		"chip":   {func(w io.Writer) Writer { return NewHTML(w) }, ">1 undecided because of known failures</button>"},
		"junit":  {func(w io.Writer) Writer { return NewJUnit(w) }, `<skipped message="undecided because of the known failure at GET /a: wrong-audience: no audience">`},
		"github": {func(w io.Writer) Writer { return NewGitHub(io.Discard, w) }, "| 0 | 0 | 0 | 1 | 1 | 0 |"},
	} {
		var b bytes.Buffer
		w := report.open(&b)
		for _, err := range []error{
			w.Begin(conformance.Plan{Name: "shop", Cases: []conformance.Case{failed.Case, blocked.Case}}), w.Result(failed), w.Result(blocked), w.End(all), w.Close(),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if strings.Contains(b.String(), "<dd>the API accepts ID tokens") || strings.Contains(b.String(), "<dd>ID tokens are good here") {
			t.Errorf("%s tells the meaning of a blocked case", name)
		}
		if !strings.Contains(b.String(), report.want) {
			t.Errorf("%s lacks %q:\n%s", name, report.want, b.String())
		}
	}
	if raw, err := json.Marshal(all); err != nil || !strings.Contains(string(raw), `"undecided":1`) {
		t.Errorf("%s %v", raw, err)
	}
}
