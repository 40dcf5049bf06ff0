package directory

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"time"
)

// checkKeys completes and checks the certificates of an application or a
// service principal; old are the replaced certificates. GET omits the text of keys,
// so an update that sends a credential back without it keeps the key.
// Source: Graph resource type "keyCredential".
func checkKeys(old, keys []KeyCredential) error {
	for i := range keys {
		k := &keys[i]
		switch {
		case !slices.Contains([]string{"AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"}, k.Type):
			return invalidValue("KeyCredential", "type", "It must be AsymmetricX509Cert, X509CertAndPassword or Symmetric.")
		case !slices.Contains([]string{"Verify", "Sign", "Encrypt"}, k.Usage):
			return invalidValue("KeyCredential", "usage", "It must be Verify, Sign or Encrypt.")
		case k.KeyID != "" && !isUUID(k.KeyID):
			return invalidValue("KeyCredential", "keyId", "It must be a GUID.")
		}
		was := slices.IndexFunc(old, func(o KeyCredential) bool { return same(o.KeyID, k.KeyID) })
		if was >= 0 && len(k.Key) == 0 {
			k.Key = old[was].Key
		}
		if was < 0 && len(k.Key) == 0 {
			return invalidValue("KeyCredential", "key", "A new credential needs its key.")
		}
		if k.KeyID == "" {
			k.KeyID = newID()
		}
		if k.Type == "AsymmetricX509Cert" && k.Usage != "Sign" {
			if err := k.readCertificate(); err != nil {
				return err
			}
		}
		if k.EndDateTime.Before(k.StartDateTime) {
			return &Error{Status: 400, Code: "KeyCredentialsInvalidEndDate", Target: "keyCredentials", Message: "Key credential end date is invalid."}
		}
	}
	if hasDuplicates(keys, func(k KeyCredential) string { return strings.ToLower(k.KeyID) }) {
		return duplicateValues("keyCredentials")
	}
	return nil
}

// readCertificate stores a certificate as DER, whatever its form in the request, and
// adds the properties that the request omits.
func (k *KeyCredential) readCertificate() error {
	if block, _ := pem.Decode(k.Key); block != nil {
		k.Key = block.Bytes
	}
	certificate, err := x509.ParseCertificate(k.Key)
	if err != nil {
		return invalidValue("KeyCredential", "key", "It is not an X.509 certificate.")
	}
	switch certificate.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
	default:
		return invalidValue("KeyCredential", "key", "The certificate's key must be RSA or EC.")
	}
	if len(k.CustomKeyIdentifier) == 0 {
		k.CustomKeyIdentifier = hexIdentifier(certificate)
	}
	if k.StartDateTime.IsZero() {
		k.StartDateTime = certificate.NotBefore.UTC()
	}
	if k.EndDateTime.IsZero() {
		k.EndDateTime = certificate.NotAfter.UTC()
	}
	if k.DisplayName == nil {
		name := certificate.Subject.String()
		k.DisplayName = &name
	}
	return nil
}

// hexIdentifier returns the default customKeyIdentifier: Graph returns the thumbprint's 40
// hexadecimal digits, although the type of the property is base64.
func hexIdentifier(certificate *x509.Certificate) []byte {
	identifier, err := base64.StdEncoding.DecodeString(thumbprint(certificate.Raw))
	if err != nil {
		panic("directory: hexadecimal digits are not base64: " + err.Error()) // a thumbprint always has forty digits
	}
	return identifier
}

func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// SigningCertificate is a self-signed certificate that a service principal
// signs SAML tokens with. Source: Graph resource type "selfSignedCertificate".
type SigningCertificate struct {
	CustomKeyIdentifier []byte    `json:"customKeyIdentifier"`
	DisplayName         string    `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Key                 []byte    `json:"key"` // DER
	KeyID               string    `json:"keyId"`
	StartDateTime       time.Time `json:"startDateTime"`
	Thumbprint          string    `json:"thumbprint"` // SHA-1, hexadecimal
	Type                string    `json:"type"`
	Usage               string    `json:"usage"`
}

const (
	signingName  = "CN=Microsoft Azure Federated SSO Certificate"
	signingYears = 3
)

// AddTokenSigningCertificate creates a certificate for a service principal, as two key
// credentials, Verify with the certificate and Sign, and the password of the latter. All
// three share customKeyIdentifier. The private key is not stored, because the local tenant
// issues no SAML tokens. name begins with "CN="; empty and zero stand for Entra's defaults.
// Source: learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate.
func (tx *Tx) AddTokenSigningCertificate(principalID, name string, end time.Time) (SigningCertificate, error) {
	sp, ok := tx.ServicePrincipal(principalID)
	if !ok {
		return SigningCertificate{}, NotFound(principalID)
	}
	if name == "" {
		name = signingName
	}
	if !strings.HasPrefix(name, "CN=") {
		return SigningCertificate{}, invalidValue("SelfSignedCertificate", "displayName", "It must begin with CN=.")
	}
	latest := tx.now.AddDate(signingYears, 0, 0)
	if end.IsZero() {
		end = latest
	}
	if !end.After(tx.now) || end.After(latest) {
		return SigningCertificate{}, invalidValue("SelfSignedCertificate", "endDateTime", "It must be within three years from now.")
	}
	der, err := selfSigned(strings.TrimPrefix(name, "CN="), tx.now, end)
	if err != nil {
		return SigningCertificate{}, err
	}
	print := thumbprint(der)
	identifier, err := hex.DecodeString(print)
	if err != nil {
		return SigningCertificate{}, err
	}
	verify := KeyCredential{CustomKeyIdentifier: identifier, DisplayName: &name, StartDateTime: tx.now, EndDateTime: end,
		Key: der, KeyID: newID(), Type: "AsymmetricX509Cert", Usage: "Verify"}
	sign := verify
	sign.Key, sign.KeyID, sign.Type, sign.Usage = nil, newID(), "X509CertAndPassword", "Sign"
	_, password := tx.makePassword(PasswordCredential{StartDateTime: tx.now, EndDateTime: end})
	password.KeyID, password.CustomKeyIdentifier = sign.KeyID, identifier
	sp = sp.Clone()
	sp.KeyCredentials = append(sp.KeyCredentials, sign, verify)
	sp.PasswordCredentials = append(sp.PasswordCredentials, password)
	tx.put(servicePrincipals, sp)
	return SigningCertificate{CustomKeyIdentifier: identifier, DisplayName: name, StartDateTime: tx.now, EndDateTime: end,
		Key: der, KeyID: sign.KeyID, Thumbprint: print, Type: "AsymmetricX509Cert", Usage: "Verify"}, nil
}

func selfSigned(name string, from, to time.Time) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}
