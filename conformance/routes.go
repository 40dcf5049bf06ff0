package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// noSuchRoute is a path that no API has: what is let in there as well is no
// way in.
const noSuchRoute = "/provision-verify/no-such-route"

// way is another way to say an endpoint's request; none carries a token.
type way struct {
	name, says string
	change     func(spoken) credential
}

// spoken is an endpoint's request as it would be sent: base is the path of the
// target's URL, which stands before path.
type spoken struct{ method, base, path string }

var ways = []way{
	{"head", "HEAD", func(r spoken) credential { return credential{method: "HEAD", path: r.path} }},
	{"unknown-method", "a method that nobody knows", func(r spoken) credential { return credential{method: "PROVISION", path: r.path} }},
	{"trailing-slash", "a slash at the end", spelt(func(p string) string { return p + "/" })},
	{"double-slash", "two slashes at the beginning", spelt(func(p string) string { return "/" + p })},
	{"dot-segments", "a detour by dot segments", spelt(func(p string) string { return "/x/.." + p })},
	{"dot-at-the-end", "a dot segment at the end", spelt(func(p string) string { return p + "/." })},
	{"encoded-path", "a letter percent-encoded", spelt(func(p string) string { return fmt.Sprintf("/%%%02x%s", p[1:2], p[min(2, len(p)):]) })},
	{"other-case", "the path in other case", spelt(otherCase)},
	{"matrix-parameter", "a parameter behind a semicolon", spelt(func(p string) string { return p + ";x=1" })},
	{"extension", "a file's extension", spelt(func(p string) string { return p + ".json" })},
	{"original-url", "another path, and the endpoint's in X-Original-URL and X-Rewrite-URL", func(r spoken) credential {
		return credential{path: noSuchRoute, header: http.Header{"X-Original-Url": {r.base + r.path}, "X-Rewrite-Url": {r.base + r.path}}}
	}},
	{"method-override", "another method, and the endpoint's in X-HTTP-Method-Override", func(r spoken) credential {
		other := "POST"
		if r.method == other {
			other = "GET"
		}
		return credential{method: other, path: r.path, header: http.Header{"X-Http-Method-Override": {r.method}, "X-Method-Override": {r.method}}}
	}},
}

func spelt(change func(path string) string) func(spoken) credential {
	return func(r spoken) credential { return credential{path: change(r.path)} }
}

// routeCases ask for the endpoint in other ways and without a token. What is
// answered is the API's choice, as long as nobody is let in.
func routeCases(e endpoint) []Case {
	method, path, _ := strings.Cut(e.request, " ")
	path, _, _ = strings.Cut(path, "?")
	if len(path) < 2 {
		return nil // the root has no other spelling
	}
	var cases []Case
	for _, w := range ways {
		if w.name == "head" && method == "HEAD" {
			continue
		}
		cases = append(cases, Case{
			ID: e.id + ": route-" + w.name, Endpoint: e.id, Name: "route-" + w.name, Group: Routes, Severity: Critical,
			Sends:  "no token, and " + w.says,
			Expect: Expect{Refused: true, Also: []int{http.StatusNotImplemented}}, // that of RFC 9110 for an unknown method
			Source: "OWASP: Authorization Testing, Bypassing Authorization Schema",
			Gain:   "anybody can call the endpoint, by another way",
			Flaw:   "the check hangs on one spelling of the request, and the endpoint does not",
			stage:  stageRest,
			present: func(context.Context, *session) (credential, error) {
				return credential{respell: w.change}, nil
			},
		})
	}
	return cases
}

// catchesAll says whether the target answers what it cannot have: an
// application of one page does, with that page.
func (s *session) catchesAll(ctx context.Context) bool {
	s.probed.Do(func() {
		_, got, _, err := s.send(ctx, request{method: "GET", path: noSuchRoute}, credential{})
		s.answersAll = err == nil && success(got.status)
	})
	return s.answersAll
}
