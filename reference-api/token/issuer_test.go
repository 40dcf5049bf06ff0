package token

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	tenant   = "3b9f2b6e-7d53-4a8e-9a51-0c2f6d1e8a77"
	audience = "6f1c4f3a-52f4-4a8b-a3d0-6f0f5c9f1b11"
	client   = "b7d1a6c0-8b43-4f8c-8c7e-2f6f0a4b9d22"
	issuerV1 = "https://sts.example/" + tenant + "/"
	issuerV2 = "https://login.example/" + tenant + "/v2.0"
)

// noon is the time in all tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Keys are slow to generate, so all tests share these two.
var ours, theirs = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

type object = map[string]any

// userClaims returns the claims of a version 2.0 token of a user with a scope and a role.
func userClaims() object {
	return object{
		"iss": issuerV2, "aud": audience, "tid": tenant, "ver": "2.0",
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
		"sub": "pairwise", "oid": "ada-object-id", "azp": client,
		"preferred_username": "ada@contoso.example", "name": "Ada",
		"scp": "read_data write_data", "roles": []string{"Admin"},
	}
}

func with(claims object, changes object) object {
	claims = maps.Clone(claims)
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return claims
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func encode(v any) []byte {
	switch v := v.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

var header = object{"alg": "RS256", "typ": "JWT", "kid": "one"}

// sign signs a JWS; header and payload are JSON text, or values to marshal.
func sign(key *rsa.PrivateKey, header, payload any) string {
	input := segment(encode(header)) + "." + segment(encode(payload))
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + segment(signature)
}

func publicJWK(kid string, key *rsa.PrivateKey, more object) object {
	jwk := object{
		"kty": "RSA", "use": "sig", "kid": kid,
		"n": segment(key.N.Bytes()), "e": segment(big.NewInt(int64(key.E)).Bytes()),
	}
	maps.Copy(jwk, more)
	return jwk
}

// publisher serves a key set. A test can change it, make it fail, and count its requests.
type publisher struct {
	*httptest.Server
	fetches atomic.Int32
	mu      sync.Mutex
	answer  func(http.ResponseWriter)
}

func publish(t testing.TB, keys ...object) *publisher {
	t.Helper()
	p := &publisher{}
	p.serve(keys...)
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) serve(keys ...object) {
	p.does(func(w http.ResponseWriter) { w.Write(encode(object{"keys": keys})) })
}

func (p *publisher) does(answer func(http.ResponseWriter)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// clock is a clock that only the test moves.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(noon.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func newVerifier(t testing.TB, p *publisher, c *clock, change func(*Config)) *Verifier {
	t.Helper()
	config := Config{
		TenantID: tenant, IssuerV1: issuerV1, IssuerV2: issuerV2, Audiences: []string{audience, "api://" + audience},
		JWKSURL: p.URL + "/keys", HTTPClient: p.Client(), Clock: c.now,
	}
	if change != nil {
		change(&config)
	}
	v, err := New(config)
	if err != nil {
		t.Fatal(fmt.Errorf("new verifier: %w", err))
	}
	return v
}
