package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// wide is a tenant with a second scope, more clients and more applications.
func wide(t *testing.T) *tenant {
	s := startTenant(t)
	s.users = map[string][]string{
		"ada": {"Admin", "Auditor"}, "ben": {"Admin"}, "eve": {"Auditor"}, "rea": {"Reader"}, "nob": nil,
	}
	s.scopes = map[string][]string{"extension": {"read_data", "write_data"}, "viewer": {"read_data"}, "writer": {"write_data"}}
	s.roles = map[string][]string{"robot": {"Admin", "Auditor"}, "drone": {"Reader"}, "clerk": {"Auditor"}, "toy": nil}
	return s
}

func wideSuite(s *tenant, endpoints ...stack.Endpoint) *Suite {
	suite := quickstart(s, nil)
	suite.Document.Endpoints = endpoints
	suite.Resource.Scopes = []string{"read_data", "write_data"}
	suite.Resource.Roles = []string{"Admin", "Auditor", "Reader"}
	suite.Users = nil
	for _, name := range []string{"nob", "rea", "eve", "ben", "ada"} {
		suite.Users = append(suite.Users, User{Name: name, Roles: s.users[name]})
	}
	suite.Applications = nil
	for _, name := range []string{"writer", "viewer", "extension"} {
		suite.Applications = append(suite.Applications, Application{Name: name, AppID: name, Scopes: s.scopes[name], SignsIn: true})
	}
	for _, name := range []string{"toy", "drone", "clerk", "robot"} {
		suite.Applications = append(suite.Applications, Application{Name: name, AppID: name, Roles: s.roles[name], Credential: true})
	}
	suite.Tokens = s.tokens()
	return suite
}

func requires(request string, r stack.Requires) stack.Endpoint {
	return stack.Endpoint{Request: request, Requires: &r}
}

func TestReferenceAPIPassesEveryKindOfEndpoint(t *testing.T) {
	t.Parallel()
	both := []string{users, applications}
	tests := []struct {
		name     string
		endpoint stack.Endpoint
		want     []string // of the authorization group
	}{
		{
			"any token", stack.Endpoint{Request: "GET /any"},
			[]string{"valid", "valid-application"},
		},
		{
			"a scope", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}}),
			[]string{"valid", "missing-scope read_data", "app-only"},
		},
		{
			"two scopes", requires("POST /x", stack.Requires{Scopes: []string{"read_data", "write_data"}}),
			[]string{"valid", "missing-scope read_data", "missing-scope write_data", "app-only"},
		},
		{
			"roles alone", requires("GET /x", stack.Requires{AnyRole: []string{"Admin", "Reader"}}),
			[]string{"valid", "role Admin", "role Reader", "valid-application", "no-role", "wrong-role", "application-no-role", "application-wrong-role"},
		},
		{
			"all of two roles", requires("DELETE /x", stack.Requires{Scopes: []string{"read_data"}, AllRoles: []string{"Admin", "Auditor"}}),
			[]string{"valid", "missing-scope read_data", "no-role", "wrong-role", "missing-role Admin", "missing-role Auditor", "app-only"},
		},
		{
			"all of one and any of one", requires("GET /x", stack.Requires{AllRoles: []string{"Admin"}, AnyRole: []string{"Auditor"}, Callers: []string{users}}),
			[]string{"valid", "no-role", "wrong-role", "missing-role Admin", "missing-any-role", "app-only"},
		},
		{
			"applications only", requires("PUT /x", stack.Requires{AnyRole: []string{"Admin"}, Callers: []string{applications}}),
			[]string{"valid", "user", "application-no-role", "application-wrong-role"},
		},
		{
			"a scope or a role", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Callers: both}),
			[]string{"valid", "valid-application", "missing-scope read_data", "no-role", "wrong-role", "application-no-role", "application-wrong-role"},
		},
		{
			"applications, but nothing that they could have", requires("GET /x", stack.Requires{Scopes: []string{"read_data"}, Callers: both}),
			[]string{"valid", "missing-scope read_data", "app-only"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := wide(t)
			suite := wideSuite(s, test.endpoint)
			target := reference(t, s, suite)
			suite.Target = Target{target.URL, target.Client()}
			r := run(t, suite)
			var got []string
			for _, result := range r.results {
				if result.Outcome != Pass {
					t.Errorf("%s: %s: %s %s", result.ID, result.Outcome, result.Reason, result.Cause)
				}
				if result.Group == Authorization {
					got = append(got, result.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("authorization cases (-want +got):\n%s", diff)
			}
		})
	}
}

// A scope is left out by another client where there is one: real tokens come
// before signed ones.
func TestMissingScopeComesFromAnotherClient(t *testing.T) {
	t.Parallel()
	s := wide(t)
	suite := wideSuite(s, requires("GET /x", stack.Requires{Scopes: []string{"read_data", "write_data"}}))
	suite.Tokens.(*Tenant).Signer = nil
	target := reference(t, s, suite)
	suite.Target = Target{target.URL, target.Client()}
	r := run(t, suite)
	for id, sends := range map[string]string{
		"GET /x: missing-scope write_data": "signed in to viewer",
		"GET /x: missing-scope read_data":  "signed in to writer",
	} {
		if result := r.result(t, id); result.Outcome != Pass || !strings.Contains(result.Sends, sends) {
			t.Errorf("%s: %s: sends %s: %s", id, result.Outcome, result.Sends, result.Reason)
		}
	}
}

// On a tenant that signs nothing on request, what cannot be had is skipped with
// the reason, and the rest still runs.
func TestWithoutSigner(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Tokens.(*Tenant).Signer = nil
	r := run(t, suite)
	want := []string{
		"GET /secure: missing-scope read_data", "GET /secure: expired", "GET /secure: not-yet-valid",
		"GET /secure: wrong-issuer", "GET /secure: other-tenant",
	}
	if diff := cmp.Diff(want, r.ids(Skip)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if got := r.result(t, want[0]); !strings.Contains(got.Add, "permissions: [{resource: api, scopes: [OTHER], adminConsent: true}]") {
		t.Errorf("what to add: %q", got.Add)
	}
	if got := r.result(t, "GET /secure: wrong-audience"); got.Outcome != Pass || !strings.Contains(got.Note, "ID token") {
		t.Errorf("wrong audience: %s, note %q", got.Outcome, got.Note)
	}
	if got := r.result(t, "GET /secure: app-only"); got.Outcome != Pass || !strings.Contains(got.Note, "robot") {
		t.Errorf("app-only: %s, note %q", got.Outcome, got.Note)
	}
	if failed := r.ids(Fail); len(failed) > 0 {
		t.Errorf("failed: %s", list(failed))
	}
}

func TestMissingPrincipalsAreSkippedWithTheLineToAdd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*Suite)
		id      string
		reason  string
		add     string
		skipped int
	}{
		{
			"nobody with the role", func(s *Suite) { s.Users = s.Users[2:] }, "GET /secure: valid",
			"there is no user whose roles are enough", "roleAssignments: [{role: Admin, users: [NAME]}]  # in application api; NAME is a user of the stack", 0,
		},
		{
			"nobody with one of the roles", func(s *Suite) { s.Users = append(s.Users[:1:1], s.Users[2:]...) }, "GET /secure: role DevOps",
			"there is no user whose only accepted role is DevOps", "roleAssignments: [{role: DevOps, users: [NAME]}]  # in application api; NAME is a user of the stack", 1,
		},
		{
			"nobody without a role", func(s *Suite) { s.Users = s.Users[:3] }, "GET /secure: no-role",
			"there is no user without any role", `{apiVersion: provision/v1, kind: User, metadata: {name: nobody}, spec: {userPrincipalName: "nobody@${tenant.domain}", displayName: nobody}}`, 1,
		},
		{
			"nobody with another role", func(s *Suite) { s.Users = append(s.Users[:2:2], s.Users[3]) }, "GET /secure: wrong-role",
			"there is no user whose roles are all others", "roleAssignments: [{role: Reader, users: [NAME]}]  # in application api; NAME is a user of the stack", 1,
		},
		{
			"no other role at all", func(s *Suite) {
				s.Users, s.Resource.Roles = append(s.Users[:2:2], s.Users[3]), []string{"Admin", "DevOps"}
			}, "GET /secure: wrong-role",
			"there is no user whose roles are all others", "appRoles: [{value: Other, displayName: Other, description: Lets nobody in, allowedMemberTypes: [User, Application]}]  # in application api", 1,
		},
		{
			"no other role that a user could have", func(s *Suite) {
				s.Users, s.Resource.UserRoles = append(s.Users[:2:2], s.Users[3]), []string{"Admin", "DevOps"}
			}, "GET /secure: wrong-role",
			"there is no user whose roles are all others", "appRoles: [{value: Other, displayName: Other, description: Lets nobody in, allowedMemberTypes: [User, Application]}]  # in application api", 1,
		},
		{
			"a password that is not known", func(s *Suite) { s.Users[3].Unavailable = "its password is not known" }, "GET /secure: no-role",
			"user nob without any role cannot sign in: its password is not known", "", 1,
		},
		{
			"a client without the scope", func(s *Suite) { s.Applications[0].Scopes = []string{"other"} }, "GET /secure: valid",
			"there is no application that users sign in to and that is granted [read_data] of api", "permissions: [{resource: api, scopes: [read_data], adminConsent: true}]  # in an application with redirect URIs", 0,
		},
	}
	s := startTenant(t)
	target := serve(t, validator{issuer: s.issuer()})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			suite := quickstart(s, target)
			test.change(suite)
			r := run(t, suite)
			result := r.result(t, test.id)
			if result.Outcome != Skip || result.Reason != test.reason || result.Add != test.add {
				t.Errorf("%s: %q, add %q", result.Outcome, result.Reason, result.Add)
			}
			if test.skipped > 0 && r.summary.Skipped != test.skipped {
				t.Errorf("skipped: %s", list(r.ids(Skip)))
			}
			if bad := append(r.ids(Fail), r.ids(Error)...); len(bad) > 0 {
				t.Errorf("not skipped: %s", list(bad))
			}
		})
	}
}

// What is wrong with a token is not held against the API.
func TestTokensAreExaminedFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tenant, *Suite)
		id     string
		reason string
	}{
		{"role not assigned", func(s *tenant, _ *Suite) { s.users["ada"] = nil }, "GET /secure: valid", "has no role Admin: look at roleAssignments of application api"},
		{"a role too many", func(s *tenant, _ *Suite) { s.users["nob"] = []string{"Admin"} }, "GET /secure: no-role", "has role Admin, which it should lack"},
		{"role not effective", func(s *tenant, _ *Suite) { s.users["rea"] = nil }, "GET /secure: wrong-role", "has no role at all"},
		{"scope not granted", func(s *tenant, _ *Suite) { s.scopes["extension"] = []string{"read_data"} }, "GET /secure: valid", ""},
		{"another version", func(s *tenant, suite *Suite) { suite.Resource.TokenVersion = 1 }, "GET /secure: valid", `is of version "2.0", not 1.0`},
		{"another audience", func(s *tenant, suite *Suite) { suite.Resource.Audiences = []string{"api://other"} }, "GET /secure: valid", "not for api://other"},
		{"another issuer", func(s *tenant, suite *Suite) { suite.Issuer.URL = "https://elsewhere" }, "GET /secure: valid", "not from https://elsewhere"},
		{"no consent", func(s *tenant, suite *Suite) {
			suite.Applications[0].Scopes = []string{"read_data", "write_data"}
			suite.Document.Endpoints[1].Requires.Scopes = []string{"read_data", "write_data"}
		}, "GET /secure: valid", "get a token of user ada, signed in to extension: AADSTS65001"},
		{"an issuer that signs something else", func(s *tenant, suite *Suite) {
			suite.Tokens.(*Tenant).Signer = func(_ context.Context, header, claims map[string]any) (string, error) {
				claims["exp"] = time.Now().Add(time.Hour).Unix()
				return sign(header, claims), nil
			}
		}, "GET /secure: expired", "its claims are not the ones asked for"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
			test.change(s, suite)
			r := run(t, suite)
			result := r.result(t, test.id)
			want := Error
			if test.reason == "" {
				want = Pass
			}
			if result.Outcome != want || !strings.Contains(result.Reason, test.reason) {
				t.Errorf("%s: %s", result.Outcome, result.Reason)
			}
			if failed := r.ids(Fail); len(failed) > 0 {
				t.Errorf("held against the API: %s", list(failed))
			}
			if test.reason != "" && r.summary.OK() {
				t.Error("the summary says that all is well")
			}
		})
	}
}

func TestAssignmentRequired(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	s.refuses["nob"] = "AADSTS50105: not assigned"
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer()})))
	if result := r.result(t, "GET /secure: no-role"); result.Outcome != Skip || !strings.Contains(result.Reason, "the tenant itself refuses") {
		t.Errorf("%s: %s", result.Outcome, result.Reason)
	}
}

func TestWrittenCases(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Document.Cases = []stack.Case{
		{Name: "readers are kept out", Request: "GET /secure", As: stack.As{User: "rea"}, Expect: &stack.Expect{Status: 403}},
		{Name: "robots are kept out", Request: "GET /secure", As: stack.As{Application: "robot"}, Expect: &stack.Expect{Status: 401}},
		{Name: "open", Request: "GET /health", Expect: &stack.Expect{Status: 200, JSON: map[string]any{"status": "ok"}}},
		{Name: "elsewhere", Request: "GET /elsewhere", Expect: &stack.Expect{Status: 401}},
	}
	r := run(t, suite)
	for id, want := range map[string]Outcome{
		"GET /secure: readers are kept out": Pass,
		"GET /secure: robots are kept out":  Fail, // it is 403
		"GET /health: open":                 Pass,
		"GET /elsewhere: elsewhere":         Pass,
	} {
		if got := r.result(t, id); got.Outcome != want || got.Group != Written {
			t.Errorf("%s: %s %s", id, got.Outcome, got.Reason)
		}
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for only, want := range map[string][]string{
		"expired":           {"GET /secure: expired"},
		"/SECURE: alg":      {"GET /secure: alg-none"},
		"secure*tampered-p": {"GET /secure: tampered-payload"},
		"health":            {"GET /health: public"},
		"role*ops":          {"GET /secure: role DevOps"},
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			// What proves the case runs as well, and is not reported.
			suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
			suite.Only = only
			r := run(t, suite)
			if diff := cmp.Diff(want, r.ids(Pass)); diff != "" {
				t.Errorf("passed (-want +got):\n%s", diff)
			}
		})
	}
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Only = "nothing at all"
	if _, err := Run(t.Context(), suite, &recorder{}); err == nil || !strings.Contains(err.Error(), "no case matches") {
		t.Errorf("got %v", err)
	}
}

func TestRunCannot(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	target := serve(t, validator{issuer: s.issuer()})
	closed := serve(t, nil)
	closed.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		change func(*Suite)
		want   string
	}{
		{"no document", t.Context(), func(s *Suite) { s.Document = nil }, "no document"},
		{"no endpoint", t.Context(), func(s *Suite) { s.Document.Endpoints = nil }, "no case at all"},
		{"an endpoint twice", t.Context(), func(s *Suite) { s.Document.Endpoints = append(s.Document.Endpoints, s.Document.Endpoints[0]) }, "stated twice"},
		{"no request", t.Context(), func(s *Suite) { s.Document.Endpoints[0].Request = "/health" }, "not a method in capitals"},
		{"an unknown client", t.Context(), func(s *Suite) { s.Document.Client = "x" }, "client x"},
		{"a client without redirect", t.Context(), func(s *Suite) { s.Document.Client = "robot" }, "no redirect URI"},
		{"an unknown user", t.Context(), func(s *Suite) {
			s.Document.Cases = []stack.Case{{Name: "x", Request: "GET /", As: stack.As{User: "x"}}}
		}, "user x"},
		{"two cases of one name", t.Context(), func(s *Suite) {
			s.Document.Cases = []stack.Case{{Name: "valid", Request: "GET /secure"}}
		}, `two cases are called "GET /secure: valid"`},
		{"an admitted request that is refused", t.Context(), func(s *Suite) { s.Document.Endpoints[1].Expect = &stack.Expect{Status: 403} }, "no success"},
		{"nobody there", t.Context(), func(s *Suite) { s.Target = Target{closed.URL, closed.Client()} }, "reach the api"},
		{"cancelled", cancelled, func(*Suite) {}, "context canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			suite := quickstart(s, target)
			test.change(suite)
			r := &recorder{}
			if _, err := Run(test.ctx, suite, r); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if len(r.results) > 0 {
				t.Errorf("%d results", len(r.results))
			}
		})
	}
}

type brokenHandler struct{ recorder }

func (b *brokenHandler) Result(Result) error { return errors.New("disk full") }

func TestRunEndsWhenTheReportCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	_, err := Run(t.Context(), quickstart(s, serve(t, validator{issuer: s.issuer()})), &brokenHandler{})
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}

// A target that hangs up or breaks off midway is an error of its case alone.
func TestTargetThatHangsUp(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Basic") {
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(w, r)
	}))))
	if diff := cmp.Diff([]string{"GET /secure: wrong-scheme"}, r.ids(Error)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// The order is kept and no more than Concurrency requests are under way.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	var now, most atomic.Int32
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		api.ServeHTTP(w, r)
	})))
	suite.Concurrency = 1
	run(t, suite)
	if most.Load() != 1 {
		t.Errorf("%d requests at a time", most.Load())
	}
}

// An API that echoes what it got gives nothing away in the results.
func TestResultsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer(), flaw: "role"}
	var mu sync.Mutex
	var sent []string
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		_, raw, _ := strings.Cut(authorization, " ")
		mu.Lock()
		sent = append(sent, raw)
		mu.Unlock()
		w.Header().Set("X-Echo", authorization)
		w.Header().Set("WWW-Authenticate", "Bearer error=\""+raw+"\"")
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookie-value"})
		status := api.status(authorization)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"status":"ok","got":"` + authorization + `","pad":"` + strings.Repeat("x", 1900) + `","again":"` + raw + `"}`))
	}))))
	all, err := json.Marshal(r.results)
	if err != nil {
		t.Fatal(err)
	}
	text := string(all)
	for _, raw := range sent {
		segments := strings.Split(raw, ".")
		if len(segments) != 3 {
			continue
		}
		for i, segment := range segments {
			if len(segment) > 20 && strings.Contains(text, segment[:20]) && i > 0 {
				t.Fatalf("segment %d of a token is in the results", i+1)
			}
		}
		if strings.Contains(text, raw) {
			t.Fatal("a token is in the results")
		}
	}
	for _, word := range []string{password, secret, "cookie-value"} {
		if strings.Contains(text, word) {
			t.Errorf("the results hold %q", word)
		}
	}
	// They do say what was sent.
	shown := r.result(t, "GET /secure: no-role").Exchange
	if shown.Token == nil || !strings.Contains(string(shown.Token.Claims), "oid-nob") || shown.RequestHeader.Get("Authorization") != "Bearer [masked]" {
		t.Errorf("exchange %+v", shown)
	}
}

func TestCompareJSON(t *testing.T) {
	t.Parallel()
	want := map[string]any{"status": "ok", "n": 3, "who": map[string]any{"roles": []any{"a", "b"}}}
	for body, says := range map[string]string{
		`{"status":"ok","n":3.0,"who":{"roles":["a","b"],"more":1},"x":null}`: "",
		`{"status":"OK","n":3,"who":{"roles":["a","b"]}}`:                     `the answer's status is not "ok"`,
		`{"n":3,"who":{"roles":["a","b"]}}`:                                   "the answer lacks status",
		`{"status":"ok","n":3,"who":{"roles":["b","a"]}}`:                     `the answer's who.roles is not ["a","b"]`,
		`{"status":"ok","n":3,"who":{}}`:                                      "the answer lacks who.roles",
		`{"status":"ok","n":3,"who":7}`:                                       "the answer's who is not an object",
		`[]`:                                                                  "the answer is not a json object",
		`<html>`:                                                              "the answer is not json",
	} {
		if got := compareJSON(want, []byte(body)); got != says {
			t.Errorf("%s: got %q, want %q", body, got, says)
		}
	}
}
