package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// caches are real token verifiers with their own key caches.
var caches = map[string]func(*testing.T, *tenant, *Suite) Target{
	"go-oidc": func(t *testing.T, s *tenant, suite *Suite) Target { return inGo(t, suite, goOIDC(s)) },
	"keyfunc": func(t *testing.T, s *tenant, suite *Suite) Target { return inGo(t, suite, keyfuncs(t, s)) },
	"jose": func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, append(node(t, "jose"), usualPause)...)
	},
	"jwks-rsa": func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, node(t, "jsonwebtoken")...)
	},
	"PyJWKClient": func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, python(t, "http", "jwt", "jwt")...)
	},
	"python-jose": func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, append(python(t, "http", "jose", "jose"), usualPause)...)
	},
}

// usualPause is the time in milliseconds that jose waits between two requests for the key set. If
// the pause is about as long as a request, the results depend on the speed of the machine.
const usualPause = "30000"

// Ten runs in a row against one process have the same result, and the process accepts the valid
// token after each run.
func TestTenRunsOnOneProcess(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	for name, start := range caches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			s.strong = name == "jose" || name == "jwks-rsa" || name == "keyfunc" // the others accept short keys
			suite := lasting(s)
			target := start(t, s, suite)
			first := make(map[string]Result)
			for n := range lessUnlessRequired(10, 3) {
				again := lasting(s)
				again.Target = target
				r := run(t, again)
				noFalseAlarm(t, r)
				if end := r.result(t, "GET /secure: still-valid"); end.Outcome != Pass {
					t.Errorf("run %d: %s %s", n+1, end.Outcome, end.Reason)
				}
				for _, result := range r.results {
					before, found := first[result.ID]
					switch {
					case n == 0:
						first[result.ID] = result
					case !found:
						t.Errorf("run %d: %s was not in the first", n+1, result.ID)
					case result.Outcome != before.Outcome:
						t.Errorf("run %d: %s is a %s (%d, %s), first a %s (%d, %s)", n+1, result.ID,
							result.Outcome, result.Status, result.Note, before.Outcome, before.Status, before.Note)
					}
				}
				if len(r.results) != len(first) {
					t.Errorf("run %d: %d results, first %d", n+1, len(r.results), len(first))
				}
			}
		})
	}
}

// A disruptive run reports what it has left in the API's cache, and the next run recognizes it.
func TestStaleCacheIsRecognized(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := lasting(s)
	target := outside(t, s, suite, python(t, "http", "jwt", "jwt")...)
	suite.Target, suite.Changes.Disruptive = target, true
	r := run(t, suite)
	end := r.result(t, "GET /secure: still-valid")
	if end.Outcome != Fail {
		for _, result := range r.results {
			if result.Group == Lifecycle {
				t.Log(result.Name, result.Outcome, result.Status, result.Note, result.Reason)
			}
		}
		t.Fatalf("still-valid: %s, so there is nothing to recognize", end.Outcome)
	}
	for _, only := range []string{"", "*tampered-signature"} {
		next := lasting(s)
		next.Target, next.Only = target, only
		r = run(t, next)
		if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseRefused || !strings.Contains(f[0].Title, "restart the API") || r.plan.Stopped == "" || r.summary.OK() {
			t.Errorf("only %q: %d findings, stopped %q", only, len(f), r.plan.Stopped)
		}
	}
}

// lasting is a suite whose document promises nothing about keys. It omits cases that cannot
// change the API's cache: of the signature cases, only those with unknown keys can.
func lasting(s *tenant) *Suite {
	suite := quickstart(s, nil)
	suite.Document.Life.KeyRefresh = ""
	suite.Changes.Disruptive = false
	suite.leaves = func(c Case) bool {
		switch c.Group {
		case Headers, Routes, Answers, Claims:
			return true
		case Signature:
			return !strings.Contains(c.Name, "kid") && c.Name != "tampered-signature"
		}
		return false
	}
	return suite
}

func keyfuncs(t *testing.T, s *tenant) func(context.Context, string) (entitled, error) {
	t.Helper()
	keys, err := keyfunc.NewDefaultOverrideCtx(t.Context(), []string{s.URL + "/keys"}, keyfunc.Override{Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, raw string) (entitled, error) {
		var claims struct {
			jwt.RegisteredClaims
			Scp   string   `json:"scp"`
			Roles []string `json:"roles"`
			Idtyp string   `json:"idtyp"`
			Oid   string   `json:"oid"`
		}
		_, err := jwt.ParseWithClaims(raw, &claims, keys.Keyfunc, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(s.issuer()), jwt.WithAudience(apiID), jwt.WithExpirationRequired())
		return entitled{claims.Scp, claims.Roles, claims.Idtyp, claims.Oid, claims.Subject}, err
	}
}
