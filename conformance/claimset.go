package conformance

import (
	"fmt"
	"slices"
	"strings"

	"provision/conformance/forge"
)

// claimSet is the decoded payload of a token; numbers are json.Number.
type claimSet map[string]any

func (c claimSet) text(name string) string {
	text, _ := c[name].(string)
	return text
}

func (c claimSet) scopes() []string { return strings.Fields(c.text("scp")) }

func (c claimSet) roles() []string { return c.list("roles") }

func (c claimSet) list(name string) []string {
	items, _ := c[name].([]any)
	values := make([]string, 0, len(items))
	for _, item := range items {
		values = append(values, fmt.Sprint(item))
	}
	return values
}

// appOnly reports whether this is an application's own token: idtyp is optional,
// and without it only an application is its own subject.
func (c claimSet) appOnly() bool {
	if kind := c.text("idtyp"); kind != "" {
		return kind == "app"
	}
	return c.text("scp") == "" && c.text("oid") != "" && c.text("oid") == c.text("sub")
}

// decode reads the claims of a token and verifies nothing.
func decode(raw string) (forge.Token, claimSet, error) {
	token, err := forge.Parse(raw)
	if err != nil {
		return forge.Token{}, nil, err
	}
	claims, err := token.Claims()
	return token, claims, err
}

// property is a property that a case requires of its token. fault describes how a token lacks it,
// or is ""; look names the place to look at in this case.
type property struct {
	fault func(claimSet) string
	look  string
}

// examine parses a token and checks it before use, because a wrong token would appear as a flaw of
// the API.
func (s *Suite) examine(whose, raw string, properties ...property) (forge.Token, claimSet, error) {
	token, claims, err := decode(raw)
	if err != nil {
		return forge.Token{}, nil, fmt.Errorf("the token of %s: %w", whose, err)
	}
	for _, p := range append([]property{s.forResource()}, properties...) {
		if fault := p.fault(claims); fault != "" {
			return forge.Token{}, nil, fmt.Errorf("the token of %s %s: look at %s", whose, fault, p.look)
		}
	}
	return token, claims, nil
}

func (s *Suite) forResource() property {
	return property{func(c claimSet) string {
		switch {
		case !slices.Contains(s.Resource.Audiences, c.text("aud")):
			return fmt.Sprintf("is for %q, not for %s", c.text("aud"), strings.Join(s.Resource.Audiences, " or "))
		case c.text("iss") != s.Issuer.URL:
			return fmt.Sprintf("is from %q, not from %s", c.text("iss"), s.Issuer.URL)
		case c.text("ver") != fmt.Sprintf("%d.0", s.Resource.TokenVersion):
			return fmt.Sprintf("is of version %q, not %d.0", c.text("ver"), s.Resource.TokenVersion)
		}
		return ""
	}, "identifierUris and api.requestedAccessTokenVersion of application " + s.Resource.Name}
}

func (s *Suite) holdsScopes(client string, r requirement) property {
	return property{func(c claimSet) string {
		if lacking := missing(r.scopes, c.scopes()); lacking != nil {
			return "has no scope " + strings.Join(lacking, ", ")
		}
		if len(r.anyScope) > 0 && !overlap(r.anyScope, c.scopes()) {
			return "has none of the scopes " + strings.Join(r.anyScope, ", ")
		}
		return ""
	}, fmt.Sprintf("permissions of application %s and its admin consent", client)}
}

func (s *Suite) lacksScope(client, scope string) property {
	return property{func(c claimSet) string {
		if slices.Contains(c.scopes(), scope) {
			return "has scope " + scope + ", which it should lack"
		}
		return ""
	}, fmt.Sprintf("permissions of application %s, and preAuthorizedApplications of %s", client, s.Resource.Name)}
}

// holdsRoles requires exactly the roles that the manifests assign. Roles that the
// endpoint treats alike count as equal.
func (s *Suite) holdsRoles(e endpoint, roles []string) property {
	return property{func(c claimSet) string {
		for _, role := range e.everyRole() {
			switch has, should := slices.Contains(c.roles(), role), slices.Contains(roles, role); {
			case should && !has:
				return "has no role " + role
			case has && !should:
				return "has role " + role + ", which it should lack"
			}
		}
		if len(roles) == 0 && len(c.roles()) > 0 {
			return "has role " + strings.Join(c.roles(), ", ") + ", and should have none"
		}
		if len(roles) > 0 && len(c.roles()) == 0 {
			return "has no role at all"
		}
		return ""
	}, fmt.Sprintf("roleAssignments of application %s; a change can take a while to show in tokens", s.Resource.Name)}
}

func isAppOnly(want bool) property {
	return property{func(c claimSet) string {
		switch {
		case want && !c.appOnly():
			return "is not an application's own"
		case !want && c.appOnly():
			return "is an application's own, not a user's"
		}
		return ""
	}, "how it was obtained"}
}
