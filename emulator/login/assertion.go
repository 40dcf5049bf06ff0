package login

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"provision/emulator/directory"
)

// assertionType is the only type of client assertion (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertion is a client assertion whose signature has not been checked. Like Entra, the
// server ignores jti: an assertion can be used several times while it is valid.
type assertion struct {
	token  *jwt.JSONWebToken
	header jose.Header
	claims assertionClaims
}

type assertionClaims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.Audience     `json:"aud"`
	Expires   *jwt.NumericDate `json:"exp"` // clients also send fractions
	NotBefore *jwt.NumericDate `json:"nbf"`
	AIO       string           `json:"aio"` // of a managed identity's token
}

// checkAssertion checks the assertion of a client: it must be signed with a certificate
// of the registration, or by another issuer that the registration trusts.
func (c *tenantCall) checkAssertion(cl *client, text string) *Error {
	sent, err := parseAssertion(text)
	if err != nil {
		return err
	}
	if n := len(sent.claims.Audience); n > 1 {
		return failure(5002741, n)
	}
	if strings.HasPrefix(sent.claims.Issuer, "https://") {
		return c.checkFederated(cl, sent, text)
	}
	return c.checkCertificate(cl, sent)
}

func parseAssertion(text string) (*assertion, *Error) {
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil || len(token.Headers) != 1 {
		return nil, failure(50027).as("invalid_client")
	}
	sent := &assertion{token: token, header: token.Headers[0]}
	if token.UnsafeClaimsWithoutVerification(&sent.claims) != nil || sent.claims.Expires == nil {
		return nil, failure(50027).as("invalid_client")
	}
	return sent, nil
}

// checkTime checks the validity period of an assertion.
func (c *call) checkTime(sent *assertion) *Error {
	expires := sent.claims.Expires.Time()
	begins := time.Time{}
	if sent.claims.NotBefore != nil {
		begins = sent.claims.NotBefore.Time()
	}
	if !c.now.Before(expires.Add(clockSkew)) || c.now.Before(begins.Add(-clockSkew)) {
		const layout = time.RFC3339
		return failure(700024, c.now.UTC().Format(layout), begins.UTC().Format(layout), expires.UTC().Format(layout))
	}
	return nil
}

// checkCertificate checks a self-signed assertion against the client's certificates.
// Source: learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (c *tenantCall) checkCertificate(cl *client, sent *assertion) *Error {
	if !equalID(sent.claims.Issuer, cl.app.AppID) || !equalID(sent.claims.Subject, cl.app.AppID) {
		return failure(700021)
	}
	if !slices.ContainsFunc(sent.claims.Audience, c.addressed) {
		return failure(700023)
	}
	if err := c.checkTime(sent); err != nil {
		return err
	}
	hint, named := thumbprint(sent.header)
	if !named {
		return failure(5002723)
	}
	shown := strings.ToUpper(hex.EncodeToString(hint))
	key, credential, found := certificateKey(cl.keyCredentials(), hint)
	switch {
	case !found:
		return failure(700027, "The key was not found.", shown, cl.app.AppID)
	case !c.now.Before(credential.EndDateTime) || c.now.Before(credential.StartDateTime):
		return failure(700027, "The key used is expired.", shown, cl.app.AppID)
	case sent.token.Claims(key, &assertionClaims{}) != nil:
		return failure(700027, "The provided signature value did not match the expected signature value.", shown, cl.app.AppID)
	}
	return nil
}

// keyCredentials returns the certificates that are registered for a client.
func (cl client) keyCredentials() []directory.KeyCredential {
	all := slices.Clone(cl.app.KeyCredentials)
	if cl.principal != nil {
		all = append(all, cl.principal.KeyCredentials...)
	}
	return all
}

// thumbprint returns the SHA-256 or SHA-1 thumbprint in a header as bytes, because
// clients write it differently (base64url, base64 with or without padding, in kid also
// hexadecimal).
func thumbprint(header jose.Header) ([]byte, bool) {
	texts := []string{header.KeyID}
	for _, name := range []jose.HeaderKey{"x5t", "x5t#S256"} { // the strongest hash comes first
		if text, ok := header.ExtraHeaders[name].(string); ok {
			texts = append([]string{text}, texts...)
		}
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		unpadded := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
		if sum, err := base64.RawURLEncoding.DecodeString(unpadded); err == nil && (len(sum) == sha1.Size || len(sum) == sha256.Size) {
			return sum, true
		}
		if sum, err := hex.DecodeString(text); err == nil && (len(sum) == sha1.Size || len(sum) == sha256.Size) {
			return sum, true
		}
		return nil, true
	}
	return nil, false
}

// certificateKey finds the certificate with a thumbprint, its key and its credential.
func certificateKey(credentials []directory.KeyCredential, hint []byte) (*rsa.PublicKey, directory.KeyCredential, bool) {
	for _, credential := range credentials {
		if credential.Usage != "Verify" {
			continue
		}
		der := credential.Key
		if block, _ := pem.Decode(der); block != nil { // Terraform's provider registers PEM
			der = block.Bytes
		}
		short, long := sha1.Sum(der), sha256.Sum256(der)
		if !bytes.Equal(hint, short[:]) && !bytes.Equal(hint, long[:]) {
			continue
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok {
			return key, credential, true
		}
	}
	return nil, directory.KeyCredential{}, false
}
