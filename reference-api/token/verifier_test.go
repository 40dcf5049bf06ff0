package token

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	user := &Claims{
		Issuer: issuerV2, Audience: audience, TenantID: tenant, Version: "2.0",
		Subject: "pairwise", ObjectID: "ada-object-id", ClientID: client,
		Username: "ada@contoso.example", Name: "Ada",
		Scopes: []string{"read_data", "write_data"}, Roles: []string{"Admin"},
		IssuedAt: noon, NotBefore: noon, Expires: noon.Add(time.Hour),
	}
	changed := func(change func(*Claims)) *Claims {
		c := *user
		change(&c)
		return &c
	}
	tests := []struct {
		name    string
		header  object
		changes object
		want    *Claims
	}{
		{name: "a user's token", want: user},
		{
			name: "version 1.0",
			changes: object{
				"iss": issuerV1, "ver": "1.0", "aud": "api://" + audience,
				"appid": client, "azp": nil, "preferred_username": nil, "upn": "ada@contoso.example",
			},
			want: changed(func(c *Claims) { c.Issuer, c.Version, c.Audience = issuerV1, "1.0", "api://"+audience }),
		},
		{
			name:    "an application's token",
			changes: object{"scp": nil, "sub": "robot", "oid": "robot", "preferred_username": nil, "name": nil},
			want: changed(func(c *Claims) {
				c.Scopes, c.Subject, c.ObjectID, c.Username, c.Name, c.AppOnly = nil, "robot", "robot", "", "", true
			}),
		},
		{
			name:    "an application's token that says so",
			changes: object{"scp": nil, "idtyp": "app"},
			want:    changed(func(c *Claims) { c.Scopes, c.AppOnly = nil, true }),
		},
		{
			name:    "a user's token that says so and has no scope",
			changes: object{"scp": nil, "idtyp": "user"},
			want:    changed(func(c *Claims) { c.Scopes = nil }),
		},
		{
			name:    "no roles",
			changes: object{"roles": nil},
			want:    changed(func(c *Claims) { c.Roles = nil }),
		},
		{
			name:    "expired within the leeway",
			changes: object{"exp": noon.Add(-59 * time.Second).Unix()},
			want:    changed(func(c *Claims) { c.Expires = noon.Add(-59 * time.Second) }),
		},
		{
			name:    "valid from within the leeway",
			changes: object{"nbf": noon.Add(time.Minute).Unix()},
			want:    changed(func(c *Claims) { c.NotBefore = noon.Add(time.Minute) }),
		},
		{
			name:    "a date with a fraction, no nbf",
			changes: object{"exp": float64(noon.Unix()) + 0.5, "nbf": nil},
			want:    changed(func(c *Claims) { c.Expires, c.NotBefore = noon.Add(time.Second/2), time.Time{} }),
		},
		{name: "no typ", header: object{"typ": nil}, want: user},
		{name: "typ of RFC 9068", header: object{"typ": "at+jwt"}, want: user},
	}
	p := publish(t, publicJWK("one", ours(), nil))
	v := newVerifier(t, p, newClock(), nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), sign(ours(), with(header, test.header), with(userClaims(), test.changes)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(Claims{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	good := sign(ours(), header, userClaims())
	segments := strings.Split(good, ".")
	claims := func(changes object) string { return sign(ours(), header, with(userClaims(), changes)) }
	head := func(changes object) string { return sign(ours(), with(header, changes), userClaims()) }
	tampered := []byte(segments[2])
	if tampered[100] == 'A' {
		tampered[100] = 'B'
	} else {
		tampered[100] = 'A'
	}
	payload := string(encode(userClaims()))
	otherTenant := "11111111-2222-3333-4444-555555555555"

	tests := []struct {
		name string
		raw  string
		want error
	}{
		{"empty", "", ErrMalformed},
		{"garbage", "garbage", ErrMalformed},
		{"two segments", segments[0] + "." + segments[1], ErrMalformed},
		{"four segments", good + ".", ErrMalformed},
		{"encrypted", good + "..", ErrMalformed},
		{"huge", good + strings.Repeat("A", maxSize), ErrMalformed},
		{"padding", good + "==", ErrMalformed},
		{"line break", segments[0] + "." + segments[1][:10] + "\n" + segments[1][10:] + "." + segments[2], ErrMalformed},
		{"standard base64", segments[0] + "." + segments[1] + "." + strings.Repeat("+/", 171), ErrMalformed},
		{"trailing bits", good[:len(good)-1] + "_", ErrMalformed},
		{"json serialization", `{"protected":"` + segments[0] + `","payload":"` + segments[1] + `","signature":"` + segments[2] + `"}`, ErrMalformed},
		{"header not json", sign(ours(), "header", userClaims()), ErrMalformed},
		{"header with two algs", sign(ours(), `{"alg":"none","alg":"RS256","kid":"one"}`, userClaims()), ErrMalformed},

		{"alg none", segment(encode(object{"alg": "none"})) + "." + segments[1] + ".", ErrAlgorithm},
		{"alg None, signed", head(object{"alg": "None"}), ErrAlgorithm},
		{"alg missing", head(object{"alg": nil}), ErrAlgorithm},
		{"alg HS256", head(object{"alg": "HS256"}), ErrAlgorithm},
		{"alg RS512", head(object{"alg": "RS512"}), ErrAlgorithm},
		{"alg PS256", head(object{"alg": "PS256"}), ErrAlgorithm},
		{"crit", head(object{"crit": []string{"exp"}}), ErrAlgorithm},
		{"crit b64", head(object{"crit": []string{"b64"}, "b64": true}), ErrAlgorithm},
		{"alg a number", head(object{"alg": 256}), ErrAlgorithm},

		{"kid missing", head(object{"kid": nil}), ErrUnknownKey},
		{"kid unknown", head(object{"kid": "two"}), ErrUnknownKey},
		{"kid of a path", head(object{"kid": "../../dev/null"}), ErrUnknownKey},
		{"embedded key", sign(theirs(), with(header, object{"jwk": publicJWK("one", theirs(), nil)}), userClaims()), ErrSignature},
		{"key behind jku", sign(theirs(), with(header, object{"jku": "https://evil.example/keys"}), userClaims()), ErrSignature},

		{"another key", sign(theirs(), header, userClaims()), ErrSignature},
		{"no signature", segments[0] + "." + segments[1] + ".", ErrSignature},
		{"changed signature", segments[0] + "." + segments[1] + "." + string(tampered), ErrSignature},
		{"changed payload", segments[0] + "." + segment([]byte(payload+" ")) + "." + segments[2], ErrSignature},
		{"changed header", segment([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + segments[1] + "." + segments[2], ErrSignature},

		{"payload not json", sign(ours(), header, "payload"), ErrMalformed},
		{"payload null", sign(ours(), header, "null"), ErrMalformed},
		{"payload a list", sign(ours(), header, "["+payload+"]"), ErrMalformed},
		{"payload not utf-8", sign(ours(), header, strings.Replace(payload, "Ada", "Ad\xff", 1)), ErrMalformed},
		{"a claim twice", sign(ours(), header, `{"aud":"other",`+payload[1:]), ErrMalformed},
		{"a nested member twice", sign(ours(), header, `{"x":{"y":1,"y":2},`+payload[1:]), ErrMalformed},
		{"claims in another case", sign(ours(), header, strings.Replace(payload, `"aud"`, `"AUD"`, 1)), ErrAudience},
		{"aud a list", claims(object{"aud": []string{audience}}), ErrMalformed},
		{"iss a number", claims(object{"iss": 1}), ErrMalformed},
		{"exp a string", claims(object{"exp": "1900000000"}), ErrMalformed},
		{"exp beyond all years", claims(object{"exp": 1e300}), ErrMalformed},
		{"nbf null", sign(ours(), header, strings.Replace(payload, `"nbf":`, `"nbf":null,"x":`, 1)), ErrMalformed},
		{"roles a string", claims(object{"roles": "Admin"}), ErrMalformed},
		{"a role a number", claims(object{"roles": []any{"Admin", 1}}), ErrMalformed},
		{"scp a list", claims(object{"scp": []string{"read_data"}}), ErrMalformed},

		{"issuer wrong", claims(object{"iss": "https://evil.example/" + tenant + "/v2.0"}), ErrIssuer},
		{"issuer missing", claims(object{"iss": nil}), ErrIssuer},
		{"issuer with a suffix", claims(object{"iss": issuerV2 + "/"}), ErrIssuer},
		{"issuer of another tenant", claims(object{"iss": strings.ReplaceAll(issuerV2, tenant, otherTenant), "tid": otherTenant}), ErrIssuer},
		{"tenant wrong", claims(object{"tid": otherTenant}), ErrTenant},
		{"tenant missing", claims(object{"tid": nil}), ErrTenant},
		{"version of the other issuer", claims(object{"ver": "1.0"}), ErrVersion},
		{"version missing", claims(object{"ver": nil}), ErrVersion},
		{"audience wrong", claims(object{"aud": client}), ErrAudience},
		{"audience missing", claims(object{"aud": nil}), ErrAudience},
		{"audience in another case", claims(object{"aud": strings.ToUpper(audience)}), ErrAudience},
		{"audience with a slash", claims(object{"aud": audience + "/"}), ErrAudience},
		{"expired", claims(object{"exp": noon.Add(-time.Minute).Unix()}), ErrExpired},
		{"exp missing", claims(object{"exp": nil}), ErrExpired},
		{"exp zero", claims(object{"exp": 0}), ErrExpired},
		{"not yet valid", claims(object{"nbf": noon.Add(61 * time.Second).Unix()}), ErrNotYetValid},
		{"id token by its nonce", claims(object{"nonce": "n"}), ErrNotAccess},
		{"id token by what it lacks", claims(object{"scp": nil}), ErrNotAccess},
		{"unknown idtyp", claims(object{"idtyp": "device"}), ErrNotAccess},
		{"another type of token", head(object{"typ": "logout+jwt"}), ErrNotAccess},
		{"typ a number", head(object{"typ": 1}), ErrNotAccess},
	}
	sentinels := []error{
		ErrMalformed, ErrAlgorithm, ErrUnknownKey, ErrSignature, ErrIssuer, ErrTenant, ErrVersion, ErrAudience,
		ErrExpired, ErrNotYetValid, ErrNotAccess, ErrKeysNotKnown,
	}
	v := newVerifier(t, publish(t, publicJWK("one", ours(), nil)), newClock(), nil)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatalf("the token that all others are made from: %v", err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			claims, err := v.Verify(t.Context(), test.raw)
			if claims != nil || err == nil {
				t.Fatalf("accepted: %+v", claims)
			}
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) != (sentinel == test.want) {
					t.Errorf("error %q: want it to be %q alone", err, test.want)
				}
			}
			if s := err.Error(); strings.Contains(s, segments[2][:20]) || strings.Contains(s, segments[1][:20]) || strings.ContainsAny(s, "\r\n") {
				t.Errorf("error shows the token: %q", s)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Config{TenantID: tenant, IssuerV2: issuerV2, Audiences: []string{audience}, JWKSURL: "https://login.example/keys"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*Config){
		"no tenant":            func(c *Config) { c.TenantID = "" },
		"no issuer":            func(c *Config) { c.IssuerV2 = "" },
		"one issuer for both":  func(c *Config) { c.IssuerV1 = c.IssuerV2 },
		"no audience":          func(c *Config) { c.Audiences = nil },
		"an empty audience":    func(c *Config) { c.Audiences = []string{""} },
		"keys in the clear":    func(c *Config) { c.JWKSURL = "http://login.example/keys" },
		"keys from a file":     func(c *Config) { c.JWKSURL = "file:///keys" },
		"no address for  keys": func(c *Config) { c.JWKSURL = "" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := good
			change(&config)
			if v, err := New(config); err == nil {
				t.Errorf("made %+v", v)
			}
		})
	}
}

// Only tokens that the issuer signed are accepted, byte for byte.
func FuzzVerify(f *testing.F) {
	good := sign(ours(), header, userClaims())
	v := newVerifier(f, publish(f, publicJWK("one", ours(), nil)), newClock(), nil)
	segments := strings.Split(good, ".")
	for _, seed := range []string{
		good, "", "..", "....", "a.b.c", good + "=", good + ".", strings.ToUpper(good),
		segment([]byte(`{"alg":"none"}`)) + "." + segments[1] + ".",
		segment([]byte(`{"alg":"RS256","kid":"one","jwk":{}}`)) + "." + segments[1] + "." + segments[2],
		segment([]byte(`{"alg":"RS256","kid":"one","crit":[1]}`)) + "." + segments[1] + "." + segments[2],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		claims, err := v.Verify(t.Context(), raw)
		if (err == nil) != (raw == good) || (claims == nil) != (err != nil) {
			t.Errorf("verify %q: %+v, %v", raw, claims, err)
		}
	})
}

// The claims of a correctly signed token can have any content.
func FuzzClaims(f *testing.F) {
	v := newVerifier(f, publish(f), newClock(), nil)
	for _, changes := range []object{nil, {"exp": "x"}, {"exp": 1e300}, {"aud": []any{}}, {"scp": nil}, {"roles": []any{nil}}} {
		f.Add(string(encode(with(userClaims(), changes))))
	}
	f.Fuzz(func(t *testing.T, payload string) {
		members, err := decodeObject([]byte(payload))
		if err != nil {
			return
		}
		claims, err := newClaims(members)
		if err != nil || v.check(claims) != nil {
			return
		}
		if claims.TenantID != tenant || claims.Issuer != issuerV1 && claims.Issuer != issuerV2 || !claims.Expires.After(noon.Add(-time.Minute)) {
			t.Errorf("accepted %q", payload)
		}
	})
}
