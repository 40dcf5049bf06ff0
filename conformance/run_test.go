package conformance

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

func TestWrittenCases(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Document.Cases = []stack.Case{
		{Name: "readers are kept out", Request: "GET /secure", As: stack.As{User: "rea"}, Expect: &stack.Expect{Status: 403}},
		{Name: "robots are kept out", Request: "GET /secure", As: stack.As{Application: "robot"}, Expect: &stack.Expect{Status: 401}},
		{Name: "open", Request: "GET /health", Expect: &stack.Expect{Status: 200, JSON: map[string]any{"status": "ok"}}},
		{Name: "elsewhere", Request: "GET /elsewhere", Expect: &stack.Expect{Status: 404}},
	}
	r := run(t, suite)
	for id, want := range map[string]Outcome{
		"GET /secure: readers are kept out": Pass,
		"GET /secure: robots are kept out":  Fail, // the status is 403
		"GET /health: open":                 Pass,
		"GET /elsewhere: elsewhere":         Pass,
	} {
		if got := r.result(t, id); got.Outcome != want || got.Group != Written {
			t.Errorf("%s: %s %s", id, got.Outcome, got.Reason)
		}
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for only, want := range map[string][]string{
		"expired-lo":        {"GET /secure: expired-long-ago"},
		"/SECURE: alg-tw":   {"GET /secure: alg-twice"},
		"secure*tampered-p": {"GET /secure: tampered-payload"},
		"health":            {"GET /health: public"},
		"role*ops":          {"GET /secure: role DevOps"},
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			// The case that proves this one also runs, and is not reported.
			suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
			suite.Only = only
			r := run(t, suite)
			if diff := cmp.Diff(want, r.ids(Pass)); diff != "" {
				t.Errorf("passed (-want +got):\n%s", diff)
			}
		})
	}
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Only = "nothing at all"
	if _, err := Run(t.Context(), suite, &recorder{}); !errors.Is(err, ErrNoCase) {
		t.Errorf("got %v", err)
	}
}

func TestRunsThatCannotStart(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	target := serve(t, validator{issuer: s.issuer()})
	closed := serve(t, nil)
	closed.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		change func(*Suite)
		want   string
	}{
		{"no document", t.Context(), func(s *Suite) { s.Document = nil }, "no document"},
		{"no endpoint", t.Context(), func(s *Suite) { s.Document.Endpoints = nil }, "no case: it states no endpoints"},
		{"an endpoint twice", t.Context(), func(s *Suite) { s.Document.Endpoints = append(s.Document.Endpoints, s.Document.Endpoints[0]) }, "stated twice"},
		{"no request", t.Context(), func(s *Suite) { s.Document.Endpoints[0].Request = "/health" }, "not a method in capitals"},
		{"an unknown client", t.Context(), func(s *Suite) { s.Document.Client = "x" }, "client x"},
		{"a client without redirect", t.Context(), func(s *Suite) { s.Document.Client = "robot" }, "no redirect URI"},
		{"an unknown user", t.Context(), func(s *Suite) {
			s.Document.Cases = []stack.Case{{Name: "x", Request: "GET /", As: stack.As{User: "x"}}}
		}, "user x"},
		{"two cases of one name", t.Context(), func(s *Suite) {
			s.Document.Cases = []stack.Case{{Name: "valid", Request: "GET /secure"}}
		}, `two cases are called "GET /secure: valid"`},
		{"an admitted request that is refused", t.Context(), func(s *Suite) { s.Document.Endpoints[1].Expect = &stack.Expect{Status: 403} }, "not a success status"},
		{"nobody there", t.Context(), func(s *Suite) { s.Target = Target{URL: closed.URL, HTTPClient: closed.Client()} }, "reach the api"},
		{"cancelled", cancelled, func(*Suite) {}, "context canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			suite := quickstart(s, target)
			test.change(suite)
			r := &recorder{}
			if _, err := Run(test.ctx, suite, r); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if len(r.results) > 0 {
				t.Errorf("%d results", len(r.results))
			}
		})
	}
}

type brokenHandler struct{ recorder }

func (b *brokenHandler) Result(Result) error { return errors.New("disk full") }

func TestRunEndsWhenTheReportCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	_, err := Run(t.Context(), quickstart(s, serve(t, validator{issuer: s.issuer()})), &brokenHandler{})
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}

// If a target closes the connection, only that request has an error.
func TestTargetThatHangsUp(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Basic") {
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(w, r)
	}))))
	if diff := cmp.Diff([]string{"GET /secure: wrong-scheme"}, r.ids(Fail)); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseCrash || r.summary.Errors > 0 {
		t.Errorf("findings %+v, %d errors", f, r.summary.Errors)
	}
}

// Results are in order, and at most Concurrency requests are in progress.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	var now, most atomic.Int32
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		api.ServeHTTP(w, r)
	})))
	suite.Concurrency = 1
	run(t, suite)
	if most.Load() != 1 {
		t.Errorf("%d requests at a time", most.Load())
	}
}
