package referenceapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"provision/reference-api/token"
)

// known is a verifier with a table of tokens.
type known map[string]*token.Claims

func (k known) Verify(_ context.Context, raw string) (*token.Claims, error) {
	if claims, ok := k[raw]; ok {
		return claims, nil
	}
	if raw == "no-keys" {
		return nil, fmt.Errorf("%w: connection refused", token.ErrKeysNotKnown)
	}
	return nil, fmt.Errorf("%w: at noon", token.ErrExpired)
}

var callers = known{
	"admin":     {Username: "ada@contoso.example", ObjectID: "ada", Scopes: []string{"read_data"}, Roles: []string{"Admin"}},
	"devops":    {Username: "dev@contoso.example", Scopes: []string{"read_data", "write_data"}, Roles: []string{"DevOps", "Reader"}},
	"reader":    {Username: "rea@contoso.example", Scopes: []string{"read_data"}, Roles: []string{"Reader"}},
	"nobody":    {Username: "nob@contoso.example", Scopes: []string{"read_data"}},
	"no-scope":  {Username: "ada@contoso.example", Scopes: []string{"read_data_all"}, Roles: []string{"Admin"}},
	"robot":     {ClientID: "robot-id", AppOnly: true, Roles: []string{"Admin"}},
	"weak-app":  {ClientID: "weak-id", AppOnly: true},
	"case-role": {Username: "cas@contoso.example", Scopes: []string{"read_data"}, Roles: []string{"admin"}},
}

var routes = []Route{
	{Method: "GET", Path: "/health", Public: true},
	{Method: "GET", Path: "/secure", Requires: []Requirement{{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}}}},
	{Method: "GET", Path: "/any"},
	{Method: "GET", Path: "/roles", Requires: []Requirement{{AnyRole: []string{"Admin"}}}},
	{Method: "GET", Path: "/both", Requires: []Requirement{{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Callers: []string{Users, Applications}}}},
	{Method: "GET", Path: "/scoped", Requires: []Requirement{{Scopes: []string{"read_data"}, Callers: []string{Users, Applications}}}},
	{Method: "POST", Path: "/jobs", Requires: []Requirement{{AllRoles: []string{"Admin"}, Callers: []string{Applications}}}},
	{Method: "GET", Path: "/people", Requires: []Requirement{{AnyRole: []string{"Admin"}, Callers: []string{Users}}}},
	{Method: "GET", Path: "/all", Requires: []Requirement{{Scopes: []string{"read_data", "write_data"}, AllRoles: []string{"DevOps", "Reader"}}}},
	{Method: "GET", Path: "/a b?x=1", Public: true},
	{Method: "PUT", Path: "/body", Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})},
}

func newAPI(t *testing.T) (http.Handler, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	h, err := New(Config{Routes: routes, Verifier: callers, Logger: slog.New(slog.NewTextHandler(log, nil)), MaxBody: 10})
	if err != nil {
		t.Fatal(err)
	}
	return h, log
}

func send(h http.Handler, method, target string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	if err := setTarget(r, target); err != nil {
		panic(err)
	}
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// setTarget sets a request line as a client would send it, without the
// cleaning that URL resolution does.
func setTarget(r *http.Request, target string) error {
	u, err := url.Parse("http://api.example" + target)
	if err != nil {
		return err
	}
	r.URL, r.RequestURI = u, target
	return nil
}

func as(tokens ...string) http.Header {
	h := make(http.Header)
	for _, raw := range tokens {
		h.Add("Authorization", raw)
	}
	return h
}

func TestAdmittedCallers(t *testing.T) {
	t.Parallel()
	const (
		scope = `{"detail":"Missing scope read_data"}`
		role  = `{"detail":"Missing role"}`
	)
	tests := []struct {
		request, caller string
		status          int
		body            string
	}{
		{"GET /health", "", 200, `{"status":"ok"}`},
		{"GET /secure", "admin", 200, `{"user":"ada@contoso.example","status":"ok"}`},
		{"GET /secure", "devops", 200, `{"user":"dev@contoso.example","status":"ok"}`},
		{"GET /secure", "reader", 403, role},
		{"GET /secure", "nobody", 403, role},
		{"GET /secure", "case-role", 403, role},
		{"GET /secure", "no-scope", 403, scope},
		{"GET /secure", "robot", 403, scope},
		{"GET /any", "nobody", 200, `{"user":"nob@contoso.example","status":"ok"}`},
		{"GET /any", "weak-app", 200, `{"application":"weak-id","status":"ok"}`},
		{"GET /roles", "admin", 200, ""},
		{"GET /roles", "robot", 200, `{"application":"robot-id","status":"ok"}`},
		{"GET /roles", "weak-app", 403, role},
		{"GET /both", "admin", 200, ""},
		{"GET /both", "robot", 200, ""},
		{"GET /both", "no-scope", 403, scope},
		{"GET /both", "weak-app", 403, role},
		{"GET /scoped", "nobody", 200, ""},
		{"GET /scoped", "robot", 403, scope},
		{"POST /jobs", "robot", 200, ""},
		{"POST /jobs", "admin", 403, `{"detail":"Not open to users"}`},
		{"GET /people", "admin", 200, ""},
		{"GET /people", "robot", 403, `{"detail":"Not open to applications"}`},
		{"GET /all", "devops", 200, ""},
		{"GET /all", "reader", 403, `{"detail":"Missing scope write_data"}`},
		{"GET /all", "admin", 403, `{"detail":"Missing scope write_data"}`},
	}
	h, _ := newAPI(t)
	for _, test := range tests {
		t.Run(test.request+" as "+test.caller, func(t *testing.T) {
			t.Parallel()
			method, target, _ := strings.Cut(test.request, " ")
			header := as("Bearer " + test.caller)
			if test.caller == "" {
				header = as()
			}
			w := send(h, method, target, header)
			if got := strings.TrimSpace(w.Body.String()); w.Code != test.status || test.body != "" && got != test.body {
				t.Errorf("got %d %s, want %d %s", w.Code, got, test.status, test.body)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (test.status == 403) {
				t.Errorf("challenge %q with status %d", challenge, test.status)
			}
		})
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		header    http.Header
		status    int
		challenge string
	}{
		{"none", as(), 401, noToken},
		{"basic", as("Basic admin"), 401, noToken},
		{"the token without a scheme", as("admin"), 401, noToken},
		{"bearer without a token", as("Bearer"), 401, invalidToken},
		{"bearer with spaces", as("Bearer   "), 401, invalidToken},
		{"bad token", as("Bearer bad"), 401, invalidToken},
		{"two words", as("Bearer admin admin"), 401, invalidToken},
		{"two headers", as("Bearer admin", "Bearer admin"), 401, invalidToken},
		{"in lower case", as("bearer admin"), 200, ""},
		{"two spaces", as("Bearer  admin"), 200, ""},
		{"missing scope", as("Bearer no-scope"), 403, `Bearer error="insufficient_scope", scope="read_data"`},
		{"missing role", as("Bearer nobody"), 403, `Bearer error="insufficient_scope"`},
		{"keys not available", as("Bearer no-keys"), 503, ""},
	}
	h, _ := newAPI(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := send(h, "GET", "/secure", test.header)
			if w.Code != test.status || w.Header().Get("WWW-Authenticate") != test.challenge {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Header().Get("WWW-Authenticate"), test.status, test.challenge)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("cache control %q", got)
			}
		})
	}
	if w := send(h, "GET", "/secure?access_token=admin", as()); w.Code != 401 {
		t.Errorf("a token in the query: %d", w.Code)
	}
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		status         int
	}{
		{"GET", "/", 404},
		{"GET", "/nowhere", 404},
		{"GET", "/secure/", 404},
		{"GET", "//secure", 404},
		{"GET", "/x/../secure", 404},
		{"GET", "/./secure", 404},
		{"GET", "/%73ecure", 404},
		{"GET", "/secure%2f", 404},
		{"GET", "/SECURE", 404},
		{"GET", "/health/../secure", 404},
		{"GET", "/secure?x=1", 401},
		{"GET", "/a%20b", 200},
		{"HEAD", "/secure", 401},
		{"HEAD", "/health", 200},
		{"POST", "/secure", 405},
		{"BREW", "/secure", 405},
		{"get", "/secure", 405},
		{"HEAD", "/jobs", 405},
		{"OPTIONS", "/secure", 204},
	}
	h, _ := newAPI(t)
	for _, test := range tests {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"X-Http-Method-Override": {"GET"}, "X-Original-Url": {"/health"}, "X-Rewrite-Url": {"/health"}}
			w := send(h, test.method, test.target, header)
			if w.Code != test.status {
				t.Errorf("got %d, want %d", w.Code, test.status)
			}
			if location := w.Header().Get("Location"); location != "" {
				t.Errorf("redirected to %s", location)
			}
			if allow := w.Header().Get("Allow"); (allow != "") != (test.status == 405 || test.status == 204) {
				t.Errorf("allow %q with status %d", allow, test.status)
			}
		})
	}
	if got := send(h, "POST", "/secure", nil).Header().Get("Allow"); got != "GET, HEAD, OPTIONS" {
		t.Errorf("allow %q", got)
	}
}

func TestBodyIsLimited(t *testing.T) {
	t.Parallel()
	h, _ := newAPI(t)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("PUT", "/body", strings.NewReader("eleven bytes")))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", w.Code)
	}
}

func TestLogSaysWhyAndNeverTheToken(t *testing.T) {
	t.Parallel()
	h, log := newAPI(t)
	send(h, "GET", "/secure?access_token=query-secret", as("Bearer header-secret"))
	send(h, "GET", "/secure", as("Bearer nobody"))
	send(h, "GET", "/secure", as("Bearer admin"))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("log of three requests:\n%s", log)
	}
	for i, want := range [][]string{
		{"msg=refused", "status=401", `reason="token expired: at noon"`},
		{"msg=refused", "status=403", `detail="Missing role"`, "scopes=read_data"},
		{"msg=served", "oid=ada", "roles=Admin", "path=/secure"},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d lacks %s: %s", i+1, part, lines[i])
			}
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log shows a token:\n%s", log)
	}
}

func TestHandlerReadsTheCallersClaims(t *testing.T) {
	t.Parallel()
	var got *token.Claims
	h, err := New(Config{Verifier: callers, Routes: []Route{{
		Method: "GET", Path: "/orders", Requires: []Requirement{{Scopes: []string{"read_data"}}},
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Claims(r.Context()) }),
	}}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	send(h, "GET", "/orders", as("Bearer admin"))
	if got != callers["admin"] {
		t.Errorf("claims %+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string][]Route{
		"no method":                    {{Path: "/x", Public: true}},
		"method in small letters":      {{Method: "get", Path: "/x", Public: true}},
		"a method that has no caller":  {{Method: "OPTIONS", Path: "/x"}},
		"relative path":                {{Method: "GET", Path: "x", Public: true}},
		"another host":                 {{Method: "GET", Path: "//host/x", Public: true}},
		"public with requirements":     {{Method: "GET", Path: "/x", Public: true, Requires: []Requirement{{Scopes: []string{"s"}}}}},
		"unknown kind of caller":       {{Method: "GET", Path: "/x", Requires: []Requirement{{Callers: []string{"robots"}}}}},
		"stated twice":                 {{Method: "GET", Path: "/x", Public: true}, {Method: "GET", Path: "/x?y=1", Public: true}},
		"protected without a verifier": {{Method: "GET", Path: "/x"}},
	}
	for name, stated := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{Routes: stated, Verifier: callers}
			if strings.Contains(name, "verifier") {
				config.Verifier = nil
			}
			if _, err := New(config); err == nil {
				t.Error("made a handler")
			}
		})
	}
}

func FuzzRequest(f *testing.F) {
	h, err := New(Config{Routes: routes, Verifier: callers, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", "/secure", "Bearer bad")
	f.Add("GET", "/x/../secure", "bearer\tadmin")
	f.Fuzz(func(t *testing.T, method, target, authorization string) {
		r := httptest.NewRequest("GET", "/", nil)
		if setTarget(r, target) != nil || strings.Contains(authorization, "admin") || strings.Contains(authorization, "devops") {
			return
		}
		r.Method, r.Header = method, as(authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if path := r.URL.EscapedPath(); path == "/secure" && (method == "GET" || method == "HEAD") && w.Code != 401 && w.Code != 403 && w.Code != 503 {
			t.Errorf("%s %s as %q: %d", method, target, authorization, w.Code)
		}
	})
}
