package conformance

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	referenceapi "provision/reference-api"
	"provision/reference-api/token"
)

// reference serves the suite's endpoints with the reference API, for the test tenant's tokens.
func reference(t *testing.T, s *tenant, suite *Suite) *httptest.Server {
	s.strong = true // it accepts no short keys
	t.Helper()
	return referenceFor(t, suite, s.URL+"/keys", s.Client())
}

func referenceFor(t *testing.T, suite *Suite, jwksURL string, client *http.Client) *httptest.Server {
	t.Helper()
	config := token.Config{
		TenantID: suite.Issuer.TenantID, IssuerV2: suite.Issuer.URL, Audiences: suite.Resource.Audiences,
		JWKSURL: jwksURL, HTTPClient: client,
	}
	if suite.Resource.TokenVersion == 1 {
		config.IssuerV1, config.IssuerV2 = config.IssuerV2, ""
	}
	verifier, err := token.New(config)
	if err != nil {
		t.Fatal(err)
	}
	api := referenceapi.Config{Verifier: verifier, Logger: slog.New(slog.DiscardHandler)}
	for _, e := range suite.Document.Endpoints {
		method, path, _ := strings.Cut(e.Request, " ")
		route := referenceapi.Route{Method: method, Path: path, Public: e.Public}
		for _, r := range e.Requires.Alternatives() {
			route.Requires = append(route.Requires, referenceapi.Requirement{Scopes: r.Scopes, AnyScope: r.AnyScope, AnyRole: r.AnyRole,
				AllRoles: r.AllRoles, Groups: suite.groupClaims(r.Groups), NoGuests: r.Guests != "", Callers: r.Callers})
		}
		api.Routes = append(api.Routes, route)
	}
	h, err := referenceapi.New(api)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

func TestReferenceAPIPassesTheQuickstart(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		s := startTenant(t)
		s.version = version
		suite := quickstart(s, nil)
		target := reference(t, s, suite)
		suite.Target = Target{URL: target.URL + "/", HTTPClient: target.Client()}
		r := run(t, suite)
		for _, result := range r.results {
			if result.Outcome != Pass && result.Outcome != Note {
				t.Errorf("v%d %s: %s: %s %s", version, result.ID, result.Outcome, result.Reason, result.Cause)
			}
		}
		if len(r.summary.Unproven) > 0 {
			t.Errorf("unproven: %v", r.summary.Unproven)
		}
		// Each principal signs in once, for all cases that use the token. One of them signs in
		// again after its roles were removed.
		if n := s.count("POST /login"); n != 5 {
			t.Errorf("%d sign-ins of 4 users", n)
		}
	}
}
