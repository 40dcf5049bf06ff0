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

// signatureMutants take a signature for good that is not.
var signatureMutants = []mutant{
	{flaw: "the header is not signed", kills: "tampered-header", mutation: mutation{trusts: func(_ map[string]any, s []string) bool {
		h, _ := json.Marshal(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"})
		return verified(&tenantKey().PublicKey, b64(h)+"."+s[1], s[2])
	}}},
	{flaw: "b64 false is not signed", kills: "tampered-b64", mutation: mutation{trusts: header("b64", false)}},
	{flaw: "half a signature is enough", kills: "truncated-signature", mutation: mutation{trusts: signatureLength(64)}},
	{flaw: "no signature is a good one", kills: "empty-signature", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "RS256" && s[2] == "" }}},
	{flaw: "zero is a good signature", kills: "zero-signature", mutation: mutation{trusts: func(_ map[string]any, s []string) bool {
		signature, _ := base64.RawURLEncoding.DecodeString(s[2])
		return len(signature) == 128 && bytes.Count(signature, []byte{0}) == 128
	}}},
	{flaw: "None", kills: "alg-none-capitalized", mutation: mutation{trusts: header("alg", "None")}},
	{flaw: "NONE", kills: "alg-none-capitals", mutation: mutation{trusts: header("alg", "NONE")}},
	{flaw: "nOnE", kills: "alg-none-mixed", mutation: mutation{trusts: header("alg", "nOnE")}},
	{flaw: "an empty alg", kills: "alg-empty", mutation: mutation{trusts: header("alg", "")}},
	{flaw: "no alg", kills: "alg-missing", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["alg"]; return !ok }}},
	{flaw: "null alg", kills: "alg-null", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { alg, ok := h["alg"]; return ok && alg == nil }}},
	{flaw: "the first alg is checked, the second used", kills: "alg-twice", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		raw, _ := base64.RawURLEncoding.DecodeString(s[0])
		return h["alg"] == "none" && bytes.Contains(raw, []byte(`"alg":"RS256"`))
	}}},
	{flaw: "none with a signature", kills: "alg-none-signed", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["alg"] == "none" && s[2] != "" }}},
	{flaw: "any signature of the right length", kills: "own-key", mutation: mutation{trusts: func(h map[string]any, s []string) bool { return h["kid"] == "one" && signatureLength(256)(h, s) }}},
	{flaw: "no kid, no check", kills: "own-key-no-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { _, ok := h["kid"]; return !ok && h["alg"] == "RS256" }}},
	{flaw: "RS512 goes unchecked", kills: "own-RS512", mutation: mutation{trusts: header("alg", "RS512")}},
	{flaw: "PS256 goes unchecked", kills: "own-PS256", mutation: mutation{trusts: header("alg", "PS256")}},
	{flaw: "ES256 goes unchecked", kills: "own-ES256", mutation: mutation{trusts: header("alg", "ES256")}},
	{flaw: "the PEM is a secret", kills: "hs256-pem", mutation: secretIs(func() []byte { return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}) })},
	{flaw: "the trimmed PEM is a secret", kills: "hs256-pem-trimmed", mutation: secretIs(func() []byte {
		return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki()}))
	})},
	{flaw: "the PKCS #1 PEM is a secret", kills: "hs256-pkcs1", mutation: secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&tenantKey().PublicKey)})
	})},
	{flaw: "the DER is a secret", kills: "hs256-der", mutation: secretIs(spki)},
	{flaw: "the certificate is a secret", kills: "hs256-certificate", mutation: secretIs(func() []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tenantCertificate()})
	})},
	{flaw: "x5c is a secret", kills: "hs256-x5c", mutation: secretIs(func() []byte { return []byte(base64.StdEncoding.EncodeToString(tenantCertificate())) })},
	{flaw: "the JWK is a secret", kills: "hs256-jwk", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		// As the key set spells it, which is Go's way in this tenant.
		jwk, _ := json.Marshal(map[string]any{
			"kty": "RSA", "use": "sig", "kid": "one", "issuer": issuerOf(s[1]),
			"x5c": []string{base64.StdEncoding.EncodeToString(tenantCertificate())},
			"n":   b64(tenantKey().N.Bytes()), "e": b64(big.NewInt(int64(tenantKey().E)).Bytes()),
		})
		return authenticated(jwk, h, s)
	}}},
	{flaw: "the modulus is a secret", kills: "hs256-modulus", mutation: secretIs(func() []byte { return []byte(b64(tenantKey().N.Bytes())) })},
	{flaw: "the modulus' bytes are a secret", kills: "hs256-modulus-bytes", mutation: secretIs(func() []byte { return tenantKey().N.Bytes() })},
	{flaw: "nothing is a secret", kills: "hs256-empty", mutation: secretIs(func() []byte { return nil })},
	{flaw: "jku is followed", kills: "jku", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["jku"].(string)
		return ok && fetched(address)
	}}},
	{flaw: "jku is fetched and the token refused", kills: "jku", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		if address, ok := h["jku"].(string); ok {
			fetched(address)
		}
		return false
	}}},
	{flaw: "x5u is followed", kills: "x5u", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, ok := h["x5u"].(string)
		return ok && fetched(address)
	}}},
	{flaw: "jwk is believed", kills: "jwk", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		jwk, ok := h["jwk"].(map[string]any)
		if !ok {
			return false
		}
		n, _ := base64.RawURLEncoding.DecodeString(jwk["n"].(string))
		return verified(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, s[0]+"."+s[1], s[2])
	}}},
	{flaw: "x5c is believed", kills: "x5c", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		chain, ok := h["x5c"].([]any)
		if !ok {
			return false
		}
		der, _ := base64.StdEncoding.DecodeString(chain[0].(string))
		certificate, err := x509.ParseCertificate(der)
		return err == nil && verified(certificate.PublicKey.(*rsa.PublicKey), s[0]+"."+s[1], s[2])
	}}},
	{flaw: "kid is the address of a key set", kills: "kid-url", mutation: kidFetched("keys.json", "http://")},
	{flaw: "kid is the address of a public key", kills: "kid-url", mutation: kidFetched("public.pem", "http://")},
	{flaw: "kid is the address of a secret", kills: "kid-url", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		secret := fetchedText(kid)
		return secret != "" && authenticated([]byte(secret), h, s)
	}}},
	{flaw: "kid is an address without its scheme", kills: "kid-url", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasPrefix(kid, "//") && fetched("http:"+kid)
	}}},
	{flaw: "kid is a file of the kernel", kills: "kid-path", mutation: kidIsFile(func(kid string) string { return kid }, "/proc/sys/kernel/ostype", "Linux\n")},
	{flaw: "kid is a file below a folder", kills: "kid-path", mutation: kidIsFile(func(kid string) string { return path.Join("/var/keys", kid) }, "/dev/null", "")},
	{flaw: "kid is a file, less dots that are removed once", kills: "kid-path", mutation: kidIsFile(func(kid string) string {
		return path.Join("/var/keys", strings.ReplaceAll(kid, "../", ""))
	}, "/dev/null", "")},
	{flaw: "kid selects two columns", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return kid == "x' UNION SELECT 'secret', 'secret' -- " && authenticated([]byte("secret"), h, s)
	}}},
	{flaw: "kid selects a public key", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		text, ok := strings.CutPrefix(kid, "x' UNION SELECT '")
		block, _ := pem.Decode([]byte(strings.TrimSuffix(text, "' -- ")))
		if !ok || block == nil {
			return false
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		return err == nil && verified(key.(*rsa.PublicKey), s[0]+"."+s[1], s[2])
	}}},
	{flaw: "a quotation mark in kid breaks it", kills: "kid-sql", mutation: mutation{breaksOn: func(raw string) bool {
		var h map[string]any
		_ = unmarshal(strings.Split(raw, ".")[0], &h)
		kid, _ := h["kid"].(string)
		return strings.Count(kid, "'")%2 == 1
	}}},
	{flaw: "jwk is believed under the issuer's kid", kills: "key-beside-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool { return h["kid"] == "one" && h["jwk"] != nil }}},
	{flaw: "jku is followed under the issuer's kid", kills: "key-beside-kid", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		address, ok := h["jku"].(string)
		return ok && h["kid"] == "one" && fetched(address)
	}}},
	{flaw: "jku that contains the issuer's host is followed", kills: "jku-disguised", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		address, _ := h["jku"].(string)
		issuer, _ := issuerOf(s[1]).(string)
		return strings.Contains(address, mustParse(issuer).Host) && fetched(address)
	}}},
	{flaw: "jku that ends as the issuer's is followed", kills: "jku-disguised", mutation: mutation{trusts: func(h map[string]any, _ []string) bool {
		address, _ := h["jku"].(string)
		return strings.HasSuffix(address, "/discovery/v2.0/keys") && fetched(address)
	}}},
	{flaw: "kid is a file", kills: "kid-path", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.HasSuffix(kid, "/dev/null") && authenticated(nil, h, s)
	}}},
	{flaw: "kid is sql", kills: "kid-sql", mutation: mutation{trusts: func(h map[string]any, s []string) bool {
		kid, _ := h["kid"].(string)
		return strings.Contains(kid, "SELECT 'secret'") && authenticated([]byte("secret"), h, s)
	}}},
	{flaw: "a long kid breaks it", kills: "kid-long", mutation: mutation{breaksOn: func(raw string) bool { return len(raw) > 5000 }}},
	{flaw: "a kid that is a number breaks it", kills: "kid-number", mutation: mutation{breaksOn: func(raw string) bool {
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
