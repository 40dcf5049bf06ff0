package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// anotherCaller is a user that the tenant does not contain.
const anotherCaller, anotherCallersID = "mallory@contoso.example", "5ca1ab1e-0000-4000-8000-0000000ca11e"

// callerProducts are the products whose headers name a caller in clear text. The headers of
// all products in one request would be larger than many servers accept.
var callerProducts = []string{"App Service", "IIS", "oauth2-proxy", "oauth2-proxy with auth_request", "nginx auth_request", "basic authentication of a proxy"}

// callerCase sends a valid token and headers that name another caller: the
// answer must be for the bearer of the token.
func callerCase(e endpoint) Case {
	c := check{
		name: "header-caller", means: CauseHeaderIdentity, severity: High, admits: true,
		sends:  "the valid token, and headers in which a proxy passes another caller",
		gain:   "anybody who has a valid token acts as any other user",
		flaw:   "the API takes the caller from a header that the caller sets, and not from the token",
		source: "Microsoft: App Service, Work with user identities; oauth2-proxy and nginx: auth_request; CWE-290",
		present: func(_ context.Context, g *baselineToken) (credential, error) {
			if !g.run.isAdmitted(e.key()) {
				return credential{}, vacuous("it needs a caller who is admitted, but the API refuses all callers: see %s: valid", e.id)
			}
			who := principalOf(e, g)
			who.name, who.oid, who.claims = anotherCaller, anotherCallersID, claimSet{"oid": anotherCallersID, "sub": anotherCallersID, "preferred_username": anotherCaller, "roles": who.roles, "scp": who.scope()}
			c := bearer(g.raw)
			c.header = make(http.Header)
			for _, p := range products {
				if !slices.Contains(callerProducts, p.name) {
					continue
				}
				for name, value := range p.headers(who) {
					if value != "" && g.run.Target.Header[name] == nil {
						c.header[name] = []string{value}
					}
				}
			}
			return c, nil
		},
		inspect: func(a reply) finding {
			text := string(a.body)
			if strings.Contains(text, "provision-verify") {
				return finding{} // it gives the same answer to every request
			}
			if success(a.status) && (strings.Contains(text, anotherCaller) || strings.Contains(text, anotherCallersID)) {
				return finding{wrong: "the answer is for the caller whom a header names"}
			}
			return finding{}
		},
	}.on(e, Headers)
	// An API may read the caller from the header, and refuse that caller.
	c.Expect = Expect{Also: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}}
	return c
}
