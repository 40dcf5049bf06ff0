package conformance

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
)

// signatureMutants take a signature for good that is not.
var signatureMutants = []mutant{
	{"the header is not signed", "tampered-header", mutation{trusts: func(_ map[string]any, s []string) bool {
		h, _ := json.Marshal(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"})
		return verified(&tenantKey().PublicKey, b64(h)+"."+s[1], s[2])
	}}},
	{"b64 false is not signed", "tampered-b64", mutation{trusts: header("b64", false)}},
	{"half a signature is enough", "truncated-signature", mutation{trusts: signatureLength(128)}},
	{"no signature is a good one", "empty-signature", mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "RS256" && s[2] == "" }}},
	{"zero is a good signature", "zero-signature", mutation{trusts: func(_ map[string]any, s []string) bool {
		signature, _ := base64.RawURLEncoding.DecodeString(s[2])
		return len(signature) == 256 && bytes.Count(signature, []byte{0}) == 256
	}}},
	{"None", "alg-none-capitalized", mutation{trusts: header("alg", "None")}},
	{"NONE", "alg-none-capitals", mutation{trusts: header("alg", "NONE")}},
	{"nOnE", "alg-none-mixed", mutation{trusts: header("alg", "nOnE")}},
	{"an empty alg", "alg-empty", mutation{trusts: header("alg", "")}},
	{"no alg", "alg-missing", mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["alg"]; return !ok }}},
	{"null alg", "alg-null", mutation{trusts: func(h map[string]any, _ []string) bool { alg, ok := h["alg"]; return ok && alg == nil }}},
	{"the first alg is checked, the second used", "alg-twice", mutation{trusts: func(h map[string]any, s []string) bool {
		raw, _ := base64.RawURLEncoding.DecodeString(s[0])
		return h["alg"] == "none" && bytes.Contains(raw, []byte(`"alg":"RS256"`))
	}}},
	{"none with a signature", "alg-none-signed", mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "none" && s[2] != "" }}},
	{"any signature of the right length", "own-key", mutation{trusts: func(h map[string]any, s []string) bool { return h["kid"] == "one" && signatureLength(256)(h, s) }}},
	{"no kid, no check", "own-key-no-kid", mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["kid"]; return !ok && h["alg"] == "RS256" }}},
	{"RS512 goes unchecked", "own-RS512", mutation{trusts: header("alg", "RS512")}},
	{"PS256 goes unchecked", "own-PS256", mutation{trusts: header("alg", "PS256")}},
	{"ES256 goes unchecked", "own-ES256", mutation{trusts: header("alg", "ES256")}},
	{"the PEM is a secret", "hs256-pem", secretIs(func() []byte { return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}) })},
	{"the trimmed PEM is a secret", "hs256-pem-trimmed", secretIs(func() []byte {
		return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}))
	})},
	{"the PKCS #1 PEM is a secret", "hs256-pkcs1", secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&tenantKey().PublicKey)})
	})},
	{"the DER is a secret", "hs256-der", secretIs(spki)},
	{"the certificate is a secret", "hs256-certificate", secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tenantCertificate()})
	})},
	{"x5c is a secret", "hs256-x5c", secretIs(func() []byte { return []byte(base64.StdEncoding.EncodeToString(tenantCertificate())) })},
	{"the JWK is a secret", "hs256-jwk", mutation{trusts: func(h map[string]any, s []string) bool {
		// As the key set spells it, which is Go's way in this tenant.
		jwk, _ := json.Marshal(map[string]any{
			"kty": "RSA", "use": "sig", "kid": "one", "issuer": issuerOf(s[1]),
			"x5c": []string{base64.StdEncoding.EncodeToString(tenantCertificate())},
			"n":   b64(tenantKey().N.Bytes()), "e": b64(big.NewInt(int64(tenantKey().E)).Bytes()),
		})
		return authenticated(jwk, h, s)
	}}},
	{"the modulus is a secret", "hs256-modulus", secretIs(func() []byte { return []byte(b64(tenantKey().N.Bytes())) })},
	{"the modulus' bytes are a secret", "hs256-modulus-bytes", secretIs(tenantKey().N.Bytes)},
	{"nothing is a secret", "hs256-empty", secretIs(func() []byte { return nil })},
	{"jku is followed", "jku", mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["jku"].(string)
		return ok && fetched(address)
	}}},
	{"jku is fetched and the token refused", "jku", mutation{trusts: func(h map[string]any, s []string) bool {
		if address, ok := h["jku"].(string); ok {
			fetched(address)
		}
		return false
	}}},
	{"x5u is followed", "x5u", mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["x5u"].(string)
		return ok && fetched(address)
	}}},
	{"jwk is believed", "jwk", mutation{trusts: func(h map[string]any, s []string) bool {
		jwk, ok := h["jwk"].(map[string]any)
		if !ok {
			return false
		}
		n, _ := base64.RawURLEncoding.DecodeString(jwk["n"].(string))
		return verified(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, s[0]+"."+s[1], s[2])
	}}},
	{"x5c is believed", "x5c", mutation{trusts: func(h map[string]any, s []string) bool {
		chain, ok := h["x5c"].([]any)
		if !ok {
			return false
		}
		der, _ := base64.StdEncoding.DecodeString(chain[0].(string))
		certificate, err := x509.ParseCertificate(der)
		return err == nil && verified(certificate.PublicKey.(*rsa.PublicKey), s[0]+"."+s[1], s[2])
	}}},
	{"kid is a file", "kid-path", mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasSuffix(kid, "/dev/null") && authenticated(nil, h, s)
	}}},
	{"kid is sql", "kid-sql", mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.Contains(kid, "SELECT 'secret'") && authenticated([]byte("secret"), h, s)
	}}},
	{"a long kid breaks it", "kid-long", mutation{breaksOn: func(raw string) bool { return len(raw) > 5000 }}},
	{"a kid that is a number breaks it", "kid-number", mutation{breaksOn: func(raw string) bool {
		var h map[string]any
		_ = unmarshal(strings.Split(raw, ".")[0], &h)
		_, number := h["kid"].(float64)
		return number
	}}},
}

func header(name string, value any) func(map[string]any, []string) bool {
	return func(h map[string]any, _ []string) bool {
		return h[name] == value && (name != "alg" || value != nil) && hasKey(h, name)
	}
}

func hasKey(m map[string]any, name string) bool { _, ok := m[name]; return ok }

func signatureLength(n int) func(map[string]any, []string) bool {
	return func(_ map[string]any, s []string) bool {
		signature, _ := base64.RawURLEncoding.DecodeString(s[2])
		return len(signature) == n
	}
}

func verified(key *rsa.PublicKey, input, signature string) bool {
	b, _ := base64.RawURLEncoding.DecodeString(signature)
	sum := sha256.Sum256([]byte(input))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], b) == nil
}

func authenticated(secret []byte, h map[string]any, s []string) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(s[0] + "." + s[1]))
	return h["alg"] == "HS256" && b64(mac.Sum(nil)) == s[2]
}

func secretIs(secret func() []byte) mutation {
	return mutation{trusts: func(h map[string]any, s []string) bool { return authenticated(secret(), h, s) }}
}

func spki() []byte {
	der, _ := x509.MarshalPKIXPublicKey(&tenantKey().PublicKey)
	return der
}

func issuerOf(payload string) any {
	var claims map[string]any
	_ = unmarshal(payload, &claims)
	return claims["iss"]
}

func fetched(address string) bool {
	response, err := http.Get(address)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == 200
}
