package conformance

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
)

// publicKey is the issuer's key that has signed the valid token, as everybody
// can download it.
type publicKey struct {
	jwk         []byte // as in the key set
	modulus     string // n, base64url
	certificate string // x5c, base64 of DER, or ""
	key         *rsa.PublicKey
}

// fetchPublicKey finds the key of the valid token in the issuer's key set.
func (g *baselineToken) fetchPublicKey(ctx context.Context) (*publicKey, error) {
	set, err := g.run.Tokens.Keys(ctx)
	if err != nil {
		return nil, skip("", "the issuer's public key cannot be fetched: %v", plain(err))
	}
	var found struct{ Keys []json.RawMessage }
	var header struct{ Kid string }
	if err := json.Unmarshal(set, &found); err != nil {
		return nil, fmt.Errorf("the issuer's key set: %w", err)
	}
	if err := json.Unmarshal(g.token.Header, &header); err != nil {
		return nil, fmt.Errorf("the valid token's header: %w", err)
	}
	for _, raw := range found.Keys {
		var one struct {
			Kid, N, E string
			X5c       []string
		}
		if json.Unmarshal(raw, &one) != nil || one.Kid != header.Kid {
			continue
		}
		n, errN := base64.RawURLEncoding.DecodeString(one.N)
		e, errE := base64.RawURLEncoding.DecodeString(one.E)
		if errN != nil || errE != nil || len(n) == 0 || len(e) > 4 {
			return nil, fmt.Errorf("the issuer's key set: key %q is no rsa key", header.Kid)
		}
		key := &publicKey{jwk: raw, modulus: one.N, key: &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}}
		if len(one.X5c) > 0 {
			key.certificate = one.X5c[0]
		}
		return key, nil
	}
	return nil, skip("", "the issuer's key set has no key of the valid token's kid")
}

// The forms in which a program may store the key, and then use it as a secret.

func (k *publicKey) spki() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil {
		return nil, fmt.Errorf("encode the issuer's key: %w", err)
	}
	return der, nil
}

func (k *publicKey) pem() ([]byte, error) {
	der, err := k.spki()
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func (k *publicKey) pkcs1() ([]byte, error) {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(k.key)}), nil
}

func (k *publicKey) certificateText() ([]byte, error) {
	if k.certificate == "" {
		return nil, skip("", "the issuer's key set has no certificate (x5c)")
	}
	return []byte(k.certificate), nil
}

func (k *publicKey) certificatePEM() ([]byte, error) {
	text, err := k.certificateText()
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("the issuer's certificate is not base64")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
