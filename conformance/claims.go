package conformance

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// anotherAudience is Microsoft Graph, for which every client can get a token.
// anotherTenant is the id of a tenant that does not exist.
const (
	anotherAudience = "00000003-0000-0000-c000-000000000000"
	anotherTenant   = "5ca1ab1e-0000-4000-8000-00000000feed"
)

// claimChecks are tokens that the issuer has signed, but that are not for this
// API, or not now.
var claimChecks = slices.Concat(foreign, []check{graphToken}, dateChecks, audienceChecks, issuerChecks, foldingChecks, twiceChecks)

// foreign are tokens for another time, API or tenant.
var foreign = []check{
	{
		name: "expired", means: CauseExpiry, severity: Medium,
		sends:  "a correctly signed token that expired an hour ago",
		gain:   "a stolen token stays valid forever",
		flaw:   "the API does not check the expiry (exp)",
		source: "RFC 7519, section 4.1.4",
		present: signed(func(g *baselineToken) (map[string]any, error) {
			return map[string]any{"iat": g.date(-2 * time.Hour), "nbf": g.date(-2 * time.Hour), "exp": g.date(-time.Hour)}, nil
		}),
	},
	{
		name: "not-yet-valid", means: CauseNotBefore, severity: Medium,
		sends:  "a correctly signed token that is valid in an hour",
		gain:   "tokens work before their time",
		flaw:   "the API does not check the start of validity (nbf)",
		source: "RFC 7519, section 4.1.5",
		present: signed(func(g *baselineToken) (map[string]any, error) {
			return map[string]any{"nbf": g.date(time.Hour), "exp": g.date(2 * time.Hour)}, nil
		}),
	},
	{
		name: "wrong-audience", means: CauseAudience, severity: High,
		sends:  "a correctly signed token for another API, Microsoft Graph",
		gain:   "every API and client that gets a user's token for something else can use it here",
		flaw:   "the API does not check the audience (aud)",
		source: "RFC 7519, section 4.1.3; RFC 8725, section 3.9; Microsoft: Access tokens, Validate tokens",
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			c, err := signed(func(*baselineToken) (map[string]any, error) {
				return map[string]any{"aud": anotherAudience}, nil
			})(ctx, g)
			if _, cannot := asSkipped(err); !cannot {
				return c, err
			}
			// Without the issuer's key, this is the most similar token.
			if c, idErr := g.idToken(ctx); idErr == nil {
				c.note = "sent the client's ID token, since no other token for another audience can be had here"
				return c, nil
			}
			return credential{}, err
		},
	},
	{
		name: "wrong-issuer", means: CauseIssuer, severity: High,
		sends:  "a token signed with the right key that names another issuer",
		gain:   gains["iss"],
		flaw:   "the API does not check the issuer (iss)",
		source: "RFC 7519, section 4.1.1; RFC 8725, section 3.8; Microsoft: Access tokens, Validate the issuer",
		present: signed(func(g *baselineToken) (map[string]any, error) {
			issuer, err := url.Parse(g.claims.text("iss"))
			if err != nil {
				return nil, fmt.Errorf("the valid token's issuer: %w", err)
			}
			issuer.Host = "issuer.example"
			return map[string]any{"iss": issuer.String()}, nil
		}),
	},
	{
		name: "other-tenant", means: CauseTenant, severity: Critical,
		fits: homeOnly, sends: "a correctly signed token from another tenant of Entra ID",
		gain:   "anyone with a tenant can call the API: the tokens of all tenants are signed with the same keys",
		flaw:   "the API does not check the tenant (iss and tid)",
		source: "Microsoft: Secure applications and APIs by validating claims, Validate the tenant",
		present: signed(func(g *baselineToken) (map[string]any, error) {
			tenant := g.run.Issuer.TenantID
			issuer := strings.ReplaceAll(g.claims.text("iss"), tenant, anotherTenant)
			if tenant == "" || issuer == g.claims.text("iss") {
				return nil, fmt.Errorf("the issuer %s does not name the tenant %s", issuer, tenant)
			}
			return map[string]any{"iss": issuer, "tid": anotherTenant}, nil
		}),
	},
	{
		name: "id-token", means: CauseIDToken, lacks: true, severity: High,
		sends:  "the ID token of a user who signed in to the client",
		gain:   "the API accepts a token that only proves who signed in; such tokens are readable in browsers and logs",
		flaw:   "the API does not check the audience (aud), which is the client, or accepts ID tokens as access tokens",
		source: "Microsoft: Access tokens, Validate tokens; OpenID Connect Core, section 2",
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			return g.idToken(ctx)
		},
	},
}

// signed presents a token with changed claims that the issuer has signed.
func signed(changes func(*baselineToken) (map[string]any, error)) func(context.Context, *baselineToken) (credential, error) {
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		changed, err := changes(g)
		if err != nil {
			return credential{}, err
		}
		raw, err := g.sign(ctx, changed)
		if err != nil {
			return credential{}, err
		}
		return bearer(raw), nil
	}
}

// idToken presents the ID token that came with the valid token, or with any
// other user's.
func (g *baselineToken) idToken(ctx context.Context) (credential, error) {
	s := g.run
	who, cannot := s.signedIn(endpoint{}, "who can sign in", s.addUser("somebody"), func(User) bool { return true })
	if g.who.user != "" {
		who, cannot = g.who, nil
	}
	if cannot != nil {
		return credential{}, cannot
	}
	issued := s.grant(ctx, who)
	if issued.err != nil {
		return credential{}, issued.err
	}
	if issued.id == "" {
		return credential{}, skip("", "the sign-in of %s gave no ID token", who)
	}
	_, claims, err := decode(issued.id)
	if err != nil {
		return credential{}, fmt.Errorf("the ID token of %s: %w", who, err)
	}
	c := bearer(issued.id)
	if slices.Contains(s.Resource.Audiences, claims.text("aud")) {
		if client, _ := s.application(who.client); client.AppID != s.Resource.AppID {
			return credential{}, fmt.Errorf("the ID token of %s is for the API itself, not for the client", who)
		}
		// The API is its own client. Its ID tokens have the right audience and
		// no scope, so an API may well get as far as asking for that.
		c.tolerates = []int{403}
	}
	return c, nil
}
