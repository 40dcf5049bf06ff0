package graphapi

import (
	"strings"
	"testing"
)

func TestBrowsersMayCall(t *testing.T) {
	t.Parallel()
	tt := start(t)
	r := tt.send("", "OPTIONS", "/v1.0/me", "", "Origin: https://app.contoso.example",
		"Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization,consistencylevel")
	h := r.Header
	if r.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "*" ||
		h.Get("Access-Control-Allow-Headers") != "authorization,consistencylevel" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("the preflight is answered %d %v", r.StatusCode, h)
	}
	for name, r := range map[string]response{
		"an answer": tt.send("admin", "GET", "/v1.0/organization", "", "Origin: https://app.contoso.example"),
		"a refusal": tt.send("", "GET", "/v1.0/organization", "", "Origin: https://app.contoso.example"),
	} {
		if h := r.Header; h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "request-id") {
			t.Errorf("%s cannot be read by a script: %v", name, h)
		}
	}
}
