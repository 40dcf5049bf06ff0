package conformance

import (
	"bytes"
	"context"
)

// publicKeyAsSecret are tokens authenticated by HMAC with the issuer's public
// key as the secret, in each form in which a program may hold that key.
var publicKeyAsSecret = []check{
	asSecret("hs256-pem", "as PEM", (*publicKey).pem),
	asSecret("hs256-pem-trimmed", "as PEM without the last line break", func(k *publicKey) ([]byte, error) {
		text, err := k.pem()
		return bytes.TrimSpace(text), err
	}),
	asSecret("hs256-pkcs1", "as PEM of PKCS #1", (*publicKey).pkcs1),
	asSecret("hs256-der", "as DER", (*publicKey).spki),
	asSecret("hs256-certificate", "as its certificate in PEM", (*publicKey).certificatePEM),
	asSecret("hs256-x5c", "as its certificate as in the key set", (*publicKey).certificateText),
	asSecret("hs256-jwk", "as JWK as in the key set", func(k *publicKey) ([]byte, error) { return k.jwk, nil }),
	asSecret("hs256-modulus", "as its modulus as in the key set", func(k *publicKey) ([]byte, error) { return []byte(k.modulus), nil }),
	asSecret("hs256-modulus-bytes", "as the bytes of its modulus", func(k *publicKey) ([]byte, error) { return k.key.N.Bytes(), nil }),
	{
		name: "hs256-empty", means: CauseAlgorithm, severity: Critical,
		sends:  "the valid token's payload with HS256 and an empty secret",
		gain:   "anybody can make tokens, without any key",
		flaw:   "the API accepts HS256, and uses an empty secret if it does not find the key",
		source: "RFC 8725, sections 2.1 and 3.1",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return bearer(g.token.SignedWithSecret(nil).String()), nil
		},
	},
}

func asSecret(name, form string, secret func(*publicKey) ([]byte, error)) check {
	return check{
		name: name, means: CauseAlgorithm, severity: Critical,
		sends:  "the valid token's payload signed by HS256, with this secret: the issuer's public key " + form,
		gain:   "anybody can make tokens: the key that verifies them is public",
		flaw:   "the API accepts HS256 and uses the issuer's public key as a secret: the token selects the verification algorithm",
		source: "RFC 8725, sections 2.1 and 3.1; CVE-2015-9235, CVE-2016-10555",
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			key, err := g.fetchPublicKey(ctx)
			if err != nil {
				return credential{}, err
			}
			s, err := secret(key)
			if err != nil {
				return credential{}, err
			}
			return bearer(g.token.SignedWithSecret(s).String()), nil
		},
	}
}
