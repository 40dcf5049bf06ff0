package graphapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// pair is a key and its certificate.
type pair struct {
	key  *ecdsa.PrivateKey
	text string // the certificate, in base64
}

func newPair(t *testing.T) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orders"}, NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{key, base64.StdEncoding.EncodeToString(der)}
}

func (p pair) proof(t *testing.T, issuer, audience string, begins time.Time, lifetime time.Duration) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(jwt.Claims{Issuer: issuer, Audience: jwt.Audience{audience},
		NotBefore: jwt.NewNumericDate(begins), Expiry: jwt.NewNumericDate(begins.Add(lifetime))}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKeysRoll: an application without permissions replaces its own certificate, and the old key
// is required for this.
func TestKeysRoll(t *testing.T) {
	t.Parallel()
	tt := start(t)
	first, second := newPair(t), newPair(t)
	self := tt.caller()
	app := tt.get("/v1.0/applications(appId='" + tt.callers[self].AppID + "')")
	for _, holder := range []struct{ path, id string }{
		{"/v1.0/applications/" + app.text("id"), app.text("id")},
		{"/v1.0/servicePrincipals/" + tt.callers[self].ServicePrincipalID, tt.callers[self].ServicePrincipalID},
	} {
		certificate := func(p pair) string {
			return fmt.Sprintf(`{"type":"AsymmetricX509Cert","usage":"Verify","key":%q}`, p.text)
		}
		add := func(caller, key, proof string) response {
			return tt.send(caller, "POST", holder.path+"/addKey", fmt.Sprintf(`{"keyCredential":%s,"passwordCredential":null,"proof":%q}`, key, proof))
		}
		good := first.proof(t, holder.id, proofAudience, noon, proofLifetime)
		if got := add(self, certificate(second), good).fault(); got != "401 Authentication_MissingOrMalformed: Access Token missing or malformed." {
			t.Errorf("%s has no certificate: %s, want 401", holder.path, got)
		}
		tt.must(204, "PATCH", holder.path, `{"keyCredentials":[`+certificate(first)+`]}`)
		for name, proof := range map[string]string{
			"no proof":                      "",
			"another key's":                 second.proof(t, holder.id, proofAudience, noon, proofLifetime),
			"another's":                     first.proof(t, app.text("appId"), proofAudience, noon, proofLifetime),
			"one for Microsoft Graph":       first.proof(t, holder.id, "00000003-0000-0000-c000-000000000000", noon, proofLifetime),
			"one of an hour":                first.proof(t, holder.id, proofAudience, noon, time.Hour),
			"an expired proof":              first.proof(t, holder.id, proofAudience, noon.Add(-time.Hour), proofLifetime),
			"a proof that is not valid yet": first.proof(t, holder.id, proofAudience, noon.Add(time.Hour), proofLifetime),
		} {
			if got := add(self, certificate(second), proof); got.StatusCode != 401 {
				t.Errorf("%s with %s: %s, want 401", holder.path, name, got.fault())
			}
		}
		if got := add(tt.caller("User.Read.All"), certificate(second), good); got.StatusCode != 403 {
			t.Errorf("%s by another client: %s, want 403", holder.path, got.fault())
		}
		if got := add(self, `{"type":"Symmetric","usage":"Verify","key":"eA=="}`, good); got.StatusCode != 400 {
			t.Errorf("%s, a key of another type: %s, want 400", holder.path, got.fault())
		}
		r := add(self, certificate(second), good)
		keyID := r.body.text("keyId")
		if r.StatusCode != 200 || keyID == "" || r.body["key"] != nil {
			t.Fatalf("%s: %s, want 200 with an id and no key: %s", holder.path, r.fault(), r.raw)
		}
		if keys := tt.get(holder.path)["keyCredentials"].([]any); len(keys) != 2 {
			t.Errorf("%s has %d certificates, want two", holder.path, len(keys))
		}
		// The new key signs the proof for the removal of the old one.
		old := object(tt.get(holder.path)["keyCredentials"].([]any)[0].(map[string]any)).text("keyId")
		remove := func(id string) response {
			return tt.send(self, "POST", holder.path+"/removeKey", fmt.Sprintf(`{"keyId":%q,"proof":%q}`, id, second.proof(t, holder.id, proofAudience, noon, proofLifetime)))
		}
		if got := remove(old); got.StatusCode != 204 {
			t.Errorf("remove the old one: %s, want 204", got.fault())
		}
		if got := remove(old); got.StatusCode != 400 {
			t.Errorf("remove it again: %s, want 400", got.fault())
		}
		r = tt.send(self, "POST", holder.path+"/addKey", fmt.Sprintf(`{"keyCredential":{"type":"X509CertAndPassword","usage":"Sign","key":%q},"passwordCredential":{"secretText":"MKTr0w1"},"proof":%q}`,
			first.text, second.proof(t, holder.id, proofAudience, noon, proofLifetime)))
		if r.StatusCode != 200 {
			t.Errorf("a key with a password: %s", r.fault())
		}
	}
}
