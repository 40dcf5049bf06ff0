package login

import (
	"encoding/base64"
	"math/big"
)

// publicKey is a signing key as a JSON Web Key (RFC 7517), with Entra's additional
// member issuer: validators accept the key for tokens of this issuer only.
type publicKey struct {
	KeyType           string   `json:"kty"`
	Use               string   `json:"use"`
	KeyID             string   `json:"kid"`
	Thumbprint        string   `json:"x5t"`
	Modulus           string   `json:"n"`
	Exponent          string   `json:"e"`
	Certificates      []string `json:"x5c"` // DER in base64, not base64url
	CloudInstanceName string   `json:"cloud_instance_name,omitempty"`
	Issuer            string   `json:"issuer"`
}

func (c *call) keysV2() *Error { return c.publishKeys(c.issuerV2, c.cloud.Instance) }

func (c *call) keysV1() *Error { return c.publishKeys(c.issuerV1, "") }

// publishKeys lists the keys. A key that signs only for another tenant is in the key
// set of all tenants, with that tenant as its issuer.
func (c *call) publishKeys(issuerOf func(tenantID string) string, cloud string) *Error {
	own := c.documentTenant()
	var keys []publicKey
	for _, k := range c.keys.all() {
		issuer := issuerOf(own)
		if k.tenant != "" {
			if issuer = issuerOf(k.tenant); !c.shared() && own != k.tenant {
				continue
			}
		}
		keys = append(keys, publicKey{
			KeyType:           "RSA",
			Use:               "sig",
			KeyID:             k.id,
			Thumbprint:        k.id,
			Modulus:           base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
			Exponent:          base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
			Certificates:      []string{base64.StdEncoding.EncodeToString(k.certificate.Raw)},
			CloudInstanceName: cloud,
			Issuer:            issuer,
		})
	}
	return c.document(struct {
		Keys []publicKey `json:"keys"`
	}{keys})
}
