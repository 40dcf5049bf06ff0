package conformance

import (
	"net/http"
	"path"
	"strings"
)

// routeMutants let in without a token, for the request's own sake.
var routeMutants = []mutant{
	{flaw: "HEAD is open", kills: "route-head", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "HEAD" }}},
	{flaw: "unknown methods are open", kills: "route-unknown-method", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "PROVISION" }}},
	{flaw: "a trailing slash is open", kills: "route-trailing-slash", mutation: opened("/secure/")},
	{flaw: "a double slash is open", kills: "route-double-slash", mutation: opened("//secure")},
	{flaw: "dot segments are open", kills: "route-dot-segments", mutation: mutation{routes: func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/../") && path.Clean(r.URL.Path) == "/secure"
	}}},
	{flaw: "a dot at the end is open", kills: "route-dot-at-the-end", mutation: opened("/secure/.")},
	{flaw: "an encoded path is open", kills: "route-encoded-path", mutation: mutation{routes: func(r *http.Request) bool { return r.URL.Path == "/secure" && r.URL.RawPath != "" }}},
	{flaw: "other case is open", kills: "route-other-case", mutation: opened("/SECURE")},
	{flaw: "a parameter is open", kills: "route-matrix-parameter", mutation: opened("/secure;x=1")},
	{flaw: "an extension is open", kills: "route-extension", mutation: opened("/secure.json")},
	{flaw: "X-Original-URL is open", kills: "route-original-url", mutation: mutation{routes: func(r *http.Request) bool { return r.Header.Get("X-Original-URL") == "/secure" }}},
	{flaw: "the override is open", kills: "route-method-override", mutation: mutation{routes: func(r *http.Request) bool { return r.Header.Get("X-HTTP-Method-Override") == "GET" }}},
	{flaw: "OPTIONS is open", kills: "route-options", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "OPTIONS" }}},
	{flaw: "OPTIONS with an origin is open", kills: "preflight", mutation: mutation{routes: func(r *http.Request) bool { return r.Method == "OPTIONS" && r.Header.Get("Origin") != "" }}},
	{flaw: "a preflight breaks it", kills: "preflight", mutation: preflighted(500, nil)},
	{flaw: "a preflight needs a token", kills: "preflight", strict: true, mutation: preflighted(401, nil)},
	{flaw: "every origin with credentials", kills: "preflight", strict: true, mutation: preflighted(204, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	})},
}

func preflighted(status int, with func(http.ResponseWriter, *http.Request)) mutation {
	return mutation{answers: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method != "OPTIONS" || r.Header.Get("Origin") == "" {
			return false
		}
		if with != nil {
			with(w, r)
		}
		w.WriteHeader(status)
		return true
	}}
}

func opened(spelling string) mutation {
	return mutation{routes: func(r *http.Request) bool { return r.URL.EscapedPath() == spelling }}
}
