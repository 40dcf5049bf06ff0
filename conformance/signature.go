package conformance

import (
	"context"
	"slices"

	"provision/conformance/forge"
)

// signature are tokens that the issuer has not signed, or has signed in another form.
var signature = slices.Concat(tampered, unsigned, ownKeys, publicKeyAsSecret, keyInHeader, keyByName)

// tampered are the valid token, changed after it was signed.
var tampered = []check{
	{
		name: "tampered-payload", means: CauseSignature, severity: Critical,
		sends:  "the valid token with a claim added to its payload",
		gain:   "anybody who has a token can rewrite it: another user, every role",
		flaw:   "the API does not check the signature",
		source: "RFC 7515, section 5.2",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return bearer(g.token.WithClaim("tampered", true).String()), nil
		},
	},
	{
		name: "tampered-signature", means: CauseSignature, severity: Critical,
		sends:  "the valid token with one bit of its signature changed",
		gain:   "anybody can make tokens",
		flaw:   "the API does not check the signature",
		source: "RFC 7515, section 5.2",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return bearer(g.token.WithFlippedSignature().String()), nil
		},
	},
	tamper("tampered-header", "the valid token with a parameter added to its header", "the API checks the signature of a content that differs from the sent content",
		func(t forge.Token) forge.Token { return t.WithHeader("tampered", true) }),
	tamper("tampered-b64", "the valid token with b64 false and crit added to its header", "the API lets the token select the signed content (b64)",
		func(t forge.Token) forge.Token {
			return t.WithHeader("b64", false).WithHeader("crit", []string{"b64"})
		}),
	tamper("truncated-signature", "the valid token with half of its signature", "the API compares only the part of the signature that was sent",
		func(t forge.Token) forge.Token { return t.WithSignature(t.Signature[:len(t.Signature)/2]) }),
	tamper("empty-signature", "the valid token without its signature, and alg unchanged", "the API accepts a missing signature as valid",
		func(t forge.Token) forge.Token { return t.WithSignature(nil) }),
	tamper("zero-signature", "the valid token with a signature of zeros", "the API does not check the signature, or does not check that its number is in range",
		func(t forge.Token) forge.Token { return t.WithSignature(make([]byte, len(t.Signature))) }),
}

func tamper(name, sends, flaw string, change func(forge.Token) forge.Token) check {
	return check{
		name: name, means: CauseSignature, severity: Critical, sends: sends, flaw: flaw,
		gain: "anybody can make tokens", source: "RFC 7515, section 5.2", tolerates: []int{400},
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return bearer(change(g.token).String()), nil
		},
	}
}

// unsigned are tokens whose alg states that they need no signature, in every spelling
// that some library has taken for none.
var unsigned = []check{
	none("alg-none", "alg none and no signature", func(t forge.Token) forge.Token { return t.Unsigned("none") }),
	none("alg-none-capitalized", "alg None and no signature", func(t forge.Token) forge.Token { return t.Unsigned("None") }),
	none("alg-none-capitals", "alg NONE and no signature", func(t forge.Token) forge.Token { return t.Unsigned("NONE") }),
	none("alg-none-mixed", "alg nOnE and no signature", func(t forge.Token) forge.Token { return t.Unsigned("nOnE") }),
	none("alg-empty", "an empty alg and no signature", func(t forge.Token) forge.Token { return t.Unsigned("") }),
	none("alg-missing", "neither alg nor signature", func(t forge.Token) forge.Token { return t.WithoutHeader("alg").WithSignature(nil) }),
	none("alg-null", "alg null and no signature", func(t forge.Token) forge.Token { return t.WithHeader("alg", nil).WithSignature(nil) }),
	none("alg-twice", "alg twice, RS256 and then none, and no signature", func(t forge.Token) forge.Token { return t.WithSecondHeader("alg", "none").WithSignature(nil) }),
	none("alg-none-signed", "alg none, and its own signature", func(t forge.Token) forge.Token { return t.WithHeader("alg", "none") }),
}

func none(name, what string, change func(forge.Token) forge.Token) check {
	return check{
		name: name, means: CauseAlgorithm, severity: Critical,
		sends:  "the valid token with " + what,
		gain:   "anybody can make tokens, without any key",
		flaw:   "the API accepts alg none: the token selects the verification algorithm",
		source: "RFC 8725, sections 2.1 and 3.2; CVE-2015-9235, CVE-2020-28042", tolerates: []int{400},
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return bearer(change(g.token).String()), nil
		},
	}
}

// ownKeys are tokens signed with a key of the attacker's own.
var ownKeys = []check{
	{
		name: "unknown-kid", means: CauseSignature, severity: Critical,
		sends:  "the valid token's payload signed with an attacker's key, under a kid that the issuer does not have",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API accepts a token whose kid is not a key of the issuer: the signature is not verified, or the token supplies its own key",
		source: "RFC 7515, section 4.1.4; Microsoft: Access tokens, Validate the signature",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			token := g.token.WithHeader("kid", unknownKid)
			if g.token.HasHeader("x5t") { // names the key too, in version 1.0 tokens
				token = token.WithHeader("x5t", unknownKid)
			}
			return ownKey(token)
		},
	},
	{
		name: "own-key", means: CauseSignature, severity: Critical,
		sends:   "the valid token's payload signed with an attacker's key, under the kid of the issuer's key",
		gain:    "anybody can make tokens, with any key",
		flaw:    "the API does not check the signature",
		source:  "RFC 7515, section 5.2",
		present: func(_ context.Context, g *baselineToken) (credential, error) { return ownKey(g.token) },
	},
	{
		name: "own-key-no-kid", means: CauseSignature, severity: Critical,
		sends:  "the valid token's payload signed with an attacker's key, without a kid",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API accepts a token without a kid: the signature is not verified",
		source: "RFC 7515, section 4.1.4",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return ownKey(g.token.WithoutHeader("kid").WithoutHeader("x5t"))
		},
	},
	ownAlg("RS512"), ownAlg("PS256"), ownAlg("ES256"),
}

func ownAlg(alg string) check {
	return check{
		name: "own-" + alg, means: CauseAlgorithm, severity: Critical,
		sends:  "the valid token's payload signed by " + alg + " with an attacker's key, under the kid of the issuer's key",
		gain:   "anybody can make tokens, with any key",
		flaw:   "the API does not check signatures by algorithms other than the issuer's, such as " + alg,
		source: "RFC 8725, sections 3.1 and 3.2",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			token, err := g.token.SignedByAttackerAs(alg)
			return bearer(token.String()), err
		},
	}
}

// ownKey presents a token signed with the attacker's key.
func ownKey(token forge.Token) (credential, error) {
	token, err := token.SignedByAttacker()
	if err != nil {
		return credential{}, err
	}
	return bearer(token.String()), nil
}

const unknownKid = "bm8gc3VjaCBrZXkgYXQgYWxsCg"
