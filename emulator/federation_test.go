package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"provision/emulator/directory"
)

// TestFederatedIssuerOnThisMachine: the tenant trusts an issuer whose certificate its own
// authority signed, and no other issuer.
func TestFederatedIssuerOnThisMachine(t *testing.T) {
	t.Parallel()
	listeners, err := Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Origin: Origin(listeners)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	server, err := e.Serve(listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown(t.Context())
	other, err := OpenAuthority("")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.Authority().Pool()}}}
	defer client.CloseIdleConnections()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tenantID, clientID, _ := e.Administrator()
	for name, test := range map[string]struct {
		authority *Authority
		status    int
	}{"our own authority": {e.Authority(), http.StatusOK}, "another": {other, http.StatusUnauthorized}} {
		issuer := httptest.NewUnstartedServer(nil)
		issuer.Config.ErrorLog = e.httpServer(nil).ErrorLog // the certificate of one issuer is not trusted
		issuer.TLS = test.authority.TLSConfig()
		issuer.StartTLS()
		defer issuer.Close()
		address := strings.Replace(issuer.URL, "127.0.0.1", "localhost", 1)
		issuer.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}}
			if r.URL.Path == "/.well-known/openid-configuration" {
				body = map[string]string{"issuer": address, "jwks_uri": address + "/keys"}
			}
			_ = json.NewEncoder(w).Encode(body)
		})
		subject := "system:serviceaccount:shop:orders"
		err := e.directory.Update(func(tx *directory.Tx) error {
			app, _ := tx.ApplicationByAppID(clientID)
			_, err := tx.AddFederatedCredential(app.ID, directory.FederatedIdentityCredential{
				Name: strings.ReplaceAll(name, " ", "-"), Issuer: address, Subject: &subject, Audiences: []string{"api://AzureADTokenExchange"},
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		assertion, err := jwt.Signed(signer).Claims(map[string]any{
			"iss": address, "sub": subject, "aud": "api://AzureADTokenExchange", "exp": time.Now().Add(time.Minute).Unix(),
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.PostForm(Origin(listeners)+"/"+tenantID+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://graph.microsoft.com/.default"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, test.status)
		}
	}
}
