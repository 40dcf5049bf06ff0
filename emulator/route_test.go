package emulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestRoutePublic: a host is Microsoft's only if its whole name is in the list.
func TestRoutePublic(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
	}
	handler := routePublic(named("graph"), named("login"), named("manager"))
	for _, test := range []struct{ host, path, want string }{
		{"graph.microsoft.com", "/v1.0/users", "graph"},
		{"GRAPH.microsoft.us:443", "/v1.0/users", "graph"},
		{"graph.microsoft.com", "/oidc/userinfo", "login"},
		{"management.azure.com", "/tenants", "manager"},
		{"management.azure.com.evil.example", "/T/oauth2/v2.0/token", "login"},
		{"login.microsoftonline.us.evil.example", "/v1.0/users", "graph"},
		{"login.microsoftonline.us", "/v1.0/users", "login"},
		{"localhost:8443", "/v1.0/users", "graph"},
		{"localhost:8443", "/T/oauth2/v2.0/token", "login"},
		{"", "/T/oauth2/v2.0/token", "login"}, // HTTP/1.0 without a Host
		{"", "/v1.0/users", "graph"},
		{":443", "/v1.0/users", "graph"},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if got := w.Body.String(); got != test.want {
			t.Errorf("%s%s: %s, want %s", test.host, test.path, got, test.want)
		}
	}
}
