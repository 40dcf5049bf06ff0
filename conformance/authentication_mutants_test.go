package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// authenticationMutants read the token from a wrong place.
var authenticationMutants = []mutant{
	{flaw: "the API accepts a token in the query", kills: "token-in-query", mutation: finds(func(r *http.Request) string { return r.URL.Query().Get("access_token") })},
	{flaw: "the API accepts a token in a form", kills: "token-in-form", mutation: mutation{finds: func(r *http.Request) (string, bool) {
		if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			return "", false
		}
		r.Method = "POST" // because of it, ParseForm reads the body
		raw := r.PostFormValue("access_token")
		r.Method = "GET"
		return "Bearer " + raw, raw != ""
	}}},
	{flaw: "the API accepts a token in a cookie", kills: "token-in-cookie", mutation: finds(func(r *http.Request) string {
		if c, err := r.Cookie("access_token"); err == nil {
			return c.Value
		}
		return ""
	})},
	{flaw: "the API accepts a token in X-Access-Token", kills: "token-in-header", mutation: finds(func(r *http.Request) string { return r.Header.Get("X-Access-Token") })},
	{flaw: "the API accepts a token in the parameter authorization", kills: "token-in-query-other", mutation: finds(func(r *http.Request) string { return strings.TrimPrefix(r.URL.Query().Get("authorization"), "Bearer ") })},
	{flaw: "the API accepts a token in the cookie session", kills: "token-in-session-cookie", mutation: finds(func(r *http.Request) string {
		if c, err := r.Cookie("session"); err == nil {
			return c.Value
		}
		return ""
	})},
	{flaw: "the API accepts a token in Proxy-Authorization", kills: "token-in-proxy-header", mutation: finds(func(r *http.Request) string {
		return strings.TrimPrefix(r.Header.Get("Proxy-Authorization"), "Bearer ")
	})},
	{flaw: "the API accepts a token in Sec-WebSocket-Protocol", kills: "token-in-websocket-protocol", mutation: finds(func(r *http.Request) string {
		_, raw, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), ", ")
		return raw
	})},
	{flaw: "the API accepts a token in a JSON body", kills: "token-in-json", mutation: finds(func(r *http.Request) string {
		var body struct {
			Token string `json:"access_token"`
		}
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		_ = json.Unmarshal(raw, &body)
		return body.Token
	})},
	{flaw: "the API accepts an empty Authorization header", kills: "empty-header", mutation: mutation{routes: func(r *http.Request) bool {
		values, ok := r.Header["Authorization"]
		return ok && values[0] == ""
	}}},
	{flaw: "the API accepts the scheme Token", kills: "scheme-token", mutation: behind("Token ")},
	{flaw: "the API accepts the scheme DPoP", kills: "scheme-dpop", mutation: behind("DPoP ")},
	{flaw: "the API accepts a token without a scheme", kills: "scheme-missing", mutation: finds(func(r *http.Request) string {
		if value := r.Header.Get("Authorization"); !strings.Contains(value, " ") {
			return value
		}
		return ""
	})},
	{flaw: "the API accepts a token with two segments", kills: "two-segments", mutation: segmentsOpen(2)},
	{flaw: "the API accepts a token with four segments", kills: "four-segments", mutation: segmentsOpen(4)},
	{flaw: "the API accepts a token with five segments", kills: "five-segments", mutation: segmentsOpen(5)},
	{flaw: "empty segments cause an internal error", kills: "empty-segments", mutation: mutation{breaksOn: func(raw string) bool { return raw == ".." }}},
	{flaw: "bytes that are not UTF-8 cause an internal error", kills: "non-utf8", mutation: mutation{breaksOn: func(raw string) bool { return strings.Contains(raw, "\xff") }}},
	{flaw: "a header that is not JSON causes an internal error", kills: "header-no-json", mutation: mutation{breaksOn: func(raw string) bool { return strings.HasPrefix(raw, "bm90IGpzb24.") }}},
	{flaw: "a header that is a list causes an internal error", kills: "header-a-list", mutation: mutation{breaksOn: func(raw string) bool { return strings.HasPrefix(raw, "W10.") }}},
	{flaw: "a header that is not UTF-8 causes an internal error", kills: "header-non-utf8", mutation: mutation{breaksOn: func(raw string) bool {
		var h map[string]any
		_ = unmarshal(strings.Split(raw, ".")[0], &h)
		kid, _ := h["kid"].(string)
		return strings.Contains(kid, "\ufffd")
	}}},
	{flaw: "a token of 40 KB causes an internal error", kills: "huge", mutation: mutation{breaksOn: func(raw string) bool { return len(raw) > 40<<10 }}},
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
