package conformance

import (
	"bytes"
	"context"
	"net/http"
	"strings"
)

// harmless are answers to OPTIONS, in addition to refusals, that do not let a caller
// in: the API chooses the answer to a preflight, and many APIs have none.
var harmless = []int{200, 204, 501}

// optionsCases use OPTIONS, the only method that browsers send without a token.
func optionsCases(e endpoint) []Case {
	method, _, _ := strings.Cut(e.request, " ")
	if method == http.MethodOptions {
		return nil
	}
	options := func(name string, sends string, header http.Header) Case {
		return Case{
			ID: e.id + ": " + e.of(name), Endpoint: e.id, key: e.key(), Name: e.of(name), Means: CauseRouteMethod, Group: Routes, Severity: Critical,
			Sends:  sends,
			Expect: Expect{Refused: true, Also: harmless},
			Source: "Fetch standard, section 3.3 (CORS protocol); OWASP: Test HTTP Methods",
			Gain:   "anybody can call the endpoint, by OPTIONS",
			Flaw:   "the endpoint runs for OPTIONS, and the API does not check the token for this method",
			stage:  stageRest,
			present: func(_ context.Context, s *runState) (credential, error) {
				c := credential{respell: func(r spoken) credential {
					return credential{method: http.MethodOptions, path: r.whole(), header: header}
				}}
				return c, nil
			},
		}
	}
	plainOptions := options("route-options", "no token, and OPTIONS", nil)
	plainOptions.reveals = true
	preflight := options("preflight", "a CORS preflight: a browser asks without a token whether a page may call the endpoint",
		http.Header{"Origin": {"https://page.example"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"authorization"}})
	preflight.reveals, preflight.Shows = true, CausePreflight
	preflight.inspect = func(a reply) finding {
		switch {
		case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
			return finding{note: "the API requires a token for the preflight, but browsers never send one: no page of another origin can call the API"}
		case a.header.Get("Access-Control-Allow-Origin") == "https://page.example" && a.header.Get("Access-Control-Allow-Credentials") == "true":
			return finding{note: "pages of any origin may call the API with the user's cookies: harmless while the API accepts tokens only from Authorization"}
		}
		return finding{}
	}
	return []Case{plainOptions, preflight}
}

// ranFor reports whether an answer to an unauthenticated caller is the endpoint's answer
// to an admitted caller.
func (s *runState) ranFor(c Case, a reply) finding {
	e := s.endpoints[c.Endpoint]
	if !success(a.status) {
		return finding{}
	}
	s.mu.Lock()
	admitted := bytes.TrimSpace(s.admitted[c.Endpoint])
	s.mu.Unlock()
	same := len(admitted) > 0 && bytes.Equal(bytes.TrimSpace(a.body), admitted)
	stated := e.expect.JSON != nil && compareJSON(e.expect.JSON, a.body) == ""
	if same || stated {
		return finding{wrong: "the answer is the one of an admitted request"}
	}
	return finding{}
}
