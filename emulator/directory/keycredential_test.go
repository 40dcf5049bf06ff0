package directory

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"testing"
	"time"
)

// certificate creates a certificate in DER.
func certificate(t *testing.T) []byte {
	t.Helper()
	der, err := selfSigned("orders", noon, noon.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	der := certificate(t)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for _, test := range []struct {
		name string
		key  KeyCredential
		want string
	}{
		{"as DER", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: der}, ""},
		{"as PEM", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: text}, ""},
		{"under an id of its own", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: der, KeyID: id("k")}, ""},
		{"under an id that is none", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: der, KeyID: "k"}, "GUID"},
		{"that is none", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: []byte("x")}, "not an X.509 certificate"},
		{"without its key", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify"}, "needs its key"},
		{"of no type", KeyCredential{Usage: "Verify", Key: der}, "'type'"},
		{"for nothing", KeyCredential{Type: "AsymmetricX509Cert", Key: der}, "'usage'"},
		{"that ends before it begins", KeyCredential{Type: "AsymmetricX509Cert", Usage: "Verify", Key: der, StartDateTime: noon, EndDateTime: noon.Add(-time.Hour)}, "KeyCredentialsInvalidEndDate"},
	} {
		b := inMemory(t)
		app := &Application{DisplayName: "orders", KeyCredentials: []KeyCredential{test.key}}
		err := b.Update(func(tx *Tx) (err error) {
			app, err = tx.CreateApplication(app)
			return err
		})
		check(t, "a certificate "+test.name, err, test.want)
		if err != nil {
			continue
		}
		kept := app.KeyCredentials[0]
		if !bytes.Equal(kept.Key, der) || !kept.EndDateTime.Equal(noon.AddDate(1, 0, 0)) || kept.KeyID == "" || *kept.DisplayName != "CN=orders" ||
			base64.StdEncoding.EncodeToString(kept.CustomKeyIdentifier) != thumbprint(der) {
			t.Errorf("a certificate %s is kept as %v", test.name, kept)
		}
		sp := b.principal(app)
		check(t, "of a principal "+test.name, b.Update(func(tx *Tx) error {
			changed := sp.Clone()
			changed.KeyCredentials = []KeyCredential{test.key}
			return tx.UpdateServicePrincipal(changed)
		}), "")
		check(t, "kept "+test.name, b.Update(func(tx *Tx) error {
			changed, _ := tx.Application(app.ID)
			changed = changed.Clone()
			changed.KeyCredentials[0].Key = nil
			return tx.UpdateApplication(changed)
		}), "")
		if now, _ := b.Application(app.ID); !bytes.Equal(now.KeyCredentials[0].Key, der) {
			t.Error("a key that was sent back without its text is lost")
		}
	}
}

func TestTokenSigningCertificate(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	sp := b.principal(b.application(&Application{DisplayName: "orders"}))
	add := func(name string, end time.Time) (made SigningCertificate, err error) {
		err = b.Update(func(tx *Tx) (err error) {
			made, err = tx.AddTokenSigningCertificate(sp.ID, name, end)
			return err
		})
		return made, err
	}
	made, err := add("", time.Time{})
	check(t, "with the defaults", err, "")
	now, _ := b.ServicePrincipal(sp.ID)
	if made.DisplayName != signingName || !made.EndDateTime.Equal(noon.AddDate(3, 0, 0)) || made.Thumbprint != thumbprint(made.Key) {
		t.Errorf("the certificate is %v", made)
	}
	uses := map[string]KeyCredential{}
	for _, k := range now.KeyCredentials {
		uses[k.Usage] = k
		if !bytes.Equal(k.CustomKeyIdentifier, made.CustomKeyIdentifier) {
			t.Error("the two credentials do not share customKeyIdentifier")
		}
	}
	if !bytes.Equal(uses["Verify"].Key, made.Key) || uses["Sign"].KeyID != made.KeyID || len(now.PasswordCredentials) != 1 || now.PasswordCredentials[0].KeyID != made.KeyID {
		t.Errorf("the principal has %v and %v", now.KeyCredentials, now.PasswordCredentials)
	}
	for name, test := range map[string]struct {
		name string
		end  time.Time
		want string
	}{
		"a name":              {"CN=orders", noon.AddDate(1, 0, 0), ""},
		"a name without CN":   {"orders", time.Time{}, "CN="},
		"an end in the past":  {"", noon, "three years"},
		"an end far from now": {"", noon.AddDate(4, 0, 0), "three years"},
	} {
		_, err := add(test.name, test.end)
		check(t, name, err, test.want)
	}
}
