package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"provision/internal/nettest"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const actionsIssuer = "https://token.actions.githubusercontent.com"

// hub is a stand-in for GitHub: the REST API that bootstrap uses, the issuer of the runs' tokens,
// and the operations that the pipeline calls with gh.
type hub struct {
	url, ca string                                        // of the REST API and the issuer, with their certificate
	proxy   string                                        // a proxy that sends the issuers' hosts to the hub
	sign    func(issuer, subject, audience string) string // issues the token of a run

	variables    map[string]string
	environments []string
	comment      string // the last comment of the pull request
	open         string // open pull requests, as suffixes
	immutable    bool   // subjects have ids
	subject      string // replaces the subject of the job
	job          string // the end of the current job's subject
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{variables: map[string]string{}}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h.sign = func(issuer, subject, audience string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "run"}}, nil)
		if err != nil {
			t.Error(err)
			return ""
		}
		now := time.Now()
		token, err := jwt.Signed(signer).Claims(map[string]any{"iss": issuer, "sub": subject, "aud": audience,
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": now.String()}).Serialize()
		if err != nil {
			t.Error(err)
		}
		return token
	}
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	certificate := issuerCertificate(t)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	h.url = server.URL
	h.ca = filepath.Join(t.TempDir(), "hub.pem")
	if err := os.WriteFile(h.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, map[string]string{"issuer": "https://" + r.Host, "jwks_uri": "https://" + r.Host + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "run", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "bearer of-the-run" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		prefix, end := "repo:contoso/orders:", h.job
		if h.immutable {
			prefix = "repo:contoso@12345/orders@67890:"
		}
		if h.subject != "" {
			end = h.subject
		}
		answerJSON(w, map[string]string{"value": h.sign(actionsIssuer, prefix+end, r.URL.Query().Get("audience"))})
	})
	const repository = "/repos/contoso/orders"
	mux.HandleFunc("GET "+repository, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"id": 67890, "owner": map[string]any{"id": 12345}})
	})
	mux.HandleFunc("GET "+repository+"/environments/{name}", func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(h.environments, r.PathValue("name")) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answerJSON(w, map[string]any{})
	})
	mux.HandleFunc("PUT "+repository+"/environments/{name}", func(w http.ResponseWriter, r *http.Request) {
		h.environments = append(h.environments, r.PathValue("name"))
		answerJSON(w, map[string]any{})
	})
	mux.HandleFunc("PATCH "+repository+"/actions/variables/{name}", func(w http.ResponseWriter, r *http.Request) {
		if _, exists := h.variables[r.PathValue("name")]; !exists {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST "+repository+"/actions/variables", func(w http.ResponseWriter, r *http.Request) {
		var v struct{ Name, Value string }
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h.variables[v.Name] = v.Value
		w.WriteHeader(http.StatusCreated)
	})
	h.proxy = issuerProxy(t, server.Listener.Addr().String())
	return h
}

// issuerCertificate is valid for the issuer's host and for loopback.
func issuerCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"token.actions.githubusercontent.com", "gitlab.com", "*.vault.azure.net"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// issuerProxy returns a proxy that sends every host to an address.
func issuerProxy(t *testing.T, address string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "token.actions.githubusercontent.com:443" && r.Host != "gitlab.com:443" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		to, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		nettest.Tunnel(w, to)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
