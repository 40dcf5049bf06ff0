package conformance

import (
	"bufio"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"provision/stack"
)

// If the API admits no caller at any endpoint, the run stops and reports the reason in one
// finding.
func TestRunStopsIfEveryCallerIsRefused(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	right := validator{issuer: s.issuer()}
	below := func(prefix string, h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if rest, ok := strings.CutPrefix(r.URL.Path, prefix); ok {
				r.URL.Path = rest
				h.ServeHTTP(w, r)
				return
			}
			http.NotFound(w, r)
		})
	}
	tests := []struct {
		name   string
		api    http.Handler
		change func(*Suite)
		cause  CauseID
		says   string
	}{
		{"below another path", below("/api", right), nil, CauseNoRoute, "they are below "},
		{"nowhere", http.NotFoundHandler(), nil, CauseNoRoute, "correct --url"},
		{"another audience", validator{issuer: s.issuer(), mutation: reads("aud", func(v any) any {
			if v == "api://"+apiID {
				return apiID
			}
			return "another"
		})}, nil, CauseRefused, `the API expects the audience (aud) "api://` + apiID + `"`},
		{"another version", validator{issuer: otherVersion(s.issuer())}, nil, CauseRefused, "the API expects the issuer (iss)"},
		{"no keys", validator{issuer: s.issuer(), keys: func(string) *rsa.PublicKey { return nil }}, nil, CauseRefused, "does not ask it for its keys"},
		{"another tenant's issuer", validator{issuer: "https://elsewhere.example", keys: s.cache(func(k *keyCache) { k.pause = 0 }).find}, nil, CauseRefused, "fetches the keys of this tenant"},
		{"without a signer", validator{issuer: s.issuer(), flaw: "nobody"}, func(suite *Suite) {
			suite.Tokens.(*Tenant).Signer = nil
			suite.Changes = TenantChanges{}
		}, CauseRefused, "the API refuses every token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { // in sequence, because they change the keys of one tenant
			suite := quickstart(s, serve(t, test.api))
			suite.Document.Endpoints = suite.Document.Endpoints[1:]
			if test.change != nil {
				test.change(suite)
			}
			r := run(t, suite)
			f := r.summary.Findings
			if len(f) != 1 || f[0].Cause != test.cause || !strings.Contains(f[0].Title, test.says) {
				for _, one := range f {
					t.Logf("%s: %s", one.ID, one.Title)
				}
				t.Fatalf("%d findings, want one with the text %s", len(f), test.says)
			}
			if again := "provision verify"; f[0].Severity != High || !strings.HasPrefix(f[0].Rerun, again) || strings.Contains(f[0].Rerun, "--only") ||
				test.cause == CauseNoRoute && f[0].Rerun != again+" --url '"+map[string]string{"nowhere": "URL", "below another path": suite.Target.URL + "/api"}[test.name]+"'" {
				t.Errorf("%s, again %s", f[0].Severity, f[0].Rerun)
			}
			if r.plan.Stopped == "" || r.summary.Blocked < r.summary.Planned/2 || r.summary.OK() {
				t.Errorf("stopped %q: %+v", r.plan.Stopped, r.summary)
			}
		})
	}
}

// If the API terminates during a case, this is the only finding.
func TestRunStopsIfTheTargetEnds(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	for name, deadly := range map[string]func(*http.Request) bool{
		"under one request":   func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "Basic") },
		"under one of many":   func(r *http.Request) bool { return r.Header.Get("X-Original-Url") != "" },
		"under a valid token": func(r *http.Request) bool { return holdsClaim(r, "xms_cc") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *httptest.Server
			server = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if deadly(r) {
					_ = server.Listener.Close()
					go server.CloseClientConnections()
					panic(http.ErrAbortHandler)
				}
				api.ServeHTTP(w, r)
			}))
			r := run(t, quickstart(s, server))
			if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseDown {
				for _, one := range f {
					t.Logf("%s: %s (%s)", one.ID, one.Title, list(one.Evidence))
				}
				t.Errorf("%d findings, want one that reports that the API does not answer", len(f))
			}
			if r.summary.Errors > 0 || r.summary.Skipped > 0 || r.summary.Blocked == 0 {
				t.Errorf("%+v", r.summary)
			}
		})
	}
}

// holdsClaim reports whether the request's token has a claim.
func holdsClaim(r *http.Request, name string) bool {
	raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, claims, err := decode(raw)
	return err == nil && claims[name] != nil
}

// If a server answers before it has read the body, and closes the connection, every run has the
// same verdicts.
func TestServerThatDoesNotReadTheBody(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	hasty := serveRaw(t, func(r *http.Request) (status int, read bool) {
		status = api.status(r.Header.Get("Authorization"))
		return status, status == 200
	})
	first := -1
	for range 3 {
		suite := quickstart(s, nil)
		suite.Target.URL, suite.Changes = hasty, TenantChanges{}
		suite.Document.Endpoints = []stack.Endpoint{{
			Request: "POST /secure", Requires: suite.Document.Endpoints[1].Requires, Body: map[string]any{"text": strings.Repeat("x", 300<<10)},
		}}
		solely(suite, Authentication, Authorization)
		r := run(t, suite)
		if first < 0 {
			first = r.summary.Passed
		}
		if bad := append(r.ids(Fail), r.ids(Error)...); len(bad) > 0 || r.summary.Passed != first {
			t.Fatalf("%d passed, first %d; %s", r.summary.Passed, first, list(bad))
		}
	}
}

// serveRaw answers the first request of each connection, and closes the connection
// with unread data.
func serveRaw(t *testing.T, answer func(*http.Request) (status int, read bool)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				status, read := answer(r)
				if read {
					if r.Header.Get("Expect") != "" {
						fmt.Fprint(c, "HTTP/1.1 100 Continue\r\n\r\n")
					}
					_, _ = io.Copy(io.Discard, r.Body)
				}
				fmt.Fprintf(c, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", status)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// After an answer of 5xx or a closed connection, the next case is sent again, so that it does not
// fail for this reason.
func TestClosedConnection(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	var mu sync.Mutex
	sick := make(map[string]bool) // requests that failed once
	var spoilt atomic.Int32
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Method + r.URL.String() + r.Header.Get("Authorization")
		mu.Lock()
		again := sick[id]
		sick[id] = true
		mu.Unlock()
		if !again {
			if spoilt.Add(1)%2 == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		api.ServeHTTP(w, r)
	})))
	without(suite, Headers, Lifecycle)
	noFalseAlarm(t, run(t, suite))
}
