package report

import (
	"bytes"
	"strings"
	"testing"

	"provision/conformance"
)

// A failure with the expected status has its reason. Cases that only known failures block are
// undecided. The cases that run last have a separate heading.
func TestTextExplainsRows(t *testing.T) {
	t.Parallel()
	row := func(endpoint, name string, group conformance.Group, outcome conformance.Outcome) conformance.Result {
		return conformance.Result{Case: conformance.Case{ID: endpoint + ": " + name, Endpoint: endpoint, Name: name, Group: group}, Outcome: outcome, Status: 200}
	}
	results := []conformance.Result{
		row("GET /a", "valid", conformance.Authorization, conformance.Fail), row("GET /b", "valid", conformance.Authorization, conformance.Pass),
		row("GET /a", "key-new", conformance.Lifecycle, conformance.Pass),
	}
	results[0].Reason, results[0].Note = "the answer is not json", "proves nothing: the endpoint also admits requests without a token"
	var b bytes.Buffer
	text := NewText(&b, false)
	plan := conformance.Plan{Name: "shop"}
	for _, r := range results {
		plan.Cases = append(plan.Cases, r.Case)
	}
	known := conformance.Finding{Known: true, Blocked: []string{"a", "b"}, Lead: &conformance.Result{Known: &conformance.KnownFailure{}}}
	for _, err := range []error{
		text.Begin(plan), text.Result(results[0]), text.Result(results[1]), text.Result(results[2]),
		text.End(conformance.Summary{Planned: 6, Passed: 2, Failed: 1, Blocked: 3, Undecided: 2, Findings: []conformance.Finding{known}}), text.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"wrong    the answer is not json\n", "\nGET /a, life ", ", 1 blocked, 2 undecided because of known failures, "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(b.String())
	}
}
