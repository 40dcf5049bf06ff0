package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Debug mode is one finding, an interactive debugger is a critical one, and no result contains
// the secret that opens the debugger.
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

// If a case of several requests is answered with a stack trace, its finding is debug mode.
func TestDebugModeOfAnOwnersObject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want CauseID
	}{
		"a trace":       {"Error: Forbidden\n    at service (/srv/app/orders.js:12:9)\n    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)", CauseDebug},
		"a source line": {"jwt: the key is unknown at /src/app/middleware/auth.go:42", CauseDebug},
		"no details":    {"internal error", CauseCrash},
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

// The title of the finding names what the answer reveals.
func TestDebugModeTitle(t *testing.T) {
	t.Parallel()
	const page = "<pre>Error: jwt malformed<br> &nbsp; &nbsp;at /srv/app/api.js:12:9</pre>"
	for _, test := range []struct {
		status int
		body   string
		title  string
		cause  CauseID
	}{
		{500, page, "the API fails and shows the error page of Express with a stack trace: it runs in debug mode, and does not handle this error", CauseDebug},
		{401, page, "the API refuses requests with the error page of Express with a stack trace: it runs in debug mode", CauseDebug},
		{500, "<pre>Internal Server Error</pre>", "the API failed on this request: it does not handle an internal error; the answer must be 401 or 403", CauseCrash},
	} {
		c := Case{Expect: Expect{Status: 401}, stage: stageRest}
		if got := c.judge(reply{status: test.status, body: []byte(test.body)}, credential{}, true); got.cause != test.title || got.means != test.cause {
			t.Errorf("%d %s: %s: %s", test.status, test.body, got.means, got.cause)
		}
	}
}
