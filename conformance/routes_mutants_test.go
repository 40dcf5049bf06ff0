package conformance

import (
	"net/http"
	"path"
	"strings"
)

// routeMutants let in without a token, for the request's own sake, and
// answerMutants say too much.
var routeMutants = []mutant{
	{"HEAD is open", "route-head", mutation{routes: func(r *http.Request) bool { return r.Method == "HEAD" }}},
	{"unknown methods are open", "route-unknown-method", mutation{routes: func(r *http.Request) bool { return r.Method == "PROVISION" }}},
	{"a trailing slash is open", "route-trailing-slash", opened("/secure/")},
	{"a double slash is open", "route-double-slash", opened("//secure")},
	{"dot segments are open", "route-dot-segments", mutation{routes: func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/../") && path.Clean(r.URL.Path) == "/secure"
	}}},
	{"a dot at the end is open", "route-dot-at-the-end", opened("/secure/.")},
	{"an encoded path is open", "route-encoded-path", mutation{routes: func(r *http.Request) bool { return r.URL.Path == "/secure" && r.URL.RawPath != "" }}},
	{"other case is open", "route-other-case", opened("/SECURE")},
	{"a parameter is open", "route-matrix-parameter", opened("/secure;x=1")},
	{"an extension is open", "route-extension", opened("/secure.json")},
	{"X-Original-URL is open", "route-original-url", mutation{routes: func(r *http.Request) bool { return r.Header.Get("X-Original-URL") == "/secure" }}},
	{"the override is open", "route-method-override", mutation{routes: func(r *http.Request) bool { return r.Header.Get("X-HTTP-Method-Override") == "GET" }}},
	{"the answer echoes", "answer-token", says(func(r *http.Request) string { return `{"got":"` + r.Header.Get("Authorization") + `"}` })},
	{"the answer has a stack trace", "answer-trace", says(func(*http.Request) string { return "Traceback (most recent call last):\n  File \"x.py\", line 3" })},
	{"the answer is no JSON", "answer-json", says(func(*http.Request) string { return "no" })},
}

func opened(spelling string) mutation {
	return mutation{routes: func(r *http.Request) bool { return r.URL.EscapedPath() == spelling }}
}

func says(body func(*http.Request) string) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, status int) bool {
		if status != 401 {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body(r)))
		return true
	}}
}
