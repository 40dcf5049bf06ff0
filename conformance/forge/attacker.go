package forge

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// AttackerJWK returns the public half of the attacker's RSA key as a JSON Web Key
// (RFC 7517), under that kid, with its certificate in x5c.
func AttackerJWK(kid string) (map[string]any, error) {
	key, err := attacker()
	if err != nil {
		return nil, fmt.Errorf("make the attacker's key: %w", err)
	}
	certificate, err := AttackerCertificate()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
		"n": segment(key.N.Bytes()), "e": segment(big.NewInt(int64(key.E)).Bytes()),
		"x5c": []string{base64.StdEncoding.EncodeToString(certificate)},
	}, nil
}

// AttackerPublicKey returns the public half of the attacker's RSA key, as a
// SubjectPublicKeyInfo in DER.
func AttackerPublicKey() ([]byte, error) {
	key, err := attacker()
	if err != nil {
		return nil, fmt.Errorf("make the attacker's key: %w", err)
	}
	return x509.MarshalPKIXPublicKey(&key.PublicKey)
}

// AttackerCertificate is a certificate, in DER, that the attacker has issued
// for the own RSA key.
var AttackerCertificate = sync.OnceValues(func() ([]byte, error) {
	key, err := attacker()
	if err != nil {
		return nil, fmt.Errorf("make the attacker's key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the attacker's certificate: %w", err)
	}
	return certificate, nil
})
