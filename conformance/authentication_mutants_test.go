package conformance

import (
	"net/http"
	"strings"
)

// authenticationMutants find the token where it should not be.
var authenticationMutants = []mutant{
	{"the query", "token-in-query", finds(func(r *http.Request) string { return r.URL.Query().Get("access_token") })},
	{"a form", "token-in-form", mutation{finds: func(r *http.Request) (string, bool) {
		if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			return "", false
		}
		r.Method = "POST" // which lets ParseForm read the body
		raw := r.PostFormValue("access_token")
		r.Method = "GET"
		return "Bearer " + raw, raw != ""
	}}},
	{"a cookie", "token-in-cookie", finds(func(r *http.Request) string {
		if c, err := r.Cookie("access_token"); err == nil {
			return c.Value
		}
		return ""
	})},
	{"a header of its own", "token-in-header", finds(func(r *http.Request) string { return r.Header.Get("X-Access-Token") })},
	{"an empty header", "empty-header", mutation{routes: func(r *http.Request) bool {
		values, ok := r.Header["Authorization"]
		return ok && values[0] == ""
	}}},
	{"Token", "scheme-token", behind("Token ")},
	{"DPoP", "scheme-dpop", behind("DPoP ")},
	{"no scheme", "scheme-missing", finds(func(r *http.Request) string {
		if value := r.Header.Get("Authorization"); !strings.Contains(value, " ") {
			return value
		}
		return ""
	})},
	{"two segments are unsigned", "two-segments", segmentsOpen(2)},
	{"four segments", "four-segments", segmentsOpen(4)},
	{"five segments", "five-segments", segmentsOpen(5)},
	{"empty segments", "empty-segments", mutation{breaksOn: func(raw string) bool { return raw == ".." }}},
	{"bytes that are no UTF-8", "non-utf8", mutation{breaksOn: func(raw string) bool { return strings.Contains(raw, "\xff") }}},
	{"a header that is no JSON", "header-no-json", mutation{breaksOn: func(raw string) bool { return strings.HasPrefix(raw, "bm90IGpzb24.") }}},
	{"a header that is a list", "header-a-list", mutation{breaksOn: func(raw string) bool { return strings.HasPrefix(raw, "W10.") }}},
	{"a header that is no UTF-8", "header-non-utf8", mutation{breaksOn: func(raw string) bool {
		var h map[string]any
		_ = unmarshal(strings.Split(raw, ".")[0], &h)
		kid, _ := h["kid"].(string)
		return strings.Contains(kid, "\ufffd")
	}}},
	{"40 KB", "huge", mutation{breaksOn: func(raw string) bool { return len(raw) > 40<<10 }}},
}

func finds(token func(*http.Request) string) mutation {
	return mutation{finds: func(r *http.Request) (string, bool) {
		raw := token(r)
		return "Bearer " + raw, raw != ""
	}}
}

func behind(scheme string) mutation {
	return finds(func(r *http.Request) string {
		raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), scheme)
		if raw == r.Header.Get("Authorization") {
			return ""
		}
		return raw
	})
}

func segmentsOpen(n int) mutation {
	return mutation{routes: func(r *http.Request) bool {
		_, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return len(strings.Split(raw, ".")) == n
	}}
}
