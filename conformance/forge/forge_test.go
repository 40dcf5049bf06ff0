package forge

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/bits"
	"strings"
	"testing"
)

// The bytes are spelled in unusual ways, and forging must not normalize them.
const (
	header  = `{ "typ":"JWT", "alg":"RS256","kid":"one"}`
	payload = `{"exp":1.9e9, "aud":"api", "x":{"b":1, "a":2}, "name":"Ad\u0061 <a&b>"}`
)

func sample() string {
	return encode(header) + "." + encode(payload) + "." + encode(strings.Repeat("s", 256))
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func parse(t *testing.T, compact string) Token {
	t.Helper()
	token, err := Parse(compact)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestParseKeepsEveryByte(t *testing.T) {
	t.Parallel()
	if got := parse(t, sample()).String(); got != sample() {
		t.Errorf("got %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, compact := range map[string]string{
		"empty":           "",
		"two segments":    encode(header) + "." + encode(payload),
		"padding":         sample() + "=",
		"header no json":  encode("x") + "." + encode(payload) + ".",
		"payload a list":  encode(header) + "." + encode("[]") + ".",
		"payload cut off": encode(header) + "." + encode(payload[:20]) + ".",
		"two payloads":    encode(header) + "." + encode("{}{}") + ".",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if token, err := Parse(compact); err == nil {
				t.Errorf("parsed %+v", token)
			}
		})
	}
}

func TestEveryForgeryHasOneDefect(t *testing.T) {
	t.Parallel()
	good := parse(t, sample())

	flipped := good.WithFlippedSignature()
	different := 0
	for i := range flipped.Signature {
		different += bits.OnesCount8(flipped.Signature[i] ^ good.Signature[i])
	}
	if different != 1 || flipped.signingInput() != good.signingInput() {
		t.Errorf("flipped signature: %d bits differ", different)
	}

	tampered := good.WithClaim("aud", "other")
	want := `{"exp":1.9e9,"aud":"other","x":{"b":1, "a":2},"name":"Ad\u0061 <a&b>"}`
	if string(tampered.Payload) != want || string(tampered.Header) != header || string(tampered.Signature) != string(good.Signature) {
		t.Errorf("tampered payload: %s", tampered.Payload)
	}
	if added := good.WithClaim("new", true); !strings.HasSuffix(string(added.Payload), `,"new":true}`) {
		t.Errorf("added claim: %s", added.Payload)
	}

	unsigned := good.Unsigned("nOnE")
	if string(unsigned.Header) != `{"typ":"JWT","alg":"nOnE","kid":"one"}` || string(unsigned.Payload) != payload || !strings.HasSuffix(unsigned.String(), ".") {
		t.Errorf("unsigned: %s", unsigned)
	}
	if good.String() != sample() {
		t.Error("the valid token itself was changed")
	}
}

func TestSignedByAttacker(t *testing.T) {
	t.Parallel()
	forged, err := parse(t, sample()).WithHeader("kid", "two").SignedByAttacker()
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, forged.String())
	key, err := attacker()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(again.signingInput()))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], again.Signature); err != nil {
		t.Errorf("not signed rightly, which would be a second defect: %v", err)
	}
	if string(again.Payload) != payload {
		t.Errorf("payload %s", again.Payload)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	claims, err := parse(t, sample()).Claims()
	if err != nil || claims["aud"] != "api" || claims["name"] != "Ada <a&b>" {
		t.Errorf("got %v, %v", claims, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample())
	f.Add("..")
	f.Add(encode(`{"a":1,"a":2}`) + "." + encode(`{"":{}}`) + ".")
	f.Fuzz(func(t *testing.T, compact string) {
		token, err := Parse(compact)
		if err != nil {
			return
		}
		again, err := Parse(token.WithClaim("x", 1).WithHeader("y", "z").WithFlippedSignature().String())
		if err != nil {
			t.Fatalf("forged from %q: %v", compact, err)
		}
		if _, err := again.Claims(); err != nil {
			t.Error(err)
		}
	})
}
