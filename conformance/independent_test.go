package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"

	"provision/stack"
)

// shapes returns the kinds of endpoints that documents declare, all in one API.
func shapes() []stack.Endpoint {
	both := []string{users, applications}
	return []stack.Endpoint{
		{Request: "GET /health", Public: true},
		requires("GET /secure", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "Auditor"}}),
		requires("GET /scope", stack.Requires{Scopes: []string{"read_data"}}),
		requires("POST /scopes", stack.Requires{Scopes: []string{"read_data", "write_data"}, AllRoles: []string{"Admin", "Auditor"}}),
		requires("GET /role", stack.Requires{AnyRole: []string{"Admin", "Reader"}}),
		requires("PUT /jobs", stack.Requires{AllRoles: []string{"Admin"}, Callers: []string{applications}}),
		requires("GET /either", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin"}, Callers: both}),
		{Request: "GET /any"},
	}
}

// correct are correct APIs, each with another library for tokens.
var correct = []struct {
	name string
	// forgets reports whether the library's cache keeps a key set without keys that the issuer
	// served for a moment.
	forgets bool
	// alike reports whether the previous API has the same server. Its answers to other headers
	// and paths, which the library does not see, are then the same.
	alike bool
	// short reports whether the library accepts keys of 1024 bits, which sign five times as fast.
	short bool
	start func(*testing.T, *tenant, *Suite) Target
}{
	{name: "reference API", start: func(t *testing.T, s *tenant, suite *Suite) Target { return at(reference(t, s, suite)) }},
	{name: "golang-jwt", short: true, start: func(t *testing.T, s *tenant, suite *Suite) Target { return inGo(t, suite, golangJWTClaims(s)) }},
	{name: "go-oidc", short: true, alike: true, start: func(t *testing.T, s *tenant, suite *Suite) Target { return inGo(t, suite, goOIDC(s)) }},
	{name: "jose", start: func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, node(t, "jose")...)
	}},
	{name: "jsonwebtoken", alike: true, start: func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, node(t, "jsonwebtoken")...)
	}},
	{name: "PyJWT", short: true, forgets: true, start: func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, python(t, "http", "jwt", "jwt")...)
	}},
	{name: "python-jose", short: true, alike: true, start: func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, python(t, "http", "jose", "jose")...)
	}},
	{name: "PyJWT, Flask", short: true, forgets: true, start: func(t *testing.T, s *tenant, suite *Suite) Target {
		return outside(t, s, suite, python(t, "flask", "jwt", "jwt, flask")...)
	}},
}

// No case fails for correct APIs, with all kinds of requirements and both token versions. The run
// is the run of verify without flags.
func TestNoFalseAlarm(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	for _, api := range correct {
		for _, version := range []int{2, 1}[:lessUnlessRequired(2, 1)] {
			if version == 1 && (api.alike || strings.Contains(api.name, "Flask")) {
				continue // its server, which compares issuer and audience, is the server of another API
			}
			t.Run(fmt.Sprintf("%s, version %d", api.name, version), func(t *testing.T) {
				t.Parallel()
				s := wide(t)
				s.version, s.strong = version, !api.short
				suite := wideSuite(s, shapes()...)
				suite.Changes.Disruptive = false
				if version == 1 || api.alike {
					without(suite, Headers, Routes) // cases that do not depend on the version
				}
				suite.Target = api.start(t, s, suite)
				noFalseAlarm(t, run(t, suite))
			})
		}
	}
}

// The disruptive cases do not fail either. If the library's cache forgets keys, the API refuses
// the valid token after them.
func TestNoFalseAlarmOfDisruptiveCases(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	for _, api := range correct {
		t.Run(api.name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			s.strong = !api.short
			suite := quickstart(s, nil)
			suite.leaves = func(c Case) bool { return c.Group != Lifecycle && c.Group != Authorization }
			suite.Target = api.start(t, s, suite)
			r := run(t, suite)
			if r.result(t, "GET /secure: keys-empty").Outcome == Skip {
				t.Error("keys-empty was not tried")
			}
			if !api.forgets {
				noFalseAlarm(t, r)
				return
			}
			const end = "GET /secure: still-valid"
			alarms := append(r.ids(Fail), r.ids(Error)...)
			if !slices.Equal(alarms, []string{end}) {
				t.Fatalf("alarms %q, want only still-valid", alarms)
			}
			if got := r.result(t, end); got.Means != CauseNotAsFound || !strings.Contains(got.Reason, "since the case keys-empty") {
				t.Errorf("still-valid: %s: %s", got.Means, got.Reason)
			}
		})
	}
}

func at(server *httptest.Server) Target {
	return Target{URL: server.URL, HTTPClient: server.Client()}
}

// entitled contains what a correct API reads from a token.
type entitled struct {
	Scp   string   `json:"scp"`
	Roles []string `json:"roles"`
	Idtyp string   `json:"idtyp"`
	Oid   string   `json:"oid"`
	Sub   string   `json:"sub"`
}

// inGo serves the suite's endpoints; verify returns the content of a valid token, or an error.
func inGo(t *testing.T, suite *Suite, verify func(ctx context.Context, raw string) (entitled, error)) Target {
	routes := make(map[string]endpoint)
	for _, stated := range suite.Document.Endpoints {
		e, err := newEndpoint(stated)
		if err != nil {
			t.Fatal(err)
		}
		routes[e.request] = e
	}
	return at(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, found := routes[r.Method+" "+r.URL.Path]
		scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !found || e.public {
			answer(w, map[bool]int{true: 200, false: 404}[found], map[string]any{"status": "ok"})
			return
		}
		claims, err := verify(r.Context(), strings.TrimSpace(raw))
		if err != nil || !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			answer(w, 401, map[string]any{"detail": "Unauthorized"})
			return
		}
		application := claims.Idtyp == "app" || claims.Idtyp == "" && claims.Scp == "" && claims.Oid == claims.Sub
		admitted := e.users && missing(e.scopes, strings.Fields(claims.Scp)) == nil
		if application {
			admitted = e.apps
		}
		if !admitted || !e.satisfiedBy(claims.Roles) {
			answer(w, 403, map[string]any{"detail": "Forbidden"})
			return
		}
		answer(w, 200, map[string]any{"status": "ok"})
	})))
}

func golangJWTClaims(s *tenant) func(context.Context, string) (entitled, error) {
	keys := s.cache(nil)
	return func(_ context.Context, raw string) (entitled, error) {
		var claims struct {
			jwt.RegisteredClaims
			Scp   string   `json:"scp"`
			Roles []string `json:"roles"`
			Idtyp string   `json:"idtyp"`
			Oid   string   `json:"oid"`
		}
		_, err := jwt.ParseWithClaims(raw, &claims, func(token *jwt.Token) (any, error) {
			kid, _ := token.Header["kid"].(string)
			if key := keys.find(kid); key != nil {
				return key, nil
			}
			return nil, jwt.ErrTokenUnverifiable
		}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(s.issuer()), jwt.WithAudience(apiID), jwt.WithExpirationRequired())
		return entitled{claims.Scp, claims.Roles, claims.Idtyp, claims.Oid, claims.Subject}, err
	}
}

func goOIDC(s *tenant) func(context.Context, string) (entitled, error) {
	client := oidc.ClientContext(context.Background(), s.Client())
	verifier := oidc.NewVerifier(s.issuer(), oidc.NewRemoteKeySet(client, s.URL+"/keys"), &oidc.Config{ClientID: apiID, SupportedSigningAlgs: []string{"RS256"}})
	return func(ctx context.Context, raw string) (claims entitled, err error) {
		token, err := verifier.Verify(ctx, raw)
		if err != nil {
			return claims, err
		}
		return claims, token.Claims(&claims)
	}
}

// outside runs a program of testdata that serves the suite's endpoints. The first line of its
// output is its address.
func outside(t *testing.T, s *tenant, suite *Suite, command ...string) Target {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	required := make(map[string]stack.Requires)
	for _, e := range suite.Document.Endpoints {
		if !e.Public {
			required[e.Request] = stack.Requires{}
		}
		if e.Requires != nil {
			required[e.Request] = *e.Requires
		}
	}
	encoded, err := json.Marshal(required)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Env = append(os.Environ(), "ISSUER="+s.issuer(), "AUDIENCE="+apiID+" api://"+apiID, "JWKS_URI="+s.URL+"/keys",
		"REQUIRES="+string(encoded), "SSL_CERT_FILE="+ca, "NODE_EXTRA_CA_CERTS="+ca)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // it serves until it is killed
		_ = c.Wait()
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s did not start: %v", command, err)
	}
	return Target{URL: strings.TrimSpace(url)}
}

func node(t *testing.T, library string) []string {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		lacking(t, "node", "apt-get install nodejs npm")
	}
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", library, "package.json")); err != nil {
		lacking(t, library, "npm ci --prefix conformance/testdata/node")
	}
	return []string{program, filepath.Join(dir, "api.mjs"), library}
}

// python is the command that runs the API of testdata. Debian's packages belong to the Python in
// /usr/bin, which is not always the first on PATH.
func python(t *testing.T, what, library, modules string) []string {
	t.Helper()
	first, _ := exec.LookPath("python3")
	candidates := slices.DeleteFunc([]string{first, "/usr/bin/python3"}, func(p string) bool {
		return p == "" || exec.Command(p, "-c", "import cryptography, "+modules).Run() != nil
	})
	if len(candidates) == 0 {
		lacking(t, "Python with "+modules, "apt-get install python3-jwt python3-jose python3-cryptography python3-flask")
	}
	return []string{candidates[0], filepath.Join("testdata", "python", "api.py"), what, library}
}

// lessUnlessRequired reduces the work of a test, except where PROVISION_TEST_REQUIRE requires
// every program.
func lessUnlessRequired(all, less int) int {
	if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
		return all
	}
	return less
}

// lacking skips a test without a program, or fails it if every program is required.
func lacking(t *testing.T, what, how string) {
	t.Helper()
	if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
		t.Fatalf("%s is needed: %s", what, how)
	}
	t.Skipf("%s is needed: %s", what, how)
}
