package graphapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// certificate creates a certificate in DER.
func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orders"}, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestKeysAreShownOnlyWhenSelected(t *testing.T) {
	t.Parallel()
	tt := start(t)
	der := certificate(t)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	app := tt.newApplication(`{"displayName":"orders"}`)
	sp := tt.newServicePrincipal(app)
	const keyID = "22222222-2222-2222-2222-222222222222"
	for _, path := range []string{"/v1.0/applications/" + app.text("id"), "/v1.0/servicePrincipals/" + sp.text("id")} {
		tt.must(204, "PATCH", path, fmt.Sprintf(`{"keyCredentials":[{"type":"AsymmetricX509Cert","usage":"Verify","keyId":%q,"key":%q,
			"startDateTime":"2026-03-02T00:00:00Z","endDateTime":"2026-04-01T00:00:00Z"}]}`, keyID, base64.StdEncoding.EncodeToString(text)))
		for query, want := range map[string]any{"": nil, "?$select=keyCredentials": base64.StdEncoding.EncodeToString(der)} {
			credential := object(tt.get(path + query).at("keyCredentials").([]any)[0].(map[string]any))
			if credential["key"] != want || credential.text("keyId") != keyID || credential.text("startDateTime") != "2026-03-02T00:00:00Z" ||
				credential.text("endDateTime") != "2026-04-01T00:00:00Z" || len(credential.text("customKeyIdentifier")) != 40 {
				t.Errorf("GET %s shows %v", path+query, credential)
			}
		}
		if listed := tt.must(200, "GET", path[:strings.LastIndex(path, "/")]+"?$select=keyCredentials", ""); strings.Contains(listed.raw, `"key":"`) {
			t.Error("a list shows the text of keys")
		}
		tt.must(204, "PATCH", path, `{"keyCredentials":[]}`)
	}
}

func TestAddTokenSigningCertificate(t *testing.T) {
	t.Parallel()
	tt := start(t)
	sp := tt.newServicePrincipal(tt.newApplication(`{"displayName":"orders"}`))
	path := "/v1.0/servicePrincipals/" + sp.text("id")
	made := tt.must(200, "POST", path+"/addTokenSigningCertificate", `{"displayName":"CN=orders","endDateTime":"2027-01-01T00:00:00Z"}`).body
	if made.text("displayName") != "CN=orders" || made.text("endDateTime") != "2027-01-01T00:00:00Z" || len(made.text("thumbprint")) != 40 {
		t.Errorf("the certificate is %v", made)
	}
	uses := map[string]object{}
	for _, entry := range tt.get(path + "?$select=keyCredentials").at("keyCredentials").([]any) {
		uses[object(entry.(map[string]any)).text("usage")] = entry.(map[string]any)
	}
	if uses["Verify"].text("key") != made.text("key") || uses["Sign"].text("keyId") != made.text("keyId") ||
		uses["Sign"].text("customKeyIdentifier") != made.text("customKeyIdentifier") || uses["Sign"]["key"] != nil {
		t.Errorf("the credentials are %v", uses)
	}
	if got := tt.send("admin", "POST", path+"/addTokenSigningCertificate", `{"displayName":"orders"}`).fault(); !strings.HasPrefix(got, "400") {
		t.Errorf("a name without CN: %s", got)
	}
	tt.must(204, "PATCH", path, `{"keyCredentials":[],"passwordCredentials":[]}`)
}

func TestLogo(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","info":{"marketingUrl":"https://orders.example"}}`)
	path := "/v1.0/applications/" + app.text("id")
	const image = "GIF89a\x01\x00\x01\x00"
	if got := tt.send("admin", "GET", path+"/logo", "").fault(); !strings.HasPrefix(got, "404") {
		t.Errorf("a logo that does not exist: %s", got)
	}
	tt.must(204, "PUT", path+"/logo", image, "Content-Type: image/gif")
	if r := tt.must(200, "GET", path+"/logo", ""); r.raw != image || r.Header.Get("Content-Type") != "image/gif" {
		t.Errorf("the logo is %q, %s", r.raw, r.Header.Get("Content-Type"))
	}
	tt.must(204, "PATCH", path, `{"info":{"supportUrl":"https://help.example"}}`)
	info := object(tt.get(path).at("info").(map[string]any))
	if info.text("logoUrl") != origin+path+"/logo" || info.text("supportUrl") == "" || info.text("marketingUrl") == "" {
		t.Errorf("info is %v", info)
	}
	for name, body := range map[string]string{"no image": "hello", "too large": image + strings.Repeat("x", 101<<10)} {
		if got := tt.send("admin", "PUT", path+"/logo", body, "Content-Type: image/gif").fault(); !strings.HasPrefix(got, "400") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
