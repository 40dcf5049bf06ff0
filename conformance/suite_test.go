package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"provision/stack"
)

func mustParse(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// quickstart returns the API of the quickstart, as a suite of the test tenant.
func quickstart(s *tenant, target *httptest.Server) *Suite {
	suite := &Suite{
		Document: &stack.Conformance{
			Name: "secure", Resource: "api", Client: "extension", Life: stack.Life{KeyRefresh: "1s"},
			Endpoints: []stack.Endpoint{
				{Request: "GET /health", Public: true},
				{
					Request:  "GET /secure",
					Requires: &stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}},
					Expect:   &stack.Expect{JSON: map[string]any{"status": "ok"}},
				},
			},
		},
		Issuer: Issuer{TenantID: tenantID, URL: s.issuer()},
		Resource: Resource{
			Name: "api", AppID: apiID, TokenVersion: s.version, Audiences: []string{apiID, "api://" + apiID},
			Scopes: []string{"read_data"}, Roles: []string{"Admin", "DevOps", "Reader"},
		},
		Users: []User{
			{Name: "ada", Roles: []string{"Admin"}},
			{Name: "dev", Roles: []string{"DevOps"}, GroupRoles: []string{"DevOps"}},
			{Name: "rea", Roles: []string{"Reader"}},
			{Name: "nob"},
		},
		Applications: []Application{
			{Name: "extension", AppID: "extension", Scopes: []string{"read_data"}, SignsIn: true},
			{Name: "robot", AppID: "robot", Credential: true},
		},
		Tokens: s.tokens(), Changes: s.changes(),
	}
	if target != nil {
		suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
	}
	return suite
}

// recorder records the results of a run.
type recorder struct {
	mu      sync.Mutex
	plan    Plan
	results []Result
	summary Summary
	ended   int
}

func (r *recorder) Begin(p Plan) error { r.plan = p; return nil }

func (r *recorder) Result(result Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, result)
	return nil
}

func (r *recorder) End(s Summary) error { r.summary = s; r.ended++; return nil }

func (r *recorder) ids(outcome Outcome) []string {
	var ids []string
	for _, result := range r.results {
		if result.Outcome == outcome {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

func (r *recorder) result(t *testing.T, id string) Result {
	t.Helper()
	for _, result := range r.results {
		if result.ID == id {
			return result
		}
	}
	t.Fatalf("no result %q", id)
	return Result{}
}

// run runs a suite and checks the invariants of every run.
func run(t *testing.T, suite *Suite) *recorder {
	t.Helper()
	r := &recorder{}
	summary, err := Run(t.Context(), suite, r)
	if err != nil {
		t.Fatal(err)
	}
	if got := summary.Passed + summary.Noted + summary.Failed + summary.Known + summary.Blocked + summary.Skipped + summary.Errors; got != summary.Planned || len(r.results) != summary.Planned || r.ended != 1 {
		t.Errorf("planned %d, and %d results: %+v", summary.Planned, len(r.results), summary)
	}
	for i, result := range r.results {
		if result.ID != r.plan.Cases[i].ID {
			t.Errorf("result %d is %q, planned was %q", i, result.ID, r.plan.Cases[i].ID)
		}
		switch {
		case result.Outcome == Fail && (result.Cause == "" || result.Reason == "" || result.Exchange == nil):
			t.Errorf("%s failed without saying what, why and how: %+v", result.ID, result)
		case (result.Outcome == Skip || result.Outcome == Error) && result.Reason == "":
			t.Errorf("%s: %s without a reason", result.ID, result.Outcome)
		}
	}
	return r
}

// serverCertificate has an ECDSA key, because its handshake is many times faster than a handshake
// with the RSA key of httptest.
var serverCertificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// serve serves an API without TLS, which these tests do not need and which is ten times slower.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := unstarted(t, h)
	server.Start()
	return server
}

// serveTLS serves a tenant, because the issuer must be an https address.
func serveTLS(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := unstarted(t, h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{serverCertificate()}}
	server.StartTLS()
	return server
}

func unstarted(t *testing.T, h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	// Clients open more connections than they need, and close some of them during the handshake.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return server
}

func list(ids []string) string { return strings.Join(ids, "\n") }

// without removes groups of cases that a test does not need.
func without(suite *Suite, groups ...Group) *Suite {
	suite.leaves = func(c Case) bool { return slices.Contains(groups, c.Group) }
	return suite
}

// solely reduces a suite to the cases of some groups and the cases that these depend on.
func solely(suite *Suite, groups ...Group) *Suite {
	suite.leaves = func(c Case) bool {
		return !slices.Contains(groups, c.Group) && c.stage != stageFirst && c.stage != stageBase
	}
	return suite
}
