package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const knownFailures = `failures:
  - {endpoint: GET /secure, case: wrong-role, reason: API-17, until: 2026-05-31}
  - {endpoint: GET /secure, case: no-role, reason: API-17, until: 2026-05-30}
  - {endpoint: GET /secure, case: expired, reason: API-3, until: 2026-12-31}
  - {endpoint: GET /secure, case: no-such-case, reason: API-4, until: "2026-12-31"}
`

func TestBaseline(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 31, 23, 59, 59, 0, time.UTC)
	s := startTenant(t)
	baseline, err := ReadBaseline("known.yaml", []byte(knownFailures))
	if err != nil {
		t.Fatal(err)
	}
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), flaw: "role"}))
	suite.Baseline = baseline
	suite.Clock = func() time.Time { return now }
	r := &recorder{}
	summary, err := Run(t.Context(), suite, r)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Known != 1 || summary.OK() {
		t.Errorf("summary %+v", summary)
	}
	known := r.result(t, "GET /secure: wrong-role")
	if known.Outcome != Known || *known.Known != (KnownFailure{"API-17", "2026-05-31"}) || known.Reason == "" || known.Exchange == nil {
		t.Errorf("known: %+v", known)
	}
	if late := r.result(t, "GET /secure: no-role"); late.Outcome != Fail || !strings.Contains(late.Note, "until 2026-05-30: API-17") {
		t.Errorf("expired: %s %q", late.Outcome, late.Note)
	}
	total := 0
	for _, n := range summary.FailedBySeverity {
		total += n
	}
	if total != summary.Failed || summary.FailedBySeverity[High] == 0 {
		t.Errorf("failed by severity %v, in all %d", summary.FailedBySeverity, summary.Failed)
	}
	want := []string{
		"known.yaml:3: GET /secure: no-role has expired on 2026-05-30 and counts as a failure",
		"known.yaml:4: GET /secure: expired passes now: delete the entry",
		"known.yaml:5: GET /secure: no-such-case is not a case of these documents: correct or delete the entry",
	}
	if diff := cmp.Diff(want, baseline.Remarks(now, true)); diff != "" {
		t.Errorf("remarks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], baseline.Remarks(now, false)); diff != "" {
		t.Errorf("remarks of a part (-want +got):\n%s", diff)
	}
}

func TestFormsOfBaselines(t *testing.T) {
	t.Parallel()
	json := `{"failures": [{"endpoint": "GET /a", "case": "b", "reason": "c", "until": "2026-01-01"}]}`
	if b, err := ReadBaseline("known.json", []byte(json)); err != nil || len(b.entries) != 1 {
		t.Errorf("json: %v", err)
	}
	if b, err := ReadBaseline("known.yaml", []byte("failures: []")); err != nil || len(b.entries) != 0 {
		t.Errorf("none: %v", err)
	}
	for text, want := range map[string]string{
		"failures:\n  - {endpoint: GET /a, case: b, until: 2026-01-01}":           "known.yaml:2: a known failure has endpoint",
		"failures:\n\n  - {endpoint: GET /a, case: b, reason: c, until: soon}":    `known.yaml:3: until "soon" is not a date`,
		"failures:\n  - {endpoint: GET /a, case: b, reason: c, unti: 2026-01-01}": `known.yaml:2: unknown member "unti"; a known failure has `,
		"failures:\n  - {endpoint: [a], case: b, reason: c, until: 2026-01-01}":   "known.yaml:2: endpoint is not text",
		"failures: [1]": "known.yaml:1: a known failure is a mapping with ", "failure: []": `known.yaml:1: unknown member "failure"; `,
		"failures: 1": "known.yaml:1: failures is not a list", "failures: {a: b}": "known.yaml:1: failures is not a list",
		"failures: [": "known.yaml: ", "- a": "known.yaml:1: the baseline is not a mapping ",
		strings.ReplaceAll(knownFailures, "no-role", "wrong-role"): "known.yaml:3: GET /secure: wrong-role is listed a second time (first on line 2)",
	} {
		_, err := ReadBaseline("known.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.ContainsAny(err.Error(), "\n*") || strings.Contains(err.Error(), "conformance.") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add([]byte(knownFailures))
	f.Add([]byte(`{"failures":[{"until":1}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if b, err := ReadBaseline("f", raw); (b == nil) != (err != nil) {
			t.Errorf("%v, %v", b, err)
		}
	})
}
