package conformance

import (
	"context"
	"slices"
)

// noToken returns the case without a token. The other cases of the endpoint are meaningful only if it
// passes.
func noToken(e endpoint) Case {
	return Case{
		ID: e.id + ": no-token", Endpoint: e.id, Name: "no-token", Means: CauseOpen, Group: Authentication, Severity: Critical,
		Sends:  "no Authorization header",
		Expect: Expect{Status: 401},
		Source: "RFC 6750, section 3",
		Gain:   "anybody can call the endpoint",
		Flaw:   "the API does not require a token here: the check is not configured for this route",
		stage:  stageFirst, present: func(context.Context, *runState) (credential, error) { return credential{}, nil },
	}
}

// authentication contains the requests without a token, or with a token that is
// presented wrongly. RFC 6750, section 3.1, also permits 400 for a malformed request.
var authentication = slices.Concat(absent, odd, misplaced)

// absent are requests without a Bearer token.
var absent = []check{
	{
		name: "wrong-scheme", means: CauseScheme, severity: High,
		sends:  "the valid token with scheme Basic instead of Bearer",
		gain:   "credentials of another scheme are accepted as a token",
		flaw:   "the API does not check the authentication scheme: it accepts any text after the first space",
		source: "RFC 6750, section 2.1", tolerates: []int{400},
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			return credential{authorization: []string{"Basic " + g.raw}, secrets: []string{g.raw}}, nil
		},
	},
	{
		name: "empty-token", means: CauseOpen, severity: Critical,
		sends:  "Bearer without a token",
		gain:   "anybody can call the endpoint",
		flaw:   "the API does not treat an empty token as an error",
		source: "RFC 6750, section 2.1", tolerates: []int{400},
		present: func(context.Context, *baselineToken) (credential, error) {
			return credential{authorization: []string{"Bearer "}}, nil
		},
	},
	{
		name: "garbage", means: CauseAnyToken, severity: Critical,
		sends:  "a text that is not a token",
		gain:   "anybody can call the endpoint",
		flaw:   "the API does not parse the token, or accepts it when parsing fails",
		source: "RFC 7519, section 7.2", tolerates: []int{400},
		present: func(context.Context, *baselineToken) (credential, error) {
			return credential{authorization: []string{"Bearer garbage"}}, nil
		},
	},
}
