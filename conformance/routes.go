package conformance

import (
	"context"
	"net/http"
	"strings"
)

// noSuchRoute is a path that no API has. A request that is admitted at the endpoint
// and here proves nothing.
const noSuchRoute = "/provision-verify/no-such-route"

// way is another way to send an endpoint's request. No way contains a token.
type way struct {
	name, says string
	means      CauseID
	change     func(spoken) credential
}

// spoken is an endpoint's request as it would be sent. base is the path of the target's
// URL, in front of path.
type spoken struct {
	method, base, path, query string
	body                      []byte
}

// whole returns the path with its query.
func (r spoken) whole() string {
	if r.query == "" {
		return r.path
	}
	return r.path + "?" + r.query
}

var ways = []way{
	{"head", "HEAD", CauseRouteMethod, func(r spoken) credential { return credential{method: "HEAD", path: r.whole()} }},
	{"unknown-method", "an unknown method", CauseRouteMethod, func(r spoken) credential { return credential{method: "PROVISION", path: r.whole()} }},
}

// routeCases request the endpoint in other ways and without a token. The API may
// answer anything, but must not admit the request.
func routeCases(e endpoint) []Case {
	method, _, _ := strings.Cut(e.request, " ")
	var cases []Case
	for _, w := range ways {
		if w.name == "head" && method == "HEAD" {
			continue
		}
		cases = append(cases, Case{
			ID: e.id + ": route-" + w.name, Endpoint: e.id, Name: "route-" + w.name, Means: w.means, Group: Routes, Severity: Critical,
			Sends:  "no token, and " + w.says,
			Expect: Expect{Refused: true, Also: []int{http.StatusNotImplemented}}, // RFC 9110: the answer to an unknown method
			Source: "OWASP: Authorization Testing, Bypassing Authorization Schema",
			Gain:   "anybody can call the endpoint, by another method",
			Flaw:   "the API checks the token for some methods only, and the endpoint runs for other methods too",
			stage:  stageRest,
			present: func(context.Context, *runState) (credential, error) {
				return credential{respell: w.change}, nil
			},
		})
	}
	return cases
}

// catchesAll reports whether the target answers 2xx for routes that do not exist, as a
// single-page application does with its page.
func (s *runState) catchesAll(ctx context.Context) bool {
	s.probed.Do(func() {
		_, got, _, err := s.send(ctx, request{method: "GET", path: noSuchRoute}, credential{})
		s.answersAll = err == nil && success(got.status)
	})
	return s.answersAll
}
