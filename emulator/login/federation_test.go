package login

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

// cluster is an issuer of workload tokens, like a Kubernetes cluster.
type cluster struct {
	*httptest.Server
	mu    sync.Mutex
	keys  map[string]identity
	reads int // of the key set
	named string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{keys: map[string]identity{"one": clientIdentity()}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": c.named, "jwks_uri": c.URL + "/jwks"})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reads++
		keys := []any{map[string]string{"kty": "XYZ", "kid": "strange"}}
		for id, key := range c.keys {
			keys = append(keys, jose.JSONWebKey{Key: key.key.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	})
	c.Server = httptest.NewUnstartedServer(mux)
	c.Config.ErrorLog = log.New(io.Discard, "", 0) // one test does not trust its certificate
	c.StartTLS()
	t.Cleanup(c.Close)
	c.named = c.URL
	return c
}

func (c *cluster) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

const (
	exchange = "api://AzureADTokenExchange"
	workload = "system:serviceaccount:shop:orders"
)

// federate adds a federated credential for a workload of the cluster to the daemon.
func (w *world) federate(c *cluster) {
	w.t.Helper()
	w.trust(directory.FederatedIdentityCredential{Name: "elsewhere", Issuer: "https://elsewhere.example", Subject: ptr(workload), Audiences: []string{exchange}})
	w.trust(directory.FederatedIdentityCredential{Name: "orders", Issuer: c.URL, Subject: ptr(workload), Audiences: []string{exchange}})
	pool := x509.NewCertPool()
	pool.AddCert(c.Certificate())
	w.login.issuers = newIssuers(pool, w.clock.Now)
}

// trust adds a federated credential to the daemon.
func (w *world) trust(f directory.FederatedIdentityCredential) {
	w.t.Helper()
	w.update(func(tx *directory.Tx) {
		_, err := tx.AddFederatedCredential(w.daemon.ID, f)
		w.must(err)
	})
}

func (w *world) workloadClaims(c *cluster, pairs ...any) map[string]any {
	return w.daemonClaims(append([]any{"iss", c.URL, "sub", workload, "aud", []string{exchange}}, pairs...)...)
}

func TestFederatedCredential(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newCluster(t)
	w.federate(c)
	id, other := clientIdentity(), otherIdentity()
	kid := map[string]any{"kid": "one"}
	assertion := func(pairs ...any) string { return id.sign(t, jose.RS256, kid, w.workloadClaims(c, pairs...)) }
	a := w.granted(w.daemonAssertion(assertion()))
	if claims := w.claims(a.text("access_token")); claims["azpacr"] != "2" || claims["oid"] != w.daemonSP.ID {
		t.Errorf("claims %v", claims)
	}
	now := w.clock.Now().Unix()
	for name, test := range map[string]struct {
		assertion string
		code      int
	}{
		"another issuer":    {assertion("iss", "https://evil.example"), 700211},
		"issuer and slash":  {assertion("iss", c.URL+"/"), 700211},
		"another subject":   {assertion("sub", workload+"2"), 700213},
		"subject's case":    {assertion("sub", strings.ToUpper(workload)), 7002138},
		"another audience":  {assertion("aud", "api://else"), 700212},
		"two audiences":     {assertion("aud", []string{exchange, "api://else"}), 5002741},
		"expired":           {assertion("exp", now-301), 700024},
		"another key":       {other.sign(t, jose.RS256, kid, w.workloadClaims(c)), 50013},
		"unknown key":       {other.sign(t, jose.RS256, map[string]any{"kid": "two"}, w.workloadClaims(c)), 50013},
		"another algorithm": {id.sign(t, jose.PS256, kid, w.workloadClaims(c)), 50027},
	} {
		if a := w.token(w.daemonAssertion(test.assertion)); a.code() != test.code {
			t.Errorf("%s: %d %s", name, a.status, a.text("error_description"))
		}
	}
	site := form(w.daemonAssertion(assertion()), "client_id", w.site.AppID)
	w.token(site).expect(t, "an application that trusts nobody", 401, "invalid_client", 70025)
	// A flexible credential accepts several subjects, with its audience.
	w.trust(directory.FederatedIdentityCredential{
		Name: "any", Issuer: c.URL, Audiences: []string{"api://any"},
		ClaimsMatchingExpression: &directory.ClaimsMatchingExpression{LanguageVersion: 1, Value: "claims['sub'] matches 'system:*:shop:*' and claims['jti'] eq '1'"},
	})
	w.granted(w.daemonAssertion(assertion("sub", "system:serviceaccount:shop:stock", "aud", "api://any")))
	w.token(w.daemonAssertion(assertion("sub", "system:serviceaccount:shop:stock"))).expect(t, "its audience", 401, "invalid_client", 700212)
	w.token(w.daemonAssertion(assertion("sub", "else", "aud", "api://any"))).expect(t, "no expression matches", 401, "invalid_client", 7002131)
	w.granted(w.daemonAssertion(id.sign(t, jose.RS256, nil, w.workloadClaims(c)))) // without a kid, the tenant tries every key
}

func TestIssuerKeysAreKept(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newCluster(t)
	w.federate(c)
	id, other := clientIdentity(), otherIdentity()
	first := func() string { return id.sign(t, jose.RS256, map[string]any{"kid": "one"}, w.workloadClaims(c)) }
	second := func() string { return other.sign(t, jose.RS256, map[string]any{"kid": "two"}, w.workloadClaims(c)) }
	reads := func(want int, when string) {
		t.Helper()
		c.do(func() {
			if c.reads != want {
				t.Errorf("%s: the keys were read %d times, want %d", when, c.reads, want)
			}
		})
	}
	for range 5 {
		w.granted(w.daemonAssertion(first()))
	}
	reads(1, "at first")
	for range 5 {
		w.token(w.daemonAssertion(second())).expect(t, "a key that the key set does not contain", 401, "invalid_client", 50013)
	}
	reads(1, "unknown keys without a pause")
	c.do(func() { c.keys["two"] = other })
	w.clock.advance(issuerKeysPause)
	w.granted(w.daemonAssertion(second()))
	reads(2, "a new key")
	w.clock.advance(issuerKeysLifetime)
	w.granted(w.daemonAssertion(first()))
	reads(3, "an hour later")

	c.do(func() { c.named = "https://evil.example" })
	w.clock.advance(issuerKeysLifetime)
	w.token(w.daemonAssertion(first())).expect(t, "metadata of another issuer", 401, "invalid_client", 50166)
	c.do(func() { c.named = c.URL })
	w.granted(w.daemonAssertion(first()))
	w.login.issuers = newIssuers(nil, w.clock.Now) // which does not trust the cluster's certificate
	w.token(w.daemonAssertion(first())).expect(t, "an issuer that is not trusted", 401, "invalid_client", 50166)
}

// A token of this tenant can also be the credential of an application, like the token of a
// managed identity. The tenant then requests no keys.
func TestFederatedCredentialOfTheTenantItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, issuer := range map[string]string{"local": w.origin + "/" + w.tid() + "/v2.0", "public": "https://login.microsoftonline.com/" + w.tid() + "/v2.0"} {
		w.trust(directory.FederatedIdentityCredential{Name: name, Issuer: issuer, Subject: ptr(w.siteSP.ID), Audiences: []string{exchange}})
		claims := w.daemonClaims("iss", issuer, "sub", w.siteSP.ID, "aud", exchange)
		token, err := w.login.Sign(nil, claims)
		w.must(err)
		w.granted(w.daemonAssertion(token))
		w.token(w.daemonAssertion(clientIdentity().sign(t, jose.RS256, nil, claims))).expect(t, "another's key", 401, "invalid_client", 50013)
	}
}

func TestMSALFederatedCredential(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newCluster(t)
	w.federate(c)
	credential := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return clientIdentity().sign(t, jose.RS256, map[string]any{"kid": "one"}, w.workloadClaims(c, "exp", w.clock.Now().Add(time.Hour).Unix())), nil
	})
	client, err := confidential.New(w.origin+"/"+w.tid(), w.daemon.AppID, credential,
		confidential.WithHTTPClient(w.server.Client()), confidential.WithInstanceDiscovery(false))
	w.must(err)
	result, err := client.AcquireTokenByCredential(context.Background(), []string{"api://orders/.default"})
	if err != nil {
		t.Fatal(err)
	}
	if claims := w.claims(result.AccessToken); claims["oid"] != w.daemonSP.ID {
		t.Errorf("claims %v", claims)
	}
}
