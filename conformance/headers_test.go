package conformance

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// A finding names the header that admitted the request, and no other header.
func TestTheHeaderIsNamed(t *testing.T) {
	t.Parallel()
	for flawed, test := range map[string]struct {
		mutation mutation
		name     string
		says     string
		severity Severity
	}{
		"one header":           {skips(headerBegins("X-Real-Ip", "::1")), "header-address", "without a token: X-Real-Ip: ::1 (200)", Critical},
		"two headers together": {skips(both("X-Forwarded-User", "X-Forwarded-Groups")), "header-identity", "the headers of oauth2-proxy (200)", Critical},
		"with a valid token":   {entitles(hasHeader("X-Forwarded-Groups")), "header-identity", "with a valid token that is not sufficient: X-Forwarded-Groups: Admin (200)", High},
		"an error":             {mutation{answers: breaksWith("X-Forwarded-For")}, "header-address", "X-Forwarded-For: 127.0.0.1 (500)", Critical},
	} {
		t.Run(flawed, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: test.mutation}))
			suite.Only = test.name
			result := run(t, suite).result(t, "GET /secure: "+test.name)
			if result.Outcome != Fail || !strings.Contains(result.Reason, test.says) || result.Severity != test.severity || result.Exchange == nil {
				t.Errorf("%s %s %s", result.Outcome, result.Severity, result.Reason)
			}
		})
	}
}

// An API that does not ask for the token of a form does not read it from forms.
func TestFormsWithoutATokenAreOneFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: skips(headerBegins("Content-Type", "application/x-www-form-urlencoded"))}))
	suite.leaves = func(c Case) bool {
		return c.Name == "header-client" && c.Endpoint != "GET /secure" || c.Group == Lifecycle
	}
	second := suite.Document.Endpoints[1]
	second.Request = "GET /secure?page=1"
	suite.Document.Endpoints = append(suite.Document.Endpoints, second)
	if f := run(t, suite).summary.Findings; len(f) != 1 || f[0].Cause != CauseHeaderClient {
		t.Errorf("findings %+v", f)
	}
}

// A page that asks everybody to sign in shows nothing.
func TestSignInPageIsNoLeak(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: mutation{answers: withPage("<h1>Sign in</h1>")}}))
	suite.Only = "header-client"
	if result := run(t, suite).result(t, "GET /secure: header-client"); result.Outcome != Pass {
		t.Errorf("%s %s", result.Outcome, result.Reason)
	}
}

func both(one, other string) func(*http.Request) bool {
	return func(r *http.Request) bool { return hasHeader(one)(r) && hasHeader(other)(r) }
}

func breaksWith(name string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Header.Get(name) == "" {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
}

// Each kind of header is sent to every endpoint, so that a flaw of one route is found.
func TestAHeaderOfOneRoute(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer(), mutation: skips(func(r *http.Request) bool {
		return r.URL.Query().Get("report") != "" && r.Header.Get("X-Forwarded-Email") != ""
	})}
	suite := quickstart(s, serve(t, api))
	suite.Document.Endpoints = append(suite.Document.Endpoints, stack.Endpoint{Request: "GET /secure?report=1", Requires: suite.Document.Endpoints[1].Requires})
	suite.Only = "header-identity"
	r := run(t, suite)
	if result := r.result(t, "GET /secure: header-identity"); result.Outcome != Pass {
		t.Errorf("%s: %s", result.ID, result.Reason)
	}
	result := r.result(t, "GET /secure?report=1: header-identity")
	if result.Outcome != Fail || !strings.Contains(result.Reason, "X-Forwarded-Email: ada@contoso.example") {
		t.Errorf("%s: %s %s", result.ID, result.Outcome, result.Reason)
	}
}

// If another endpoint has the same path, a header can select its method. An answer that this
// method gives to every caller is not a flaw.
func TestOverrideOfADeclaredMethod(t *testing.T) {
	t.Parallel()
	s := wide(t)
	for flawed, test := range map[string]struct {
		override func(r *http.Request) string
		check    func(r *http.Request) string
		empty    bool // all methods answer 204
		fails    bool
	}{
		"none":                         {func(r *http.Request) string { return r.Method }, nil, false, false},
		"none, and all answers empty":  {func(r *http.Request) string { return r.Method }, nil, true, false},
		"a header, after the check":    {func(r *http.Request) string { return cmp.Or(r.Header.Get("X-HTTP-Method-Override"), r.Method) }, func(r *http.Request) string { return r.Method }, false, true},
		"the query, after the check":   {func(r *http.Request) string { return cmp.Or(r.URL.Query().Get("_method"), r.Method) }, func(r *http.Request) string { return r.Method }, false, true},
		"the header decides the check": {func(r *http.Request) string { return r.Method }, func(r *http.Request) string { return cmp.Or(r.Header.Get("X-Method-Override"), r.Method) }, false, true},
		"both follow the header":       {func(r *http.Request) string { return cmp.Or(r.Header.Get("X-Method-Override"), r.Method) }, nil, false, false},
	} {
		t.Run(flawed, func(t *testing.T) {
			t.Parallel()
			check := test.check
			if check == nil {
				check = test.override
			}
			api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				roles := map[string][]string{"PUT": {"Reader", "Admin"}, "DELETE": {"Admin"}}
				needed, runs := roles[check(r)], test.override(r)
				status, _ := ruled{issuer: s.issuer(), decide: func(c claims) bool { return c.scope("read_data") && c.role(needed...) }}.status(r.Header.Get("Authorization"))
				switch {
				case r.URL.Path != "/note", roles[runs] == nil:
					status = 404
				case status == 401:
					w.Header().Set("WWW-Authenticate", "Bearer")
				case status == 200 && test.empty:
					w.WriteHeader(204)
					return
				}
				answer(w, status, map[string]any{runs: status})
			})
			suite := wideSuite(s, requires("PUT /note", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Reader", "Admin"}}),
				requires("DELETE /note", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}}))
			target := serve(t, api)
			suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
			suite.Only = "header-method"
			result := run(t, suite).result(t, "DELETE /note: header-method")
			if failed := result.Outcome == Fail; failed != test.fails {
				t.Errorf("%s %s %s", result.Outcome, result.Reason, result.Note)
			}
		})
	}
}

// TestCallerProductsExist: each name is one of the products.
func TestCallerProductsExist(t *testing.T) {
	t.Parallel()
	for _, name := range callerProducts {
		if !slices.ContainsFunc(products, func(p product) bool { return p.name == name }) {
			t.Errorf("there is no product %q", name)
		}
	}
}

func TestEveryPublicRouteIsAReferer(t *testing.T) {
	t.Parallel()
	suite := &Suite{Target: Target{URL: "https://api.contoso.example/v1/"}}
	publics := []string{"/health", "/assets/logo.svg"}
	all, err := pathHeaders(headerFacts{baselineToken: &baselineToken{run: &runState{Suite: suite}}, publics: publics})
	if err != nil {
		t.Fatal(err)
	}
	for _, public := range publics {
		if !slices.ContainsFunc(all, func(d disguise) bool {
			return d.change(spoken{}).header.Get("Referer") == "https://api.contoso.example/v1"+public
		}) {
			t.Errorf("no Referer of %s", public)
		}
	}
}

// A group's id is sent in the headers of roles and groups.
func TestIdentityHeadersNameRequiredGroups(t *testing.T) {
	t.Parallel()
	const staff = "8c543d77-f89a-4ac3-a54f-000000000001"
	e, err := newEndpoint(stack.Endpoint{Request: "GET /salaries", Requires: &stack.Requires{Scopes: []string{"Salaries.Read"}, Groups: []string{"staff"}}})
	if err != nil {
		t.Fatal(err)
	}
	who := principalOf(e, &baselineToken{claims: claimSet{"oid": "1", "groups": []any{staff}}})
	if got := who.list(); !strings.Contains(got, staff) {
		t.Errorf("the headers name %q", got)
	}
}

// The id of a required group in a header or in the query does not replace the groups of the token.
func TestGroupOfTheRequest(t *testing.T) {
	t.Parallel()
	const admins = "11111111-aaaa-4bbb-8ccc-000000000001"
	for says, names := range map[string]func(*http.Request) bool{
		"X-Forwarded-Groups": func(r *http.Request) bool { return strings.Contains(r.Header.Get("X-Forwarded-Groups"), admins) },
		"a query":            func(r *http.Request) bool { return r.URL.Query().Get("group") == admins },
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			suite := ruledSuite(t, stack.Requires{Scopes: []string{"Orders.Read"}, Groups: []string{"admins"}}, nil)
			api := ruled{issuer: suite.Issuer.URL, decide: func(c claims) bool { return c.scope("Orders.Read") && c.group(admins) }}
			suite.Target = at(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status, c := api.status(r.Header.Get("Authorization"))
				if status == 403 && c.scope("Orders.Read") && names(r) {
					status = 200
				}
				if r.URL.Path != "/orders" {
					status = 404
				}
				answer(w, status, object{"status": status})
			})))
			solely(suite, Headers)
			suite.Only = "GET /orders: header-identity"
			if got := run(t, suite).result(t, "GET /orders: header-identity"); got.Outcome != Fail || !strings.Contains(got.Reason, says) {
				t.Errorf("%s: %s", got.Outcome, got.Reason)
			}
		})
	}
}
