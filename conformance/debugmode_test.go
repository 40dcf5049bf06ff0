package conformance

import (
	"encoding/json"
	"net/http"
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
	if f.Cause != CauseDebugger || f.Severity != Critical || len(f.Blocked) < 20 || !strings.Contains(f.Gain, "run code") {
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

// A case of several requests that is answered with a stack trace is one of debug mode.
func TestDebugModeOfAnOwnersObject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want CauseID
	}{
		"a trace":    {"Error: Forbidden\n    at service (/srv/app/orders.js:12:9)\n    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)", CauseDebug},
		"no details": {"internal error", CauseCrash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := shopSuite(t, &shop{refuses: func(w http.ResponseWriter, _ *http.Request, _ *shop, _ *ownedOrder) {
				answer(w, 500, object{"detail": c.body})
			}}, "GET /orders/{id}")
			suite.Only = "*owner-peer"
			if f := run(t, suite).summary.Findings; len(f) != 1 || f[0].Cause != c.want {
				t.Errorf("%+v", f)
			}
		})
	}
}
