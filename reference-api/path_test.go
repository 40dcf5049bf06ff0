package referenceapi

import (
	"io"
	"net/http"
	"testing"
)

func TestPathParameters(t *testing.T) {
	t.Parallel()
	h, err := New(Config{Routes: []Route{
		{Method: "GET", Path: "/heroes/", Public: true, Handler: says("list")},
		{Method: "GET", Path: "/heroes/{id}", Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "hero "+r.PathValue("id"))
		})},
		{Method: "GET", Path: "/heroes/all", Public: true, Handler: says("all")},
		{Method: "DELETE", Path: "/{kind}/{id}/x", Public: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/heroes/":          "list",
		"/heroes/7":         "hero 7",
		"/heroes/a%20b":     "hero a b",
		"/heroes/all":       "all",
		"/heroes/{id}":      "hero {id}",
		"/heroes/%7Bid%7D":  "hero {id}",
		"/heroes":           "404",
		"/heroes/.":         "404",
		"/heroes/..":        "404",
		"/heroes/%2e%2e":    "404",
		"/heroes/a%2Fb":     "404",
		"/heroes/7/":        "404",
		"/heroes//7":        "404",
		"/heroes/1/x":       "405",
		"/heroes/x/../y":    "404",
		"/%68eroes/7":       "404",
		"/heroes/7;v=1?q=1": "hero 7;v=1",
	} {
		w := send(h, "GET", target, nil)
		got := w.Body.String()
		switch w.Code {
		case 404:
			got = "404"
		case 405:
			got = "405"
		}
		if got != want {
			t.Errorf("GET %s: %q, want %q", target, got, want)
		}
	}
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestPagesMayCall(t *testing.T) {
	t.Parallel()
	const page = "https://app.contoso.example"
	h, err := New(Config{Routes: routes, Verifier: callers, Origins: []string{page}})
	if err != nil {
		t.Fatal(err)
	}
	preflight := func(origin, target string) *http.Response {
		return send(h, "OPTIONS", target, http.Header{
			"Origin": {origin}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"authorization"},
		}).Result()
	}
	if r := preflight(page, "/secure"); r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Origin") != page ||
		r.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" || r.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" {
		t.Errorf("preflight: %d %v", r.StatusCode, r.Header)
	}
	for _, r := range []*http.Response{preflight("https://evil.example", "/secure"), preflight("null", "/secure")} {
		if r.Header.Get("Access-Control-Allow-Origin") != "" || r.Header.Get("Vary") != "Origin" {
			t.Errorf("another page's preflight: %v", r.Header)
		}
	}
	if r := preflight(page, "/nowhere"); r.StatusCode != 404 {
		t.Errorf("preflight of no route: %d", r.StatusCode)
	}
	header := as("Bearer nobody")
	header.Set("Origin", page)
	r := send(h, "GET", "/secure", header).Result()
	if r.StatusCode != 403 || r.Header.Get("Access-Control-Allow-Origin") != page || r.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("a page's request: %d %v", r.StatusCode, r.Header)
	}
}
