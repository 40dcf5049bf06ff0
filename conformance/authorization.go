package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Where the rules of this family are written down.
const (
	sourceScopes  = "RFC 6750, section 3.1; Microsoft: Secure applications and APIs by validating claims, Validate the actor"
	sourceRoles   = "Microsoft: Secure applications and APIs by validating claims, Validate the subject"
	sourceCallers = "Microsoft: Secure applications and APIs by validating claims, Validate the actor; Access token claims reference, idtyp"
)

// authorizationCases send real tokens of the stack's users and applications: of
// callers that the endpoint must admit, and of callers that lack one requirement.
func (s *Suite) authorizationCases(e endpoint) []Case {
	var cases []Case
	if e.users {
		cases = append(cases, s.validUser(e))
		cases = append(cases, s.acceptedRoles(e)...)
		cases = append(cases, s.acceptedScopes(e)...)
	}
	if e.apps {
		cases = append(cases, s.validApplication(e))
	}
	// Hostile tokens are derived from the first accepted token that is available.
	if i := slices.IndexFunc(cases, func(c Case) bool { return c.skip == nil && c.admit != nil }); i >= 0 {
		cases[i].stage = stageBase
	}
	if e.users {
		cases = append(cases, s.missingScopes(e)...)
		cases = append(cases, s.usersWithoutRoles(e)...)
		cases = append(cases, s.withoutGroups(e)...)
		cases = append(cases, s.guests(e)...)
	} else {
		if !e.letsIn(caller{roles: e.sufficient()}) {
			cases = append(cases, s.userRefused(e))
		}
	}
	if e.apps {
		cases = append(cases, s.applicationsWithoutRoles(e)...)
	} else if !e.letsIn(caller{app: true, roles: e.sufficient()}) {
		cases = append(cases, s.applicationRefused(e))
	}
	return cases
}

// admitted is a case with a caller that must be admitted. It can be the endpoint's
// base.
func (s *Suite) admitted(e endpoint, name string, means CauseID, who subject, cannot *skipped, properties ...property) Case {
	return Case{
		ID: e.id + ": " + e.of(name), Endpoint: e.id, key: e.key(), Name: e.of(name), Means: means, Group: Authorization, Severity: Low,
		Sends:  "the token of " + describe(who, cannot),
		Expect: e.expect,
		Source: "the document: the caller meets the requirement",
		Flaw:   "the API refuses an authorized caller",
		stage:  stageRest, skip: cannot,
		admit: func(ctx context.Context, run *runState) (*baselineToken, error) {
			return run.access(ctx, who, properties...)
		},
	}
}

// denied returns a case of a real token whose bearer must get 403.
func (s *Suite) denied(e endpoint, name string, means CauseID, severity Severity, who subject, cannot *skipped, properties ...property) Case {
	return Case{
		ID: e.id + ": " + e.of(name), Endpoint: e.id, key: e.key(), Name: e.of(name), Means: means, Group: Authorization, Severity: severity,
		Sends:  "the token of " + describe(who, cannot),
		Expect: Expect{Status: 403},
		stage:  stageRest, skip: cannot,
		present: func(ctx context.Context, run *runState) (credential, error) {
			g, err := run.access(ctx, who, properties...)
			if err != nil {
				return credential{}, err
			}
			return bearer(g.raw), nil
		},
	}
}

func describe(who subject, cannot *skipped) string {
	if cannot != nil {
		return "nobody: " + cannot.reason
	}
	return who.String()
}

func (s *Suite) validUser(e endpoint) Case {
	kind := "whose roles are enough"
	if !e.needsRole() {
		kind = "who can sign in"
	}
	add := s.addEntitled(e, "somebody")
	who, cannot := s.signedInTo(e, kind, add, func(u User, client Application) bool { return e.alone(e.callerOf(u, client)) })
	if cannot == nil || !e.several() {
		return s.admitted(e, "valid", CauseRefused, who, cannot, s.userProperties(e, who)...)
	}
	who, cannot = s.signedIn(e, kind, add, e.fits)
	return s.admittedBy(e, "valid", CauseRefused, who, cannot, e.minimal(false))
}

// userProperties returns the required properties of a user's token: the endpoint's scopes
// and exactly the roles that the manifests assign.
func (s *Suite) userProperties(e endpoint, who subject) []property {
	user, _ := s.user(who.user)
	return []property{s.holdsScopes(who.client, e.requirement), s.holdsRoles(e, user.Roles), s.holdsGroups(e, user.Groups), s.saysWhetherGuest(e)}
}

// acceptedRoles tries each of several accepted roles by itself, and a role
// that comes by a group.
func (s *Suite) acceptedRoles(e endpoint) []Case {
	var cases []Case
	if len(e.anyRole) > 1 {
		for _, role := range e.anyRole {
			who, cannot := s.signedIn(e, fmt.Sprintf("whose only accepted role is %s", role),
				s.addMember(e, append([]string{role}, e.allRoles...)...), func(u User) bool {
					others := slices.DeleteFunc(slices.Clone(e.anyRole), func(other string) bool { return other == role })
					return e.fits(u) && !overlap(others, u.Roles)
				})
			c := s.admitted(e, "role "+role, CauseRoleRefused, who, cannot, s.userProperties(e, who)...)
			if e.several() {
				c = s.admittedBy(e, "role "+role, CauseRoleRefused, who, cannot, e.minimal(false).withRoles(append([]string{role}, e.allRoles...)...))
			}
			c.Flaw = fmt.Sprintf("the API does not accept role %s", role)
			cases = append(cases, c)
		}
	}
	byGroup := func(u User) bool {
		direct := missing(u.Roles, u.GroupRoles)
		return e.fits(u) && !e.satisfiedBy(direct)
	}
	if e.needsRole() && slices.ContainsFunc(s.Users, byGroup) {
		who, cannot := s.signedIn(e, "who has the role by a group", "", byGroup)
		c := s.admitted(e, "role-by-group", CauseRoleRefused, who, cannot, s.userProperties(e, who)...)
		c.Flaw = "the API does not accept a role that was assigned to a group"
		cases = append(cases, c)
	}
	return cases
}

// missingScopes leaves out each required scope. Entra puts every granted scope into a
// token, also scopes that were not requested, so these cases need another client, or
// the issuer's key.
func (s *Suite) missingScopes(e endpoint) []Case {
	var cases []Case
	user, cannot := s.signedIn(e, "whose roles are enough", "", e.fits)
	for _, scope := range e.scopes {
		c := s.denied(e, "missing-scope "+scope, CauseScope, High, subject{}, cannot)
		c.Sends = fmt.Sprintf("a user's token without scope %s", scope)
		c.Source = sourceScopes
		c.Gain = "a client can act without consent"
		c.Flaw = fmt.Sprintf("the API does not check the scope (scp) %s", scope)
		if client, ok := s.clientLacking(e, user, scope); ok && cannot == nil {
			who := subject{user: user.user, client: client.Name}
			less := e.requirement
			less.scopes = missing(e.scopes, []string{scope})
			c.Sends = fmt.Sprintf("the token of %s, which is not granted %s", who, scope)
			properties := append(s.userProperties(e, who)[1:], s.holdsScopes(client.Name, less), s.lacksScope(client.Name, scope))
			c.present = func(ctx context.Context, run *runState) (credential, error) {
				g, err := run.access(ctx, who, properties...)
				if err != nil {
					return credential{}, err
				}
				return bearer(g.raw), nil
			}
		} else {
			c.present = s.signedWithout(e, scope)
		}
		cases = append(cases, c)
	}
	if len(e.anyScope) > 0 {
		cases = append(cases, s.missingAnyScope(e, cannot))
	}
	return cases
}

// clientLacking returns a client without one scope to which the user can sign in and not be
// admitted.
func (s *Suite) clientLacking(e endpoint, who subject, scope string) (Application, bool) {
	user, _ := s.user(who.user)
	for _, client := range s.clientsWith(func([]string) bool { return true }) {
		less := e.requirement
		less.scopes = missing(e.scopes, []string{scope})
		if less.scoped(client.Scopes) && !slices.Contains(client.Scopes, scope) && !e.letsIn(e.callerOf(user, client)) {
			return client, true
		}
	}
	return Application{}, false
}

// signedWithout lets the issuer sign a user's token without some scopes. A user's
// token always has a scope, so another scope replaces the only one.
func (s *Suite) signedWithout(e endpoint, scopes ...string) func(context.Context, *runState) (credential, error) {
	return func(ctx context.Context, run *runState) (credential, error) {
		g, err := run.baselineTokenFor(e)
		if err != nil {
			return credential{}, err
		}
		if g.who.user == "" {
			return credential{}, skip("", "it starts from a user's token that the API accepts, and none is available")
		}
		left := slices.DeleteFunc(g.claims.scopes(), func(other string) bool { return slices.Contains(scopes, other) })
		if len(left) == 0 {
			left = []string{"another.scope"}
		}
		raw, err := g.sign(ctx, map[string]any{"scp": strings.Join(left, " ")})
		if cannot, ok := asSkipped(err); ok {
			others := missing(s.Resource.Scopes, scopes)
			if len(others) == 0 {
				return credential{}, skip("", "%s; the tenant issues no token for a user without a scope, and %s has no other scope", cannot.reason, s.Resource.Name)
			}
			return credential{}, skip(s.addClient(others...),
				"a token contains every scope that its client is granted: this case needs a second client, which is granted another scope of %s but not %s", s.Resource.Name, strings.Join(scopes, ", "))
		}
		if err != nil {
			return credential{}, err
		}
		return bearer(raw), nil
	}
}

// usersWithoutRoles are users who meet all requirements of the endpoint except the
// roles.
func (s *Suite) usersWithoutRoles(e endpoint) []Case {
	if !e.needsRole() {
		return nil
	}
	deny := func(name, kind, add, flaw string, lacking caller, match func(User) bool) Case {
		who, cannot := s.refused(e, kind, add, func(u User) bool { return match(u) && e.fitsButRoles(u) })
		c := s.denied(e, name, CauseRole, High, who, cannot, s.userProperties(e, who)...)
		if cannot != nil && (e.several() || e.owner) {
			c = s.signedDenied(e, name, CauseRole, lacking)
		}
		if strings.HasPrefix(name, "missing-") {
			c.Means = CauseRolePart
		}
		c.Source = sourceRoles
		c.Gain = "any signed-in user can use operations that require a role"
		c.Flaw = flaw
		return c
	}
	enough := e.minimal(false)
	cases := []Case{
		deny("no-role", "without any role", s.addMember(e), "the API does not check the role (roles)", enough.withRoles(),
			func(u User) bool { return len(u.Roles) == 0 }),
		deny("wrong-role", "with another role", s.addOther(e), "the API requires a role but does not check which one (roles)", enough.withRoles("Another.Role"),
			func(u User) bool { return len(u.Roles) > 0 && !overlap(u.Roles, e.roles()) }),
	}
	// The following cases differ from the two above only if the endpoint requires
	// several roles or scopes.
	if len(e.allRoles)+min(1, len(e.anyRole)) < 2 {
		return cases
	}
	for _, role := range e.allRoles {
		cases = append(cases, deny("missing-role "+role, "who lacks role "+role+" alone", s.addMember(e, missing(e.sufficient(), []string{role})...),
			fmt.Sprintf("the API does not check the role (roles) %s", role), enough.without(part{"role", role}),
			func(u User) bool {
				return !slices.Contains(u.Roles, role) && e.satisfiedBy(append(slices.Clone(u.Roles), role))
			}))
	}
	if len(e.anyRole) > 0 {
		cases = append(cases, deny("missing-any-role", "who has none of "+strings.Join(e.anyRole, ", "), s.addMember(e, e.allRoles...),
			"the API does not check the roles (roles) "+strings.Join(e.anyRole, ", "), enough.withRoles(e.allRoles...),
			func(u User) bool { return !overlap(u.Roles, e.anyRole) && missing(e.allRoles, u.Roles) == nil }))
	}
	return cases
}

// addOther returns what declares a user with a role that is not sufficient for the endpoint.
func (s *Suite) addOther(e endpoint) string {
	if other := s.Resource.otherRole(e, s.Resource.UserRoles); other != "" {
		return s.addMember(e, other)
	}
	return s.addUserOfNewRole(e)
}
