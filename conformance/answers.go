package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"regexp"
	"strings"
)

// refusalChecks check the content that a 401 must have, and the content that it must
// not have.
var refusalChecks = []check{
	{
		name: "answer-challenge", means: CauseSignature, shows: CauseChallenge, severity: Low,
		sends:   "the valid token with one bit of its signature changed, and looks for a challenge",
		gain:    "nothing: clients do not learn how to sign in",
		flaw:    "the API's 401 has no WWW-Authenticate: Bearer",
		source:  "RFC 9110, section 15.5.2; RFC 6750, section 3",
		present: flipped, inspect: func(a reply) finding {
			for _, challenge := range a.header.Values("WWW-Authenticate") {
				if strings.HasPrefix(strings.ToLower(challenge), "bearer") {
					return finding{}
				}
			}
			return finding{note: "the 401 has no WWW-Authenticate: Bearer, which RFC 9110 requires; many APIs leave it out"}
		},
	},
	{
		name: "answer-token", means: CauseSignature, shows: CauseEcho, severity: Medium,
		sends:   "the valid token with one bit of its signature changed, and looks for it in the answer",
		gain:    "tokens end up in logs and pages, where other people find them",
		flaw:    "the API puts the token into its answer",
		source:  "RFC 6750, section 5.2; OWASP: Error Handling",
		present: flipped, inspect: echoed,
	},
	{
		name: "answer-trace", means: CauseForm, shows: CauseDebug, severity: Medium,
		sends:  "a token whose header is not JSON, and looks for a stack trace",
		gain:   "the names and versions of the API's components",
		flaw:   "the API shows its internal error in the answer",
		source: sourceDebug, tolerates: []int{400},
		present: elsewhere(func(raw string) credential {
			return credential{authorization: []string{"Bearer bm90IGpzb24" + raw[strings.IndexByte(raw, '.'):]}}
		}),
		inspect: untreated,
	},
	{
		name: "answer-library", means: CauseSignature, shows: CauseDebug, severity: Low,
		sends:   "the valid token with one bit of its signature changed, and looks for messages of a library and for debug output",
		gain:    "which library the API uses, and which check refused a forged token",
		flaw:    "the API shows the error message of its library",
		source:  "OWASP: Error Handling",
		present: flipped, inspect: untreated,
	},
	{
		name: "answer-json", means: CauseSignature, shows: CauseMediaType, severity: Low,
		sends:   "the valid token with one bit of its signature changed, and looks at the answer's type",
		gain:    "nothing: clients cannot read the answer, or a browser interprets it wrongly",
		flaw:    "the API's answer is not of the type that it states",
		source:  "RFC 9110, section 8.3",
		present: flipped, inspect: func(a reply) finding {
			kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
			switch stated, is := strings.HasSuffix(kind, "json"), json.Valid(a.body); {
			case stated && !is && len(a.body) > 0:
				return finding{wrong: "the answer states a JSON type and is not JSON"}
			case is && !stated && bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("{")):
				return finding{note: "the answer is JSON and does not state it as its type"}
			}
			return finding{}
		},
	},
	{
		name: "answer-cache", means: CauseSignature, shows: CauseCaching, severity: Low,
		sends:   "the valid token with one bit of its signature changed, and looks whether caches may store the answer",
		gain:    "a cache can return the refusal to entitled callers",
		flaw:    "the API allows caches to store its 401",
		source:  "RFC 9111, sections 3 and 5.2.2",
		present: flipped, inspect: func(a reply) finding {
			control := strings.ToLower(a.header.Get("Cache-Control"))
			if strings.Contains(control, "public") || maxAge.MatchString(control) {
				return finding{note: "caches may store the 401: " + short(control, maxQuoted)}
			}
			return finding{}
		},
	},
}

var (
	libraryWords = regexp.MustCompile(`(?i)signature verification failed|invalid signature|verification error|token signature is invalid|JWSSignatureVerificationFailed|jwt malformed|Not enough segments|Invalid header string|go-jose|PyJWT|jsonwebtoken|could not base64|invalid character '|codec can't decode|Error decoding token headers|Expecting value: line`)
	forDebugging = regexp.MustCompile(`(?i)"(debug|debug_?info|exception|traceback|stack|stack_?trace)"\s*:\s*("[^"]|[{\[]\s*[^}\]\s])`)
	maxAge       = regexp.MustCompile(`max-age=[1-9]`)
)

func flipped(_ context.Context, g *baselineToken) (credential, error) {
	return bearer(g.token.WithFlippedSignature().String()), nil
}

// echoes reports whether an answer contains a part of the request.
func echoes(a reply) bool {
	text := string(a.body)
	for _, values := range a.header {
		text += "\n" + strings.Join(values, "\n")
	}
	for _, secret := range a.sent {
		for part := range strings.SplitSeq(secret, ".") {
			if len(part) > 20 && strings.Contains(text, part) {
				return true
			}
		}
	}
	return false
}
