package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// withRoles returns the caller with other roles.
func (c caller) withRoles(roles ...string) caller {
	c.roles = roles
	return c
}

// mixedCases are callers who have parts of several alternatives and meet none.
func (s *Suite) mixedCases(e endpoint) []Case {
	var cases []Case
	for _, mixed := range e.mixtures() {
		c := s.signedDenied(e, "mixed "+mixed.String(), CauseAlternatives, mixed)
		c.Source = sourceScopes
		c.Gain = "a caller who meets parts of several alternatives, but none completely, is admitted"
		c.Flaw = "the API combines parts of different alternatives, or requires only one part of an alternative"
		cases = append(cases, c)
	}
	return cases
}

// signedDenied returns a case of a token that the issuer signs for a caller whom no
// alternative admits.
func (s *Suite) signedDenied(e endpoint, name string, means CauseID, lacking caller) Case {
	c := s.denied(e, name, means, High, subject{}, nil)
	c.Sends = "a correctly signed token of " + article(lacking.String())
	lacking.owner = true // it may be made from the owner's token
	if e.letsIn(lacking) {
		c.skip = skip("", "another alternative admits %s", lacking)
	}
	c.present = func(ctx context.Context, run *runState) (credential, error) {
		g, err := run.like(e, lacking)
		if err != nil {
			return credential{}, err
		}
		return g.present(ctx, run.claimsOf(lacking, g))
	}
	return c
}

func article(noun string) string {
	if strings.HasPrefix(noun, "a") {
		return "an " + noun
	}
	return "a " + noun
}

// like returns a token that some alternative admits, preferably of a caller of this
// kind.
func (s *runState) like(e endpoint, c caller) (*baselineToken, error) {
	var any *baselineToken
	for _, alternative := range append([]endpoint{e}, e.each()...) {
		g, err := s.baselineTokenFor(alternative)
		switch {
		case err != nil:
		case (g.who.user == "") == c.app:
			return g, nil
		case any == nil && c.app:
			any = g // the token of a user can be made into an application's
		}
	}
	if any != nil {
		return any, nil
	}
	return nil, skip("", "it starts from a token that the API accepts, and none is available: see %s: valid", e.id)
}

// claimsOf returns the changes that give a token the claims of the caller.
func (s *runState) claimsOf(c caller, from *baselineToken) change {
	changes := change{"roles": nil, "groups": nil}
	if len(c.roles) > 0 {
		changes["roles"] = c.roles
	}
	if len(c.groups) > 0 {
		changes["groups"] = s.groupClaims(c.groups)
	}
	switch {
	case !c.app:
		changes["scp"] = "another.scope" // a user's token always has some
		if len(c.scopes) > 0 {
			changes["scp"] = strings.Join(c.scopes, " ")
		}
	case from.who.user != "":
		for name, value := range asApplication(from.claims) {
			changes[name] = value
		}
	}
	return changes
}

// asApplication returns the changes that make a user's token one of the user's client.
func asApplication(claims claimSet) change {
	changes := change{"idtyp": "app", "sub": claims["oid"]}
	for _, claim := range []string{"scp", "name", "preferred_username", "upn", "unique_name", "given_name", "family_name", "email", "groups", "wids"} {
		changes[claim] = nil
	}
	return changes
}

// groupClaims returns the values of the groups claim for groups.
func (s *Suite) groupClaims(names []string) []string {
	claims := []string{}
	for _, g := range s.Groups {
		if slices.Contains(names, g.Name) {
			claims = append(claims, g.Claim)
		}
	}
	return claims
}

// groupsIn returns the groups of the stack that a token names.
func (s *Suite) groupsIn(claims claimSet) (names []string) {
	list, _ := claims["groups"].([]any)
	for _, g := range s.Groups {
		if slices.Contains(list, any(g.Claim)) {
			names = append(names, g.Name)
		}
	}
	return names
}

// reduced returns a token without everything that the caller does not need. If the issuer
// cannot sign tokens, it is the unchanged token.
func (s *runState) reduced(ctx context.Context, g *baselineToken, c caller) (*baselineToken, error) {
	raw, err := g.sign(ctx, s.claimsOf(c, g))
	less := *g
	if cannot, ok := asSkipped(err); ok {
		less.note = fmt.Sprintf("its bearer also meets another alternative (%s)", cannot.reason)
		return &less, nil
	}
	if err != nil {
		return nil, err
	}
	if less.token, less.claims, err = decode(raw); err != nil {
		return nil, err
	}
	less.raw = raw
	return &less, nil
}

// admittedBy returns a case of a user who must be admitted by one alternative: the token
// contains only the claims that this alternative requires.
func (s *Suite) admittedBy(e endpoint, name string, means CauseID, who subject, cannot *skipped, just caller) Case {
	c := s.admitted(e, name, means, who, cannot)
	if cannot == nil {
		c.Sends += ", as that of " + article(just.String())
	}
	c.admit = func(ctx context.Context, run *runState) (*baselineToken, error) {
		g, err := run.access(ctx, who, s.userProperties(e, who)...)
		if err != nil {
			return nil, err
		}
		return run.reduced(ctx, g, just)
	}
	return c
}

// missingAnyScope returns a user's token without any of the scopes of which the endpoint
// requires one.
func (s *Suite) missingAnyScope(e endpoint, cannot *skipped) Case {
	c := s.denied(e, "missing-any-scope", CauseScope, High, subject{}, cannot)
	c.Sends = "a user's token without any of the scopes " + strings.Join(e.anyScope, ", ")
	c.Source = sourceScopes
	c.Gain = "a client can act without consent"
	c.Flaw = "the API does not check the scopes (scp) " + strings.Join(e.anyScope, ", ")
	c.present = s.signedWithout(e, e.anyScope...)
	return c
}

// acceptedScopes tries each of several accepted scopes by itself.
func (s *Suite) acceptedScopes(e endpoint) []Case {
	if len(e.anyScope) < 2 {
		return nil
	}
	var cases []Case
	who, cannot := s.signedIn(e, "who can sign in", s.addEntitled(e, "somebody"), e.fits)
	for _, scope := range e.anyScope {
		just := e.minimal(false)
		just.scopes = append(slices.Clone(e.scopes), scope)
		c := s.admittedBy(e, "scope "+scope, CauseScopeRefused, who, cannot, just)
		c.Flaw = "the API does not accept scope " + scope
		cases = append(cases, c)
	}
	return cases
}
