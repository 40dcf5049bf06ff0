package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const sourceTwice = "RFC 7519, section 4"

// twiceChecks are correctly signed tokens that contain a claim twice. An API that
// accepts them must read the last one; if it reads the first, it interprets the token
// differently from other parsers.
var twiceChecks = []check{
	twice("twice-audience", "aud", "for this API and then for another one", func(*baselineToken) any { return anotherAudience }),
	twice("twice-issuer", "iss", "of this issuer and then of another one", func(*baselineToken) any { return "https://issuer.example/" }),
	twice("twice-expiry", "exp", "that expires in an hour and then has expired an hour ago", func(g *baselineToken) any { return g.date(-time.Hour) }),
}

// twiceEntitlements are tokens with a claim twice, whose first value has the required
// scopes or roles.
func twiceEntitlements(e endpoint) []check {
	var checks []check
	if e.users && e.needsScope() {
		c := twice("twice-scope", "scp", "that has its scopes and then another one", func(*baselineToken) any { return "another.scope" })
		c.present = ofUser(c.present)
		checks = append(checks, c)
	}
	if e.needsRole() {
		checks = append(checks, twice("twice-roles", "roles", "that has its roles and then another one", func(*baselineToken) any { return []string{"Another.Role"} }))
	}
	for i := range checks {
		checks[i].tolerates, checks[i].also = nil, []int{400, 401} // a parser may refuse them altogether
		checks[i].gain = "nothing by itself: issuers never repeat a claim"
	}
	return checks
}

func twice(name, claimed, what string, last func(*baselineToken) any) check {
	c := claim(name, Low, what, claimed, sourceTwice, func(*baselineToken) change { return nil })
	c.unissued = true
	c.means, c.alsoBlockedBy = CauseTwice, []CauseID{claimCauses[claimed]}
	c.tolerates = []int{400}
	c.flaw = fmt.Sprintf("the API uses the first of two %s, and other parsers use the last", claimed)
	c.present = func(ctx context.Context, g *baselineToken) (credential, error) {
		raw, err := g.signTwice(ctx, claimed, last(g))
		if err != nil {
			return credential{}, err
		}
		return bearer(raw), nil
	}
	return c
}

// signTwice has the issuer sign the valid token's claims with one claim twice: first
// with its value, and then with another value.
func (g *baselineToken) signTwice(ctx context.Context, name string, last any) (string, error) {
	rest := claimSet{}
	for other, value := range g.claims {
		if other != name {
			rest[other] = value
		}
	}
	encoded := make([]json.RawMessage, 3)
	for i, value := range []any{g.claims[name], rest, last} {
		var err error
		if encoded[i], err = json.Marshal(value); err != nil {
			return "", fmt.Errorf("a token with %s twice: %w", name, err)
		}
	}
	middle := encoded[1][1 : len(encoded[1])-1]
	payload := fmt.Sprintf(`{%q:%s,%s,%q:%s}`, name, encoded[0], middle, name, encoded[2])
	raw, err := g.run.Tokens.SignPayload(ctx, nil, []byte(payload))
	if errors.Is(err, ErrUnavailable) {
		return "", skip("", "only the issuer could sign such a token, and %v", err)
	}
	if err != nil {
		return "", fmt.Errorf("have the issuer sign a token: %w", err)
	}
	token, _, err := decode(raw)
	if err != nil {
		return "", fmt.Errorf("have the issuer sign a token: %w", err)
	}
	if string(token.Payload) != payload {
		return "", errors.New("have the issuer sign a token: its payload is not the one asked for")
	}
	return raw, nil
}
