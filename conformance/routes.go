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
	change     func(method, path string) credential
}

var ways = []way{
	{"head", "HEAD", func(_, path string) credential { return credential{method: "HEAD", path: path} }},
	{"unknown-method", "a method that nobody knows", func(_, path string) credential { return credential{method: "PROVISION", path: path} }},
	{"trailing-slash", "a slash at the end", spelt(func(p string) string { return p + "/" })},
	{"double-slash", "two slashes at the beginning", spelt(func(p string) string { return "/" + p })},
	{"dot-segments", "a detour by dot segments", spelt(func(p string) string { return "/x/.." + p })},
	{"dot-at-the-end", "a dot segment at the end", spelt(func(p string) string { return p + "/." })},
	{"encoded-path", "a letter percent-encoded", spelt(func(p string) string { return fmt.Sprintf("/%%%02x%s", p[1:2], p[min(2, len(p)):]) })},
	{"other-case", "the path in other case", spelt(otherCase)},
	{"matrix-parameter", "a parameter behind a semicolon", spelt(func(p string) string { return p + ";x=1" })},
	{"extension", "a file's extension", spelt(func(p string) string { return p + ".json" })},
	{"original-url", "another path, and the endpoint's in X-Original-URL and X-Rewrite-URL", func(_, path string) credential {
		return credential{path: noSuchRoute, header: http.Header{"X-Original-Url": {path}, "X-Rewrite-Url": {path}}}
	}},
	{"method-override", "another method, and the endpoint's in X-HTTP-Method-Override", func(method, path string) credential {
		other := "POST"
		if method == other {
			other = "GET"
		}
		return credential{method: other, path: path, header: http.Header{"X-Http-Method-Override": {method}, "X-Method-Override": {method}}}
	}},
}

func spelt(change func(path string) string) func(method, path string) credential {
	return func(_, path string) credential { return credential{path: change(path)} }
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
			ID: e.request + ": route-" + w.name, Endpoint: e.request, Name: "route-" + w.name, Group: Routes, Severity: Critical,
			Sends:  "no token, and " + w.says,
			Expect: Expect{Refused: true},
			Source: "OWASP: Authorization Testing, Bypassing Authorization Schema",
			Gain:   "anybody can call the endpoint, by another way",
			Flaw:   "the check hangs on one spelling of the request, and the endpoint does not",
			stage:  stageRest,
			present: func(ctx context.Context, session *session) (credential, error) {
				c := w.change(method, path)
				c.catchAll = session.catchesAll(ctx)
				return c, nil
			},
		})
	}
	return cases
}

// catchesAll says whether the target answers what it cannot have: an
// application of one page does, with that page.
func (s *session) catchesAll(ctx context.Context) bool {
	s.probed.Do(func() {
		exchange, _, _, err := s.Target.send(ctx, "GET "+noSuchRoute, credential{})
		s.answersAll = err == nil && success(exchange.Status)
	})
	return s.answersAll
}
