package conformance

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// disguiseMutants mistake the endpoint for a public route if its path, or another part of the
// request, looks like one.
var disguiseMutants = []mutant{
	// The query.
	{flaw: "URLs that contain a public name need no token", kills: "route-query", mutation: skips(urlContains("/health"))},
	{flaw: "URLs that contain a usual public name need no token", kills: "route-query", mutation: skips(urlContains("/public"))},
	{flaw: "URLs that contain a bare name need no role", kills: "route-query", mutation: entitles(urlContains("health"))},
	{flaw: "URLs that end with a public name need no token", kills: "route-query", mutation: skips(urlEnds("/health"))},
	{flaw: "URLs that end like a file name need no token", kills: "route-query", mutation: skips(urlEnds(".css"))},
	{flaw: "URLs that end like an image name need no token", kills: "route-query", mutation: skips(func(r *http.Request) bool {
		return regexp.MustCompile(`\.(png|ico|svg)$`).MatchString(r.RequestURI)
	})},
	{flaw: "URLs that contain a public name when decoded need no token", kills: "route-query", mutation: skips(func(r *http.Request) bool {
		text, _ := url.QueryUnescape(r.RequestURI)
		return strings.Contains(text, "/health") && !strings.Contains(r.RequestURI, "/health")
	})},
	{flaw: "URLs that contain a public name when decoded twice need no token", kills: "route-query", mutation: skips(func(r *http.Request) bool {
		once, _ := url.QueryUnescape(r.RequestURI)
		twice, _ := url.QueryUnescape(once)
		return strings.Contains(twice, "/health") && !strings.Contains(once, "/health")
	})},
	{flaw: "a parameter with a public name needs no token", kills: "route-query", mutation: skips(func(r *http.Request) bool { return r.URL.Query().Has("health") })},
	{flaw: "a public file in a parameter needs no token", kills: "route-query", mutation: skips(func(r *http.Request) bool { return r.URL.Query().Get("file") == "/health" })},
	{flaw: "a switch for tests turns the check off", kills: "route-switch", mutation: skips(func(r *http.Request) bool { return r.URL.Query().Get("debug") == "1" })},
	{flaw: "a public name after # needs no token", kills: "route-spelling", mutation: mutation{
		serves: func(r *http.Request) string { path, _, _ := strings.Cut(r.URL.Path, "#"); return path },
		skips:  urlEnds("#/health"),
	}},
	// Parameters of the path.
	{flaw: "path parameters are removed after the check", kills: "route-parameter", mutation: checkedAs(withoutParameters, func(p string) bool { return p != "/secure" })},
	{flaw: "a path parameter with a public name needs no token", kills: "route-parameter", mutation: checkedAs(withoutParameters, contains(";health"))},
	{flaw: "the text after a semicolon is removed, and a public name in it needs no token", kills: "route-parameter", mutation: checkedAs(before(";"), contains("/health"))},
	{flaw: "a path parameter that ends like a file name needs no token", kills: "route-parameter", mutation: checkedAs(withoutParameters, ends(".css"))},
	{flaw: "a path parameter that ends like a script name needs no token", kills: "route-parameter", mutation: checkedAs(withoutParameters, ends(".js"))},
	{flaw: "a public route with a path parameter and dot segments needs no token", kills: "route-parameter", mutation: checkedAs(func(p string) string { return path.Clean(withoutParameters(p)) }, begins("/health;"))},
	{flaw: "dot segments with a path parameter are removed after the check", kills: "route-parameter", mutation: checkedAs(func(p string) string { return path.Clean(withoutParameters(p)) }, begins("/health/..;"))},
	// Dots.
	{flaw: "dot segments are removed after the check", kills: "route-dots", mutation: checkedAs(path.Clean, begins("/health/"))},
	{flaw: "dot segments after the path are removed after the check", kills: "route-dots", mutation: checkedAs(path.Clean, func(p string) bool { return p == "/secure/." })},
	{flaw: "dot segments after a usual public name are removed after the check", kills: "route-dots", mutation: checkedAs(path.Clean, begins("/static/"))},
	{flaw: "a public name that dot segments remove needs no token", kills: "route-dots", mutation: checkedAs(path.Clean, func(p string) bool { return strings.Contains(p, "/health") && !strings.HasPrefix(p, "/health") })},
	{flaw: "encoded dot segments are removed after the check", kills: "route-dots", mutation: rawCheckedAs(path.Clean, func(p string) bool { return strings.HasPrefix(p, "/health/") && !strings.Contains(p, "..") })},
	{flaw: "encoded slashes are decoded after the check", kills: "route-dots", mutation: rawCheckedAs(path.Clean, begins("/health%2f"))},
	{flaw: "dot segments are decoded twice after the check", kills: "route-dots", mutation: checkedAs(func(p string) string { return path.Clean(decode1(p)) }, func(p string) bool { return strings.HasPrefix(p, "/health/%") })},
	{flaw: "slashes are decoded twice after the check", kills: "route-dots", mutation: checkedAs(func(p string) string { return path.Clean(decode1(p)) }, begins("/health%2f"))},
	{flaw: "backslashes become slashes after the check", kills: "route-dots", mutation: checkedAs(func(p string) string { return path.Clean(strings.ReplaceAll(p, `\`, "/")) }, func(p string) bool { return strings.Contains(p, `\`) })},
	{flaw: "paths with dot segments need no role", kills: "route-dots", mutation: mutation{serves: cleaned, entitles: func(r *http.Request) bool { return r.URL.Path != path.Clean(r.URL.Path) }}},
	// Percent-encoding.
	{flaw: "a letter is decoded after the check", kills: "route-encoded", mutation: rawCheckedAs(func(p string) string { return p }, func(p string) bool { return p != "/secure" })},
	{flaw: "a letter is decoded twice after the check", kills: "route-encoded", mutation: checkedAs(decode1, func(p string) bool { return p != "/secure" })},
	{flaw: "spaces are removed after the check", kills: "route-encoded", mutation: checkedAs(strings.TrimSpace, func(p string) bool { return p != "/secure" })},
	{flaw: "the path ends at a zero byte after the check", kills: "route-encoded", mutation: checkedAs(before("\x00"), ends(".css"))},
	{flaw: "the path ends at an encoded question mark after the check", kills: "route-encoded", mutation: checkedAs(before("?"), ends("/health"))},
	{flaw: "Unicode letters are folded after the check", kills: "route-encoded", mutation: checkedAs(func(p string) string { return strings.ToLower(strings.ToUpper(p)) }, func(p string) bool { return strings.Contains(p, "\u017f") })},
	{flaw: "encoded letters need no role", kills: "route-encoded", mutation: entitles(func(r *http.Request) bool { return r.URL.Path == "/secure" && r.URL.RawPath != "" })},
	// Spellings.
	{flaw: "a path with a trailing slash needs no token", kills: "route-spelling", mutation: checkedAs(func(p string) string { return strings.TrimSuffix(p, "/") }, func(p string) bool { return p == "/secure/" })},
	{flaw: "a path with a trailing slash needs no role", kills: "route-spelling", mutation: mutation{
		serves:   func(r *http.Request) string { return strings.TrimSuffix(r.URL.Path, "/") },
		entitles: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/") },
	}},
	{flaw: "a path with a double slash needs no token", kills: "route-spelling", mutation: checkedAs(path.Clean, begins("//"))},
	{flaw: "a path with several slashes at the end needs no token", kills: "route-spelling", mutation: checkedAs(path.Clean, ends("//"))},
	{flaw: "a path in other case needs no token", kills: "route-spelling", mutation: checkedAs(strings.ToLower, func(p string) bool { return p != "/secure" })},
	{flaw: "a path with initial capitals needs no token", kills: "route-spelling", mutation: checkedAs(func(p string) string {
		if p == "/Secure" {
			return "/secure"
		}
		return p
	}, func(p string) bool { return p == "/Secure" })},
	{flaw: "a path with an extension needs no token", kills: "route-spelling", mutation: checkedAs(withoutExtension, ends(".json"))},
	{flaw: "a path with the extension of a font needs no token", kills: "route-spelling", mutation: checkedAs(withoutExtension, ends(".woff2"))},
	{flaw: "a public name after the path needs no token", kills: "route-spelling", mutation: checkedAs(beginning, ends("/health"))},
	{flaw: "a file name after the path needs no token", kills: "route-spelling", mutation: checkedAs(beginning, ends(".css"))},
	{flaw: "a public name before the path needs no token", kills: "route-spelling", mutation: checkedAs(func(p string) string {
		if strings.HasSuffix(p, "/secure") {
			return "/secure"
		}
		return p
	}, begins("/health/"))},
}

func urlContains(text string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.RequestURI, text) }
}

func urlEnds(text string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.RequestURI, text) }
}

// checkedAs checks the decoded path, and then routes by another one.
func checkedAs(routed func(string) string, open func(string) bool) mutation {
	return mutation{
		serves: func(r *http.Request) string { return routed(r.URL.Path) },
		skips:  func(r *http.Request) bool { return open(r.URL.Path) },
	}
}

// rawCheckedAs checks the path as it was sent.
func rawCheckedAs(routed func(string) string, open func(string) bool) mutation {
	return mutation{
		serves: func(r *http.Request) string { return routed(r.URL.Path) },
		skips:  func(r *http.Request) bool { return open(r.URL.EscapedPath()) },
	}
}

func begins(text string) func(string) bool {
	return func(p string) bool { return strings.HasPrefix(p, text) }
}
func ends(text string) func(string) bool {
	return func(p string) bool { return strings.HasSuffix(p, text) }
}
func contains(text string) func(string) bool {
	return func(p string) bool { return strings.Contains(p, text) }
}
func before(text string) func(string) string {
	return func(p string) string { first, _, _ := strings.Cut(p, text); return first }
}

func cleaned(r *http.Request) string { return path.Clean(r.URL.Path) }

func withoutParameters(p string) string {
	segments := strings.Split(p, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

func withoutExtension(p string) string { return strings.TrimSuffix(p, path.Ext(p)) }

// beginning routes by prefix.
func beginning(p string) string {
	if strings.HasPrefix(p, "/secure/") {
		return "/secure"
	}
	return p
}

func decode1(p string) string {
	decoded, err := url.PathUnescape(p)
	if err != nil {
		return p
	}
	return decoded
}
