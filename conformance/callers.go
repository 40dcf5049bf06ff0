package conformance

import (
	"context"
	"fmt"
	"slices"

	"provision/stack"
)

// validApplication returns the case of an application that the API must accept.
func (s *Suite) validApplication(e endpoint) Case {
	name, means := "valid", CauseRefused
	if e.users {
		name = "valid-application"
	}
	if s.admitsUsers() {
		means = CauseApplicationRefused // users show whether the API accepts tokens at all
	}
	kind, add := "whose roles are enough", s.addApplication(e.sufficient()...)
	if !e.needsRole() {
		kind, add = "with a secret", s.addApplication()
	}
	who, cannot := s.itself(kind, add, func(a Application) bool { return e.alone(e.itselfOf(a)) })
	if cannot != nil && e.several() {
		who, cannot = s.itself(kind, add, func(a Application) bool { return e.satisfiedBy(a.Roles) && (!e.owner || a.Name == e.made.Application) })
	}
	c := s.admitted(e, name, means, who, cannot, s.applicationProperties(e, who)...)
	if means == CauseApplicationRefused {
		c.Flaw = means.Title()
	}
	return c
}

// admitsUsers reports whether any protected endpoint admits users.
func (s *Suite) admitsUsers() bool {
	return slices.ContainsFunc(s.Document.Endpoints, func(stated stack.Endpoint) bool {
		e, err := s.endpoint(stated)
		return err == nil && !e.public && slices.ContainsFunc(e.alternatives, func(r requirement) bool { return r.users })
	})
}

func (s *Suite) applicationProperties(e endpoint, who subject) []property {
	application, _ := s.application(who.application)
	return []property{s.holdsRoles(e, application.Roles)}
}

// applicationsWithoutRoles are cases of applications that lack one of the required roles. Every
// application of the tenant can get a token for every API, so only the check of roles refuses
// them.
func (s *Suite) applicationsWithoutRoles(e endpoint) []Case {
	if !e.needsRole() {
		return nil
	}
	deny := func(name, kind, add, flaw string, lacking caller, match func(Application) bool) Case {
		who, cannot := s.itself(kind, add, func(a Application) bool { return match(a) && !e.letsIn(e.itselfOf(a)) })
		c := s.denied(e, name, CauseRole, High, who, cannot, s.applicationProperties(e, who)...)
		if cannot != nil && (e.several() || e.owner) {
			c = s.signedDenied(e, name, CauseRole, lacking)
		}
		c.Source = sourceRoles
		c.Gain = "every application of the tenant gets in: a token for the API is theirs for the asking"
		c.Flaw = flaw
		return c
	}
	add := s.addApplicationOfNewRole()
	if other := s.Resource.otherRole(e, s.Resource.ApplicationRoles); other != "" {
		add = s.addApplication(other)
	}
	cases := []Case{
		deny("application-no-role", "without any role", s.addApplication(),
			"the API does not check the role (roles) of applications", caller{app: true}, func(a Application) bool { return len(a.Roles) == 0 }),
		deny("application-wrong-role", "with another role", add,
			"the API requires a role of applications and does not check which role (roles)", caller{app: true, roles: []string{"Another.Role"}},
			func(a Application) bool { return len(a.Roles) > 0 && !overlap(a.Roles, e.roles()) }),
	}
	if e.several() && slices.ContainsFunc(e.alternatives, func(r requirement) bool { return r.users && r.needsScope() }) {
		// An API that does not check the scope may treat a token without scp as a user's token.
		cases[0].Means, cases[1].alsoBlockedBy = CauseCallers, []CauseID{CauseCallers}
	}
	return cases
}

// userRefused returns the case of a user at an endpoint that accepts only applications.
func (s *Suite) userRefused(e endpoint) Case {
	who, cannot := s.refused(e, "whose roles are enough", "", e.fits)
	if cannot != nil && !e.several() {
		who, cannot = s.signedIn(endpoint{}, "who can sign in", s.addUser("somebody"), func(User) bool { return true })
	}
	c := s.denied(e, "user", CauseCallers, High, who, cannot, s.userProperties(endpoint{}, who)[:1]...)
	if cannot != nil && e.several() {
		c = s.signedDenied(e, "user", CauseCallers, caller{roles: e.sufficient()})
	}
	c.Source = sourceCallers
	c.Gain = "users can use operations that are reserved for services"
	c.Flaw = "the API does not tell users from applications (idtyp, scp)"
	return c
}

// applicationRefused is the case of an application at an endpoint that accepts only users. It
// prefers an application with sufficient roles, so that the API has no other reason to refuse it.
// Otherwise the issuer signs such a token, or any application is used.
func (s *Suite) applicationRefused(e endpoint) Case {
	const name = "app-only"
	fit, cannot := s.itself("whose roles are enough", "", func(a Application) bool {
		return e.satisfiedBy(a.Roles) && !e.letsIn(e.itselfOf(a))
	})
	c := s.denied(e, name, CauseCallers, High, fit, cannot, s.applicationProperties(e, fit)...)
	if cannot != nil {
		whoever, none := s.itself("with a secret", s.addApplication(), func(a Application) bool {
			return !e.letsIn(e.itselfOf(a))
		})
		c.skip = nil
		c.Sends = "an application's own token with the roles of an authorized user"
		c.present = func(ctx context.Context, run *runState) (credential, error) {
			signed, err := s.signedAppOnly(ctx, run, e)
			if _, ok := asSkipped(err); !ok {
				return signed, err
			}
			if none != nil {
				return credential{}, none
			}
			g, err := run.access(ctx, whoever, s.applicationProperties(e, whoever)...)
			if err != nil {
				return credential{}, err
			}
			weaker := bearer(g.raw)
			weaker.note = fmt.Sprintf("sent the token of %s, which lacks the roles as well", whoever)
			return weaker, nil
		}
	}
	c.Source = sourceCallers
	c.Gain = "every application of the tenant can act as if on behalf of a user"
	c.Flaw = "the API does not distinguish applications from users: it checks neither the scope (scp) nor idtyp"
	return c
}

// signedAppOnly changes a user's token to an app-only token of the user's client.
func (s *Suite) signedAppOnly(ctx context.Context, run *runState, e endpoint) (credential, error) {
	g, err := run.baselineTokenFor(e)
	if err != nil {
		return credential{}, err
	}
	changes := asApplication(g.claims)
	if e.letsIn(caller{app: true, roles: g.claims.roles()}) {
		changes["roles"] = nil // another alternative admits applications with them
	}
	raw, err := g.sign(ctx, changes)
	if err != nil {
		return credential{}, err
	}
	return bearer(raw), nil
}
