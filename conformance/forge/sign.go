package forge

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
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
	if t.Signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
		return Token{}, fmt.Errorf("sign as the attacker: %w", err)
	}
	return t, nil
}
