package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"provision/conformance/forge"
)

// keyInHeader are tokens signed with the attacker's key that contain the key or the
// address of the key. The attacker's server serves it there.
var keyInHeader = []check{
	byReference("jku", "/jku/keys.json", "a key set", "RFC 7515, section 4.1.2; RFC 8725, section 3.10; CVE-2018-0114"),
	byReference("x5u", "/x5u/chain.pem", "a certificate", "RFC 7515, section 4.1.5; RFC 8725, section 3.10"),
	{
		name: "jwk", means: CauseKeySource, severity: Critical,
		sends:  "a token signed with an attacker's key, with this key in its header (jwk)",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API verifies with the key in the header of the token (jwk)",
		source: "RFC 7515, section 4.1.3; CVE-2018-0114",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			key, err := forge.AttackerJWK(unknownKid)
			if err != nil {
				return credential{}, err
			}
			return ownKey(g.token.WithHeader("kid", unknownKid).WithHeader("jwk", key))
		},
	},
	{
		name: "x5c", means: CauseKeySource, severity: Critical,
		sends:  "a token signed with an attacker's key, with a certificate of this key in its header (x5c)",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API verifies with the certificate in the header of the token (x5c)",
		source: "RFC 7515, section 4.1.6",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			certificate, err := forge.AttackerCertificate()
			if err != nil {
				return credential{}, err
			}
			return ownKey(g.token.WithHeader("kid", unknownKid).WithHeader("x5c", []string{base64.StdEncoding.EncodeToString(certificate)}))
		},
	},
}

// byReference names the attacker's key by its URL. The case fails if the API fetches
// it.
func byReference(parameter, path, what, source string) check {
	return check{
		name: parameter, means: CauseKeySource, severity: Critical,
		sends:  "a token signed with an attacker's key, with the address of " + what + " that contains this key (" + parameter + ")",
		gain:   "anybody can make tokens, with any key, or make the API call any address in its network",
		flaw:   "the API fetches the key from the address in the token (" + parameter + ")",
		source: source,
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			callbacks, err := g.run.callbackListener()
			if err != nil {
				return credential{}, err
			}
			if _, err := forge.AttackerCertificate(); err != nil {
				return credential{}, err
			}
			// Each endpoint has its own address, to tell who came.
			own := "/" + base64.RawURLEncoding.EncodeToString([]byte(g.endpoint)) + path
			c, err := ownKey(g.token.WithHeader("kid", unknownKid).WithHeader(parameter, callbacks.origin+own))
			c.afterwards = func() finding {
				if callbacks.wasRequested(own) {
					return finding{wrong: "the API fetched the address that the token's " + parameter + " names"}
				}
				return finding{}
			}
			return c, err
		},
	}
}

// keyByName are tokens with a kid that attacks the code which looks up keys.
var keyByName = []check{
	cut(check{
		name: "kid-long", means: CauseKid, severity: Low,
		sends:  "a token signed with an attacker's key under a kid of 4,000 characters",
		gain:   "anybody can break the lookup of keys",
		flaw:   "the API accepts a token whose kid is too long to look up",
		source: "RFC 7515, section 4.1.4", also: []int{400, 431},
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return ownKey(g.token.WithHeader("kid", strings.Repeat("k", 4000)))
		},
	}),
	{
		name: "kid-number", means: CauseKid, severity: Low,
		sends:  "a token signed with an attacker's key whose kid is a number",
		gain:   "anybody can break the lookup of keys",
		flaw:   "the API accepts a token whose kid is not a string",
		source: "RFC 7515, section 4.1.4", tolerates: []int{400},
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return ownKey(g.token.WithHeader("kid", 7))
		},
	},
	{
		name: "kid-missing", means: CauseHeader, unissued: true, severity: Low,
		sends:  "a correctly signed token that does not name its key (no kid)",
		gain:   "nothing by itself: the API tries all of its keys",
		flaw:   "correct APIs differ: kid is optional in a JWS, but Entra's tokens always contain it",
		source: "RFC 7515, section 4.1.4", mayAdmit: true,
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			c, err := g.signedUnder(ctx, map[string]any{"kid": nil, "x5t": nil})
			// Some libraries accept the token while they know one key and refuse it
			// while they know two, but the result must not depend on that.
			c.tolerates, c.either = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent, http.StatusPartialContent}, true
			c.toleratedNote = "correct APIs differ: kid is optional in a JWS, but Entra's tokens always contain it"
			return c, err
		},
	},
	{
		name: "crit", means: CauseHeader, unissued: true, severity: Low,
		sends:  "a correctly signed token with an unknown extension that a validator must understand (crit)",
		gain:   "nothing by itself: Entra signs no such tokens",
		flaw:   "correct APIs differ: many libraries do not know crit",
		source: "RFC 7515, section 4.1.11", mayAdmit: true,
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			return g.signedUnder(ctx, map[string]any{"crit": []string{"urn:example:unknown"}, "urn:example:unknown": true})
		},
	},
}

// signedUnder has the issuer sign the valid token's claims under another header.
func (g *baselineToken) signedUnder(ctx context.Context, header map[string]any) (credential, error) {
	raw, err := g.signWith(ctx, header, nil)
	if err != nil {
		return credential{}, err
	}
	return bearer(raw), nil
}
