package conformance

import "context"

// signature are tokens that the issuer has not signed.
var signature = []check{
	{
		name: "tampered-payload", severity: Critical,
		sends:  "the good token with a claim added to its payload",
		gain:   "anybody who has a token can rewrite it: another user, every role",
		flaw:   "the API does not check the signature",
		source: "RFC 7515, section 5.2",
		present: func(_ context.Context, g *good) (credential, error) {
			return bearer(g.token.WithClaim("tampered", true).String()), nil
		},
	},
	{
		name: "tampered-signature", severity: Critical,
		sends:  "the good token with one bit of its signature changed",
		gain:   "anybody can make tokens",
		flaw:   "the API does not check the signature",
		source: "RFC 7515, section 5.2",
		present: func(_ context.Context, g *good) (credential, error) {
			return bearer(g.token.WithFlippedSignature().String()), nil
		},
	},
	{
		name: "alg-none", severity: Critical,
		sends:  "the good token with alg none and no signature",
		gain:   "anybody can make tokens, without any key",
		flaw:   "the API accepts alg none: it lets the token choose how it is verified",
		source: "RFC 8725, sections 2.1 and 3.2; CVE-2015-9235",
		present: func(_ context.Context, g *good) (credential, error) {
			return bearer(g.token.Unsigned("none").String()), nil
		},
	},
	{
		name: "unknown-kid", severity: Critical,
		sends:  "the good token's payload signed with a key of our own, under a kid that the issuer has not",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API lets in when the kid names no key of the issuer: the signature goes unchecked, or the token brings its own key",
		source: "RFC 7515, section 4.1.4; Microsoft: Access tokens, Validate the signature",
		present: func(_ context.Context, g *good) (credential, error) {
			token := g.token.WithHeader("kid", unknownKid)
			if g.token.HasHeader("x5t") { // names the key too, in version 1.0 tokens
				token = token.WithHeader("x5t", unknownKid)
			}
			token, err := token.SignedByAttacker()
			if err != nil {
				return credential{}, err
			}
			return bearer(token.String()), nil
		},
	},
}

const unknownKid = "bm8gc3VjaCBrZXkgYXQgYWxsCg"
