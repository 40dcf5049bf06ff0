package login

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

// identity is a key with its certificate.
type identity struct {
	key *rsa.PrivateKey
	der []byte
}

func newIdentity() identity {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return identity{key, der}
}

// Keys are slow to generate, so the tests share two.
var (
	clientIdentity = sync.OnceValue(newIdentity)
	otherIdentity  = sync.OnceValue(newIdentity)
)

func (i identity) sha1() []byte   { sum := sha1.Sum(i.der); return sum[:] }
func (i identity) sha256() []byte { sum := sha256.Sum256(i.der); return sum[:] }

func (i identity) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.der})
}

// sign signs a JWT; header fields replace or extend the usual ones.
func (i identity) sign(t *testing.T, alg jose.SignatureAlgorithm, header, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: i.key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// certify registers a certificate of an application, valid for a year.
func (w *world) certify(app *directory.Application, key []byte) {
	w.t.Helper()
	w.change(app.ID, func(app *directory.Application) {
		app.KeyCredentials = append(app.KeyCredentials, directory.KeyCredential{
			Type: "AsymmetricX509Cert", Usage: "Verify", Key: key,
			StartDateTime: w.clock.Now().Add(-time.Hour), EndDateTime: w.clock.Now().AddDate(1, 0, 0),
		})
	})
}

// daemonClaims returns the claims of the daemon's assertion, valid for ten minutes.
func (w *world) daemonClaims(pairs ...any) map[string]any {
	now := w.clock.Now().Unix()
	claims := map[string]any{
		"aud": w.origin + w.tokenPath(), "iss": w.daemon.AppID, "sub": w.daemon.AppID, "jti": "1", "iat": now, "nbf": now, "exp": now + 600,
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
			continue
		}
		claims[pairs[i].(string)] = pairs[i+1]
	}
	return claims
}

func (w *world) daemonAssertion(assertion string, pairs ...string) url.Values {
	return w.daemonRequest(append([]string{"client_secret", "-", "client_assertion_type", assertionType, "client_assertion", assertion}, pairs...)...)
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := clientIdentity()
	w.certify(w.daemon, id.der)
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	issued := float64(w.clock.Now().Unix()) + 0.25
	for name, test := range map[string]struct {
		alg    jose.SignatureAlgorithm
		header map[string]any
		claims map[string]any
	}{
		"MSAL Python":           {jose.RS256, map[string]any{"x5t": base64.URLEncoding.EncodeToString(id.sha1())}, w.daemonClaims("iat", issued, "exp", issued+600, "nbf", nil)},
		"MSAL Node":             {jose.PS256, map[string]any{"x5t#S256": raw.EncodeToString(id.sha256())}, w.daemonClaims()},
		"MSAL Go":               {jose.PS256, map[string]any{"x5t#S256": std.EncodeToString(id.sha256()), "x5c": []string{std.EncodeToString(id.der)}}, w.daemonClaims()},
		"Terraform's provider":  {jose.RS256, map[string]any{"kid": base64.URLEncoding.EncodeToString(id.sha1())}, w.daemonClaims()},
		"kid in hexadecimal":    {jose.RS256, map[string]any{"kid": strings.ToUpper(hex.EncodeToString(id.sha1()))}, w.daemonClaims()},
		"v1 token endpoint":     {jose.RS256, map[string]any{"x5t": raw.EncodeToString(id.sha1())}, w.daemonClaims("aud", w.origin+"/"+w.tid()+"/oauth2/token")},
		"domain's endpoint":     {jose.RS256, map[string]any{"x5t": raw.EncodeToString(id.sha1())}, w.daemonClaims("aud", w.origin+"/"+w.dir.Tenant().Domain+"/oauth2/v2.0/token")},
		"issuer as audience":    {jose.RS256, map[string]any{"x5t": raw.EncodeToString(id.sha1())}, w.daemonClaims("aud", []string{w.origin + "/" + w.tid() + "/v2.0"})},
		"a long life":           {jose.RS256, map[string]any{"x5t": raw.EncodeToString(id.sha1())}, w.daemonClaims("exp", w.clock.Now().AddDate(1, 0, 0).Unix())},
		"v1 issuer as audience": {jose.RS256, map[string]any{"x5t": raw.EncodeToString(id.sha1())}, w.daemonClaims("aud", w.origin+"/"+w.tid()+"/")},
	} {
		request := w.daemonAssertion(id.sign(t, test.alg, test.header, test.claims))
		for range 2 { // an assertion can be used again
			a := w.token(request)
			if a.status != 200 {
				t.Errorf("%s: %d %s", name, a.status, a.text("error_description"))
				continue
			}
			if c := w.claims(a.text("access_token")); c["azpacr"] != "2" || c["oid"] != w.daemonSP.ID {
				t.Errorf("%s: claims %v", name, c)
			}
		}
	}
}

func TestClientCertificateAsPEM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := clientIdentity()
	w.certify(w.daemon, id.pem())
	header := map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(id.sha1())}
	w.granted(w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims())))
	// The certificates of the service principal are also valid.
	w.certify(w.daemon, id.der)
	w.change(w.daemon.ID, func(app *directory.Application) { app.KeyCredentials = nil })
	w.token(w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims()))).expect(t, "taken away", 401, "invalid_client", 700027)
	w.changePrincipal(w.daemonSP.ID, func(sp *directory.ServicePrincipal) {
		sp.KeyCredentials = []directory.KeyCredential{{
			Type: "AsymmetricX509Cert", Usage: "Verify", Key: id.der, StartDateTime: w.clock.Now(), EndDateTime: w.clock.Now().Add(time.Hour),
		}}
	})
	w.granted(w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims())))
}

func TestWrongAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := clientIdentity(), otherIdentity()
	w.certify(w.daemon, id.der)
	header := map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(id.sha1())}
	good := id.sign(t, jose.RS256, header, w.daemonClaims())
	now := w.clock.Now().Unix()
	unsigned := good[:strings.LastIndexByte(good, '.')+1]
	for name, test := range map[string]struct {
		request url.Values
		status  int
		code    int
	}{
		"no type":                 {w.daemonAssertion(good, "client_assertion_type", "-"), 400, 900144},
		"another type":            {w.daemonAssertion(good, "client_assertion_type", "saml"), 400, 90023},
		"junk":                    {w.daemonAssertion("junk"), 401, 50027},
		"no signature":            {w.daemonAssertion(unsigned), 401, 700027},
		"no expiry":               {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("exp", nil))), 401, 50027},
		"RS512":                   {w.daemonAssertion(id.sign(t, jose.RS512, header, w.daemonClaims())), 401, 50027},
		"another issuer":          {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("iss", w.site.AppID))), 401, 700021},
		"another subject":         {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("sub", w.site.AppID))), 401, 700021},
		"another client":          {w.daemonAssertion(good, "client_id", w.site.AppID), 401, 700021},
		"another audience":        {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("aud", "https://login.example/"+w.tid()+"/oauth2/token"))), 401, 700023},
		"another tenant":          {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("aud", w.origin+"/99999999-0000-4000-8000-000000000000/oauth2/v2.0/token"))), 401, 700023},
		"another endpoint":        {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("aud", w.origin+"/"+w.tid()+"/oauth2/v2.0/authorize"))), 401, 700023},
		"two audiences":           {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("aud", []string{w.origin + "/" + w.tid() + "/v2.0", w.origin + "/" + w.tid() + "/oauth2/v2.0/token"}))), 401, 5002741},
		"no audience":             {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("aud", nil))), 401, 700023},
		"expired":                 {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("exp", now-301))), 401, 700024},
		"not yet valid":           {w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("nbf", now+301))), 401, 700024},
		"no thumbprint":           {w.daemonAssertion(id.sign(t, jose.RS256, nil, w.daemonClaims())), 401, 5002723},
		"unknown certificate":     {w.daemonAssertion(other.sign(t, jose.RS256, map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(other.sha1())}, w.daemonClaims())), 401, 700027},
		"another key":             {w.daemonAssertion(other.sign(t, jose.RS256, header, w.daemonClaims())), 401, 700027},
		"junk for a thumbprint":   {w.daemonAssertion(id.sign(t, jose.RS256, map[string]any{"kid": "!"}, w.daemonClaims())), 401, 700027},
		"from a browser":          {w.daemonAssertion(good), 400, 9002326},
		"certificate of a public": {w.desktopRedemption(w.code(w.desktopRequest(), w.ada), "client_assertion", good, "client_assertion_type", assertionType), 401, 700025},
	} {
		var header []string
		if name == "from a browser" {
			header = []string{"Origin", "https://page.example"}
		}
		if a := w.token(test.request, header...); a.status != test.status || a.code() != test.code {
			t.Errorf("%s: %d %s", name, a.status, a.text("error_description"))
		}
	}
	// Five minutes of clock skew are permitted.
	w.granted(w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims("exp", now-299))))
	w.clock.advance(366 * 24 * time.Hour)
	a := w.token(w.daemonAssertion(id.sign(t, jose.RS256, header, w.daemonClaims())))
	a.expect(t, "certificate is too old", 401, "invalid_client", 700027)
	if !strings.Contains(a.text("error_description"), "[Reason - The key used is expired., Thumbprint of key used by client: '"+strings.ToUpper(hex.EncodeToString(id.sha1()))+"'") {
		t.Errorf("%s", a.text("error_description"))
	}
}

func TestCodeByCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := clientIdentity()
	// MSAL uses the machine's clock for its assertions.
	w.clock.advance(time.Since(w.clock.Now()))
	w.certify(w.site, id.der)
	credential, err := confidential.NewCredFromCert([]*x509.Certificate{id.certificate(t)}, id.key)
	w.must(err)
	client, err := confidential.New(w.origin+"/"+w.tid(), w.site.AppID, credential,
		confidential.WithHTTPClient(w.server.Client()), confidential.WithInstanceDiscovery(false))
	w.must(err)
	own, err := client.AcquireTokenByCredential(context.Background(), []string{"api://orders/.default"})
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(own.AccessToken); c["azpacr"] != "2" {
		t.Errorf("claims %v", c)
	}
	scopes := []string{"api://orders/read_data"}
	result, err := client.AcquireTokenByAuthCode(context.Background(), w.code(w.siteRequest("scope", scopes[0]), w.ada), "https://site.example/callback", scopes)
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); c["azpacr"] != "2" || c["oid"] != w.ada.ID {
		t.Errorf("claims %v", c)
	}
}

func (i identity) certificate(t *testing.T) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(i.der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
