package conformance

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Where the rules of these families are written down.
const (
	sourceDates    = "RFC 7519, sections 2, 4.1.4 and 4.1.5"
	sourceAudience = "RFC 7519, section 4.1.3; RFC 8725, section 3.9"
	sourceIssuer   = "RFC 7519, section 4.1.1; RFC 8725, section 3.8"
	sourceTenant   = "Microsoft: Secure applications and APIs by validating claims, Validate the tenant"
)

// dateChecks are tokens with wrong dates.
var dateChecks = []check{
	claim("expired-long-ago", Medium, "that expired ten years ago", "exp", sourceDates, func(g *baselineToken) change {
		return change{"exp": g.date(-10 * 365 * 24 * time.Hour)}
	}),
	unissued(claim("exp-string", Medium, "that expired an hour ago and writes that as a string", "exp", sourceDates, func(g *baselineToken) change {
		return change{"exp": fmt.Sprint(g.date(-time.Hour))}
	})),
	unissued(claim("exp-float", Medium, "that expired an hour and half a second ago", "exp", sourceDates, func(g *baselineToken) change {
		return change{"exp": float64(g.date(-time.Hour)) - 0.5}
	})),
	unissued(claim("exp-negative", Medium, "that expired before 1970", "exp", sourceDates, func(*baselineToken) change { return change{"exp": -1} })),
	lenient(unissued(claim("exp-missing", Low, "that never expires (no exp)", "exp", sourceDates, func(*baselineToken) change { return change{"exp": nil} })),
		"correct APIs differ: exp is optional in a JWT, but Entra's tokens always contain it"),
	lenient(unissued(claim("exp-zero", Low, "that expired in 1970 (exp 0)", "exp", sourceDates, func(*baselineToken) change { return change{"exp": 0} })),
		"correct APIs differ: some libraries treat 0 like a missing exp, but Entra never sends it"),
	claim("not-yet-valid-far", Medium, "that is valid in ten years", "nbf", sourceDates, func(g *baselineToken) change {
		return change{"nbf": g.date(10 * 365 * 24 * time.Hour), "exp": g.date(11 * 365 * 24 * time.Hour)}
	}),
	lenient(unissued(claim("iat-future", Low, "that was issued in an hour", "iat", "RFC 7519, section 4.1.6", func(g *baselineToken) change {
		return change{"iat": g.date(time.Hour)}
	})), "correct APIs differ: no specification requires a check of iat"),
}

// audienceChecks are tokens for an audience that is nearly this API.
var audienceChecks = []check{
	unissued(claim("audience-missing", High, "without an audience (no aud)", "aud", sourceAudience, func(*baselineToken) change { return change{"aud": nil} })),
	unissued(claim("audience-empty", High, "for an empty audience", "aud", sourceAudience, func(*baselineToken) change { return change{"aud": ""} })),
	unissued(claim("audience-list-without", High, "for a list of other audiences", "aud", sourceAudience, func(*baselineToken) change {
		return change{"aud": []string{anotherAudience, "api://other"}}
	})),
	lenient(unissued(claim("audience-list", Low, "for a list of audiences that includes this API", "aud", sourceAudience, func(g *baselineToken) change {
		return change{"aud": []string{g.claims.text("aud"), anotherAudience}}
	})), "correct APIs differ: a JWT may have several audiences, and Entra's have one"),
	claim("audience-prefix", High, "for an audience that is a prefix of this one", "aud", sourceAudience, func(g *baselineToken) change {
		aud := g.claims.text("aud")
		return change{"aud": aud[:len(aud)-1]}
	}),
	claim("audience-suffix", High, "for an audience that begins with this one", "aud", sourceAudience, func(g *baselineToken) change {
		return change{"aud": g.claims.text("aud") + ".evil.example"}
	}),
	claim("audience-within", High, "for an audience that ends with this one", "aud", sourceAudience, func(g *baselineToken) change {
		return change{"aud": "api://evil.example/" + g.claims.text("aud")}
	}),
	claim("audience-case", Medium, "for this audience in capitals", "aud", sourceAudience, func(g *baselineToken) change {
		return change{"aud": otherCase(g.claims.text("aud"))}
	}),
	lenient(claim("audience-slash", Low, "for this audience with a slash at the end", "aud", sourceAudience, func(g *baselineToken) change {
		return change{"aud": g.claims.text("aud") + "/"}
	}), "correct APIs differ: Microsoft's own library ignores a slash at the end"),
	{
		name: "audience-client", means: CauseAudience, severity: High,
		sends:  "a correctly signed token for the client itself",
		gain:   "a token that the client got about its user, such as an ID token, opens the API",
		flaw:   "the API accepts the client's id as its own audience (aud)",
		source: sourceAudience,
		present: func(ctx context.Context, g *baselineToken) (credential, error) {
			id := g.claims.text("azp") + g.claims.text("appid")
			if id == "" || id == g.run.Resource.AppID {
				return credential{}, skip("", "the valid token's client is the API itself")
			}
			return g.present(ctx, change{"aud": id})
		},
		// Where the API is its own client, a token for the client is one for the API.
		fits: func(s *Suite) bool { return s.Document.Client != s.Document.Resource },
	},
}

// issuerChecks are tokens of an issuer or a tenant that is nearly this one.
var issuerChecks = []check{
	unissued(claim("issuer-missing", High, "without an issuer (no iss)", "iss", sourceIssuer, func(*baselineToken) change { return change{"iss": nil} })),
	claim("issuer-prefix", High, "of an issuer that is a prefix of this one", "iss", sourceIssuer, func(g *baselineToken) change {
		iss := g.claims.text("iss")
		return change{"iss": iss[:len(iss)-1]}
	}),
	claim("issuer-suffix", High, "of an issuer that begins with this one", "iss", sourceIssuer, func(g *baselineToken) change {
		return change{"iss": g.claims.text("iss") + ".evil.example"}
	}),
	claim("issuer-within", High, "of an issuer whose address contains this one", "iss", sourceIssuer, func(g *baselineToken) change {
		return change{"iss": "https://evil.example/?" + g.claims.text("iss")}
	}),
	claim("issuer-case", Medium, "of this issuer in capitals", "iss", sourceIssuer, func(g *baselineToken) change {
		return change{"iss": otherCase(g.claims.text("iss"))}
	}),
	claim("issuer-common", High, "of the issuer of every tenant (common)", "iss", sourceIssuer, func(g *baselineToken) change {
		return change{"iss": strings.Replace(g.claims.text("iss"), g.run.Issuer.TenantID, "common", 1)}
	}),
	atHome(claim("issuer-public-v1", High, "of another tenant, with the issuer of version 1 in the public cloud", "iss", sourceIssuer, func(*baselineToken) change {
		return change{"iss": "https://sts.windows.net/" + anotherTenant + "/", "tid": anotherTenant}
	})),
	atHome(claim("issuer-public-v2", High, "of another tenant, with the issuer of version 2 in the public cloud", "iss", sourceIssuer, func(*baselineToken) change {
		return change{"iss": "https://login.microsoftonline.com/" + anotherTenant + "/v2.0", "tid": anotherTenant}
	})),
	lenient(claim("issuer-version", Low, "of the same tenant's issuer of the other token version", "iss", sourceIssuer, func(g *baselineToken) change {
		return change{"iss": otherVersion(g.claims.text("iss"))}
	}), "correct APIs differ: some accept tokens of both versions"),
	atHome(lenient(claim("tenant-mismatch", Low, "of this issuer that names another tenant (tid)", "tid", sourceTenant, func(*baselineToken) change {
		return change{"tid": anotherTenant}
	}), "correct APIs differ: the issuer already contains the tenant")),
	lenient(unissued(claim("tenant-missing", Low, "of this issuer that names no tenant (no tid)", "tid", sourceTenant, func(*baselineToken) change {
		return change{"tid": nil}
	})), "correct APIs differ: the issuer already contains the tenant"),
	lenient(unissued(claim("version-mismatch", Low, "of this issuer that claims another version (ver)", "ver", "Microsoft: Access token claims reference, ver", func(g *baselineToken) change {
		return change{"ver": "3.0"}
	})), "correct APIs differ: only a few check ver"),
}

// atHome skips the case for an API that admits several tenants, because other cases
// test such an API.
func atHome(c check) check {
	c.fits = homeOnly
	return c
}

// foldingChecks have a claim under a name that some JSON libraries treat as the right
// name: these libraries ignore the case of letters, and treat a long s as an s.
var foldingChecks = []check{
	lenient(unissued(claim("folded-audience", Low, "that states its audience as AUD", "aud", "RFC 7519, section 4", func(g *baselineToken) change {
		return change{"aud": nil, "AUD": g.claims.text("aud")}
	})), "correct APIs differ: the JSON library ignores case, but Entra signs no such claims"),
	lenient(unissued(claim("folded-issuer", Low, "of another issuer, with the correct issuer as iſs", "iss", "RFC 7519, section 4", func(g *baselineToken) change {
		return change{"iss": "https://issuer.example/", "iſs": g.claims.text("iss")}
	})), "correct APIs differ: the JSON library ignores case, but Entra signs no such claims"),
	lenient(unissued(claim("folded-expiry", Low, "that has expired, and says otherwise as Exp", "exp", "RFC 7519, section 4", func(g *baselineToken) change {
		return change{"exp": g.date(-time.Hour), "eXp": g.date(time.Hour), "Exp": g.date(time.Hour)}
	})), "correct APIs differ: the JSON library ignores case, but Entra signs no such claims"),
}

// change are claims that get another value; nil leaves one out.
type change = map[string]any

// claim returns a correctly signed token with such a change.
func claim(name string, severity Severity, what, checked, source string, changes func(*baselineToken) change) check {
	return check{
		name: name, means: claimCauses[checked], severity: severity,
		sends:   "a correctly signed token " + what,
		gain:    gains[checked],
		flaw:    fmt.Sprintf("the API does not check %s, or does not compare it exactly", checked),
		source:  source,
		present: func(ctx context.Context, g *baselineToken) (credential, error) { return g.present(ctx, changes(g)) },
	}
}

// gains are the consequences of a missing check, by claim.
var gains = map[string]string{
	"exp": "a stolen token stays valid forever",
	"nbf": "tokens work before their time",
	"iat": "nothing by itself",
	"aud": "a token that was given to another API or client can be used here",
	"iss": "every user and every application of any other organization with an Entra tenant can call the endpoint: Entra signs the tokens of all tenants with the same keys",
	"tid": "nothing by itself, as long as the issuer is checked",
	"ver": "nothing by itself",
}

// claimCauses are the flaws of an API that forgets a claim's check.
var claimCauses = map[string]CauseID{
	"exp": CauseExpiry, "nbf": CauseNotBefore, "iat": CauseIssuedAt,
	"aud": CauseAudience, "iss": CauseIssuer, "tid": CauseTenant, "ver": CauseVersion,
	"scp": CauseScope, "roles": CauseRole,
}

// unissued marks a token that only the issuer could sign, and that it never signs: no
// attacker can send it, so an internal error of the API is a note.
func unissued(c check) check {
	c.unissued = true
	return c
}

// lenient marks a check in which correct APIs differ, and states the reason.
func lenient(c check, why string) check {
	c.mayAdmit, c.flaw = true, why
	return c
}

// present lets the issuer sign changed claims, and presents the token.
func (g *baselineToken) present(ctx context.Context, changes change) (credential, error) {
	raw, err := g.sign(ctx, changes)
	if err != nil {
		return credential{}, err
	}
	return bearer(raw), nil
}

// otherCase turns lower case into upper, or the other way round.
func otherCase(text string) string {
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}

// otherVersion returns the issuer of the same tenant's tokens of the other version.
func otherVersion(issuer string) string {
	if base, ok := strings.CutSuffix(issuer, "/v2.0"); ok {
		if u, err := url.Parse(base); err == nil && u.Host == "login.microsoftonline.com" {
			u.Host = "sts.windows.net"
			return u.String() + "/"
		}
		return base + "/"
	}
	return strings.Replace(strings.TrimSuffix(issuer, "/"), "sts.windows.net", "login.microsoftonline.com", 1) + "/v2.0"
}
