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
	"io"
	"math/big"
	"net/http"
	"path"
	"strings"
)

// signatureMutants accept an invalid signature.
var signatureMutants = []mutant{
	{flaw: "the API does not verify the signature of the header", kills: "tampered-header", mutation: mutation{trusts: func(_ map[string]any, s []string) bool {
		h, _ := json.Marshal(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"})
		return verified(&tenantKey().PublicKey, b64(h)+"."+s[1], s[2])
	}}},
	{flaw: "the API accepts an unsigned payload with b64 false", kills: "tampered-b64", mutation: mutation{trusts: header("b64", false)}},
	{flaw: "the API accepts half a signature", kills: "truncated-signature", mutation: mutation{trusts: signatureLength(64)}},
	{flaw: "the API accepts RS256 without a signature", kills: "empty-signature", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "RS256" && s[2] == "" }}},
	{flaw: "the API accepts a signature of zeros", kills: "zero-signature", mutation: mutation{trusts: func(_ map[string]any, s []string) bool {
		signature, _ := base64.RawURLEncoding.DecodeString(s[2])
		return len(signature) == 128 && bytes.Count(signature, []byte{0}) == 128
	}}},
	{flaw: "the API accepts alg None", kills: "alg-none-capitalized", mutation: mutation{trusts: header("alg", "None")}},
	{flaw: "the API accepts alg NONE", kills: "alg-none-capitals", mutation: mutation{trusts: header("alg", "NONE")}},
	{flaw: "the API accepts alg nOnE", kills: "alg-none-mixed", mutation: mutation{trusts: header("alg", "nOnE")}},
	{flaw: "the API accepts an empty alg", kills: "alg-empty", mutation: mutation{trusts: header("alg", "")}},
	{flaw: "the API accepts a missing alg", kills: "alg-missing", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["alg"]; return !ok }}},
	{flaw: "the API accepts alg null", kills: "alg-null", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { alg, ok := h["alg"]; return ok && alg == nil }}},
	{flaw: "the API checks the first alg and uses the second", kills: "alg-twice", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		raw, _ := base64.RawURLEncoding.DecodeString(s[0])
		return h["alg"] == "none" && bytes.Contains(raw, []byte(`"alg":"RS256"`))
	}}},
	{flaw: "the API accepts alg none with a signature", kills: "alg-none-signed", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "none" && s[2] != "" }}},
	{flaw: "the API accepts any signature of the right length", kills: "own-key", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["kid"] == "one" && signatureLength(256)(h, s) }}},
	{flaw: "the API does not verify the signature of a token without a kid", kills: "own-key-no-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["kid"]; return !ok && h["alg"] == "RS256" }}},
	{flaw: "the API does not verify RS512 signatures", kills: "own-RS512", mutation: mutation{trusts: header("alg", "RS512")}},
	{flaw: "the API does not verify PS256 signatures", kills: "own-PS256", mutation: mutation{trusts: header("alg", "PS256")}},
	{flaw: "the API does not verify ES256 signatures", kills: "own-ES256", mutation: mutation{trusts: header("alg", "ES256")}},
	{flaw: "the API uses the PEM of the key as a secret", kills: "hs256-pem", mutation: secretIs(func() []byte { return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}) })},
	{flaw: "the API uses the trimmed PEM of the key as a secret", kills: "hs256-pem-trimmed", mutation: secretIs(func() []byte {
		return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}))
	})},
	{flaw: "the API uses the PKCS #1 PEM of the key as a secret", kills: "hs256-pkcs1", mutation: secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&tenantKey().PublicKey)})
	})},
	{flaw: "the API uses the DER of the key as a secret", kills: "hs256-der", mutation: secretIs(spki)},
	{flaw: "the API uses the certificate of the key as a secret", kills: "hs256-certificate", mutation: secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tenantCertificate()})
	})},
	{flaw: "the API uses x5c as a secret", kills: "hs256-x5c", mutation: secretIs(func() []byte { return []byte(base64.StdEncoding.EncodeToString(tenantCertificate())) })},
	{flaw: "the API uses the JWK as a secret", kills: "hs256-jwk", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		// The key set of this tenant has Go's spelling of the key.
		jwk, _ := json.Marshal(map[string]any{
			"kty": "RSA", "use": "sig", "kid": "one", "issuer": issuerOf(s[1]),
			"x5c": []string{base64.StdEncoding.EncodeToString(tenantCertificate())},
			"n":   b64(tenantKey().N.Bytes()), "e": b64(big.NewInt(int64(tenantKey().E)).Bytes()),
		})
		return authenticated(jwk, h, s)
	}}},
	{flaw: "the API uses the encoded modulus as a secret", kills: "hs256-modulus", mutation: secretIs(func() []byte { return []byte(b64(tenantKey().N.Bytes())) })},
	{flaw: "the API uses the bytes of the modulus as a secret", kills: "hs256-modulus-bytes", mutation: secretIs(func() []byte { return tenantKey().N.Bytes() })},
	{flaw: "the API uses an empty secret", kills: "hs256-empty", mutation: secretIs(func() []byte { return nil })},
	{flaw: "the API accepts the keys at jku", kills: "jku", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["jku"].(string)
		return ok && fetched(address)
	}}},
	{flaw: "the API fetches jku and then refuses the token", kills: "jku", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		if address, ok := h["jku"].(string); ok {
			fetched(address)
		}
		return false
	}}},
	{flaw: "the API accepts the certificate at x5u", kills: "x5u", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["x5u"].(string)
		return ok && fetched(address)
	}}},
	{flaw: "the API accepts the key in jwk", kills: "jwk", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		jwk, ok := h["jwk"].(map[string]any)
		if !ok {
			return false
		}
		n, _ := base64.RawURLEncoding.DecodeString(jwk["n"].(string))
		return verified(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, s[0]+"."+s[1], s[2])
	}}},
	{flaw: "the API accepts the certificate in x5c", kills: "x5c", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		chain, ok := h["x5c"].([]any)
		if !ok {
			return false
		}
		der, _ := base64.StdEncoding.DecodeString(chain[0].(string))
		certificate, err := x509.ParseCertificate(der)
		return err == nil && verified(certificate.PublicKey.(*rsa.PublicKey), s[0]+"."+s[1], s[2])
	}}},
	{flaw: "the API fetches a key set from the address in kid", kills: "kid-url", mutation: kidFetched("keys.json", "http://")},
	{flaw: "the API fetches a public key from the address in kid", kills: "kid-url", mutation: kidFetched("public.pem", "http://")},
	{flaw: "the API fetches a secret from the address in kid", kills: "kid-url", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		secret := fetchedText(kid)
		return secret != "" && authenticated([]byte(secret), h, s)
	}}},
	{flaw: "the API fetches a key from the address in kid without a scheme", kills: "kid-url", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasPrefix(kid, "//") && fetched("http:"+kid)
	}}},
	{flaw: "the API reads a kernel file that kid names", kills: "kid-path", mutation: kidIsFile(func(kid string) string { return kid }, "/proc/sys/kernel/ostype", "Linux\n")},
	{flaw: "the API reads the file that kid names relative to a folder", kills: "kid-path", mutation: kidIsFile(func(kid string) string { return path.Join("/var/keys", kid) }, "/dev/null", "")},
	{flaw: "the API removes ../ from kid once and reads the file", kills: "kid-path", mutation: kidIsFile(func(kid string) string {
		return path.Join("/var/keys", strings.ReplaceAll(kid, "../", ""))
	}, "/dev/null", "")},
	{flaw: "kid selects two columns by SQL injection", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return kid == "x' UNION SELECT 'secret', 'secret' -- " && authenticated([]byte("secret"), h, s)
	}}},
	{flaw: "kid selects a public key by SQL injection", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		text, ok := strings.CutPrefix(kid, "x' UNION SELECT '")
		block, _ := pem.Decode([]byte(strings.TrimSuffix(text, "' -- ")))
		if !ok || block == nil {
			return false
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		return err == nil && verified(key.(*rsa.PublicKey), s[0]+"."+s[1], s[2])
	}}},
	{flaw: "a quotation mark in kid causes an internal error", kills: "kid-sql", mutation: mutation{breaksOn: func(raw string) bool {
		var h map[string]any
		_ = unmarshal(strings.Split(raw, ".")[0], &h)
		kid, _ := h["kid"].(string)
		return strings.Count(kid, "'")%2 == 1
	}}},
	{flaw: "the API accepts the key in jwk with the issuer's kid", kills: "key-beside-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { return h["kid"] == "one" && h["jwk"] != nil }}},
	{flaw: "the API accepts the keys at jku with the issuer's kid", kills: "key-beside-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		address, ok := h["jku"].(string)
		return ok && h["kid"] == "one" && fetched(address)
	}}},
	{flaw: "the API accepts a jku that contains the issuer's host", kills: "jku-disguised", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, _ := h["jku"].(string)
		issuer, _ := issuerOf(s[1]).(string)
		return strings.Contains(address, mustParse(issuer).Host) && fetched(address)
	}}},
	{flaw: "the API accepts a jku that ends like the issuer's", kills: "jku-disguised", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		address, _ := h["jku"].(string)
		return strings.HasSuffix(address, "/discovery/v2.0/keys") && fetched(address)
	}}},
	{flaw: "the API reads the file that kid names", kills: "kid-path", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasSuffix(kid, "/dev/null") && authenticated(nil, h, s)
	}}},
	{flaw: "the API puts kid into an SQL statement", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.Contains(kid, "SELECT 'secret'") && authenticated([]byte("secret"), h, s)
	}}},
	{flaw: "a long kid causes an internal error", kills: "kid-long", mutation: mutation{breaksOn: func(raw string) bool { return len(raw) > 5000 }}},
	{flaw: "a kid that is a number causes an internal error", kills: "kid-number", mutation: mutation{breaksOn: func(raw string) bool {
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

func kidFetched(end, beginning string) mutation {
	return mutation{trusts: func(h map[string]any, _ []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasPrefix(kid, beginning) && strings.HasSuffix(kid, end) && fetched(kid)
	}}
}

func kidIsFile(name func(string) string, file, content string) mutation {
	return mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return kid != "" && name(kid) == file && authenticated([]byte(content), h, s)
	}}
}

func fetchedText(address string) string {
	if !strings.HasPrefix(address, "http://") {
		return ""
	}
	response, err := http.Get(address)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	b, _ := io.ReadAll(response.Body)
	return string(b)
}

func fetched(address string) bool {
	response, err := http.Get(address)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == 200
}
