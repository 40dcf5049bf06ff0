package graph_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"provision/graph"
)

// A proxy between provision and Graph may answer instead of Graph. A read must not interpret such
// an answer as the state of the tenant, and a write must not count as done.
func TestAnswersOfOtherServers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"responses":[{"id":"0","status":200,"body":{"value":[]}}]}`)
	}))
	t.Cleanup(other.Close)
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		says        string
		denied      bool
	}{
		"a redirect":                 {302, "application/json", `{}`, "302", false},
		"a permanent redirect":       {308, "application/json", `{}`, "308", false},
		"an item without a status":   {200, "application/json", `{"responses":[{"id":"0","body":{"value":[]}}]}`, "status 0", false},
		"an item that is redirected": {200, "application/json", `{"responses":[{"id":"0","status":302,"body":{"value":[]}}]}`, "status 302", false},
		"two results":                {200, "application/json", `{"responses":[{"id":"0","status":403},{"id":"0","status":200,"body":{"value":[]}}]}`, "two results", false},
		"a page that forbids":        {403, "text/html", `<html><h1>blocked</h1>`, "403", true},
		"a page that refuses":        {400, "text/html", `<html><h1>bad request</h1>`, "but not JSON", false},
		"a text that forbids":        {403, "text/plain", `no`, "403", true},
		"a page that is an error":    {501, "text/html", `<html>`, "501", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.Header().Set("Location", other.URL+"/v1.0/$batch")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			_, read := client.Read(t.Context(), graph.Read{Path: "/users", List: true})
			write := client.Send(t.Context(), graph.UpdateApplication("id", graph.Object{"displayName": "A"})).Err
			for what, err := range map[string]error{"read": read, "write": write} {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%s: %v, want an error with %q", what, err, test.says)
				}
				if graph.Denied(err) != test.denied {
					t.Errorf("%s: Denied is %t, want %t: %v", what, graph.Denied(err), test.denied, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		if n := elsewhere.Load(); n > 0 {
			t.Errorf("%d requests went to the host of a redirect", n)
		}
	})
}
