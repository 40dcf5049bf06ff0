package conformance

import "context"

const ownIDTokenFlaw = "the API does not require a scope (scp) in a user's token: an ID token has the API's audience if the front end uses the same registration"

// ownIDToken is the ID token of a front end that shares the API's registration. It has the
// API's audience and the user's roles.
func ownIDToken(e endpoint) check {
	c := check{
		name: "id-token-own", means: CauseOwnIDToken, severity: High,
		sends:  "an ID token for the API's own registration, with the roles of the user",
		gain:   "the API accepts a token that only proves who signed in; such tokens are readable in browsers and logs",
		flaw:   ownIDTokenFlaw,
		source: "Microsoft: Access tokens, Validate tokens; ID token claims reference; OpenID Connect Core, section 2",
		also:   []int{403},
		present: ofUser(func(ctx context.Context, g *baselineToken) (credential, error) {
			changes := change{"nonce": "bm9uY2U", "name": "Somebody", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}
			for _, name := range []string{"scp", "azp", "azpacr", "appid", "appidacr", "idtyp", "xms_ftd"} {
				if _, ok := g.claims[name]; ok {
					changes[name] = nil
				}
			}
			return g.present(ctx, changes)
		}),
	}
	for _, r := range e.alternatives {
		if r.users && !r.needsScope() {
			return lenient(c, "correct APIs differ where no scope is required: an ID token for the API itself differs from its access tokens by the lack of scp alone")
		}
	}
	return c
}
