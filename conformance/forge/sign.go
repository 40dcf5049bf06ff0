package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"sync"
)

// attacker is a key pair that no issuer has published, made when first needed.
var attacker = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// SignedByAttacker signs the token with a key of the attacker's own, RS256.
func (t Token) SignedByAttacker() (Token, error) {
	key, err := attacker()
	if err != nil {
		return Token{}, fmt.Errorf("make the attacker's key: %w", err)
	}
	sum := sha256.Sum256([]byte(t.signingInput()))
	if known, found := attackerSignatures.Load(sum); found {
		t.Signature = known.([]byte)
		return t, nil
	}
	if t.Signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
		return Token{}, fmt.Errorf("sign as the attacker: %w", err)
	}
	attackerSignatures.Store(sum, t.Signature)
	return t, nil
}

// attackerSignatures are the RS256 signatures made with the attacker's key, by the
// SHA-256 of what they sign. RS256 is deterministic, and endpoints that admit the same
// caller share the forged tokens.
var attackerSignatures sync.Map

// SignedByAttackerAs states alg, one of RS512, PS256 and ES256, and signs
// accordingly with a key of the attacker's own (RFC 7518, section 3).
func (t Token) SignedByAttackerAs(alg string) (Token, error) {
	t = t.WithHeader("alg", alg)
	input := []byte(t.signingInput())
	key, err := attacker()
	if err != nil {
		return Token{}, fmt.Errorf("make the attacker's key: %w", err)
	}
	switch alg {
	case "RS512":
		sum := sha512.Sum512(input)
		t.Signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA512, sum[:])
	case "PS256":
		sum := sha256.Sum256(input)
		t.Signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "ES256":
		t.Signature, err = signES256(input)
	default:
		return Token{}, fmt.Errorf("sign as the attacker: alg %q is not known", alg)
	}
	if err != nil {
		return Token{}, fmt.Errorf("sign as the attacker: %w", err)
	}
	return t, nil
}

func signES256(input []byte) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}

// SignedWithSecret sets alg to HS256 and authenticates the token with a secret, like
// an attacker who uses a public key as the secret.
func (t Token) SignedWithSecret(secret []byte) Token {
	t = t.WithHeader("alg", "HS256")
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t.signingInput()))
	t.Signature = mac.Sum(nil)
	return t
}
