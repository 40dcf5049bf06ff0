package conformance

import (
	"encoding/json"
	"strings"
	"testing"
)

// Debug mode is one finding, an interactive debugger is a critical one, and what
// opens it is in no result.
func TestDebugModeIsOneFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: errorPage(500, werkzeugPage)})))
	if len(r.summary.Findings) != 1 {
		t.Fatalf("%d findings", len(r.summary.Findings))
	}
	f := r.summary.Findings[0]
	if f.Cause != CauseDebugger || f.Severity != Critical || len(f.Blocked) < 20 || !strings.Contains(f.Gain, "runs code") {
		t.Errorf("%s %s %s, blocks %d", f.Cause, f.Severity, f.Gain, len(f.Blocked))
	}
	all, err := json.Marshal(r.results)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), "Kk3mZ0ZqQ1vXw9aBcDeF") {
		t.Error("the results hold the debugger's secret")
	}
}
