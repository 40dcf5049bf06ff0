package conformance

import (
	"net/http"
	"strings"
	"testing"

	"provision/stack"
)

// A finding names the header that let the request in, and no other one.
func TestTheHeaderIsNamed(t *testing.T) {
	t.Parallel()
	for flawed, test := range map[string]struct {
		mutation mutation
		name     string
		says     string
		severity Severity
	}{
		"one header":           {skips(headerBegins("X-Real-Ip", "::1")), "header-address", "without a token: X-Real-Ip: ::1 (200)", Critical},
		"two headers together": {skips(both("X-Forwarded-User", "X-Forwarded-Groups")), "header-identity", "the headers of oauth2-proxy (200)", Critical},
		"with a valid token":   {entitles(hasHeader("X-Forwarded-Groups")), "header-identity", "with a valid token that is not sufficient: X-Forwarded-Groups: Admin (200)", High},
		"an error":             {mutation{answers: breaksWith("X-Forwarded-For")}, "header-address", "X-Forwarded-For: 127.0.0.1 (500)", Critical},
	} {
		t.Run(flawed, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: test.mutation}))
			suite.Only = test.name
			result := run(t, suite).result(t, "GET /secure: "+test.name)
			if result.Outcome != Fail || !strings.Contains(result.Reason, test.says) || result.Severity != test.severity || result.Exchange == nil {
				t.Errorf("%s %s %s", result.Outcome, result.Severity, result.Reason)
			}
		})
	}
}

func both(one, other string) func(*http.Request) bool {
	return func(r *http.Request) bool { return hasHeader(one)(r) && hasHeader(other)(r) }
}

func breaksWith(name string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get(name) == "" {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
}

// Every endpoint is asked with each kind of header; a flaw of one route is found
// there.
func TestAHeaderOfOneRoute(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer(), mutation: skips(func(r *http.Request) bool {
		return r.URL.Query().Get("report") != "" && r.Header.Get("X-Forwarded-Email") != ""
	})}
	suite := quickstart(s, serve(t, api))
	suite.Document.Endpoints = append(suite.Document.Endpoints, stack.Endpoint{Request: "GET /secure?report=1", Requires: suite.Document.Endpoints[1].Requires})
	suite.Only = "header-identity"
	r := run(t, suite)
	if result := r.result(t, "GET /secure: header-identity"); result.Outcome != Pass {
		t.Errorf("%s: %s", result.ID, result.Reason)
	}
	result := r.result(t, "GET /secure?report=1: header-identity")
	if result.Outcome != Fail || !strings.Contains(result.Reason, "X-Forwarded-Email: ada@contoso.example") {
		t.Errorf("%s: %s %s", result.ID, result.Outcome, result.Reason)
	}
}
