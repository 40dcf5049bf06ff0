package stack

import "slices"

// checkRequires checks an endpoint's requirement, or each of a list, against the resource and the
// stack.
func (l *loader) checkRequires(s *loaded, resource *Application, e Endpoint, at func(path ...any) Position) {
	if e.Requires.AnyOf == nil {
		l.checkRequirement(s, resource, e, *e.Requires, at)
		return
	}
	for i, r := range e.Requires.AnyOf {
		here := func(path ...any) Position { return at(append([]any{i}, path...)...) }
		if len(r.Scopes)+len(r.AnyScope)+len(r.Callers) == 0 {
			l.mistakes.add(here(), "add callers: [applications], or the scopes that users need",
				"endpoint %s: an entry of a list without scopes must state callers, or it admits users who lack the scopes of the others", e.Request)
		}
		l.checkRequirement(s, resource, e, r, here)
	}
}

func (l *loader) checkRequirement(s *loaded, resource *Application, e Endpoint, r Requires, at func(path ...any) Position) {
	if len(r.Callers) > 0 && !r.Allows("users") {
		switch {
		case len(r.Scopes)+len(r.AnyScope) > 0:
			l.mistakes.add(at("callers"), "only tokens of users have scopes; require a role instead", "endpoint %s requires a scope from applications", e.Request)
		case len(r.Groups) > 0:
			l.mistakes.add(at("callers"), "require a role of applications instead", "endpoint %s requires the membership of a group from applications", e.Request)
		case r.Guests != "":
			l.mistakes.add(at("guests"), "remove it", "endpoint %s refuses guests and admits no users", e.Request)
		}
	}
	if r.Owner && e.Setup == nil {
		l.mistakes.add(at("owner"), "add setup: {request: …, as: NAME}, which creates the object as its owner", "endpoint %s admits only the owner of an object, and no setup creates one", e.ID())
	} else if r.Owner && e.Setup.As == (As{}) {
		l.mistakes.add(at("owner"), "add as: NAME to setup", "endpoint %s admits only the owner of an object, and setup does not name the owner", e.ID())
	}
	for j, group := range r.Groups {
		if s.groups[group] == nil {
			l.mistakes.add(at("groups", j), oneOf(group, names(s.groups)), "unknown group %q", group)
		}
	}
	if resource == nil || resource.Existing || s.broken(resource.Name) {
		return
	}
	for _, list := range []struct {
		field  string
		values []string
		what   string
		known  []string
	}{
		{"scopes", r.Scopes, "scope", resource.scopeValues()}, {"anyScope", r.AnyScope, "scope", resource.scopeValues()},
		{"anyRole", r.AnyRole, "role", resource.roleValues()}, {"allRoles", r.AllRoles, "role", resource.roleValues()},
	} {
		for j, value := range list.values {
			if !slices.Contains(list.known, value) {
				l.mistakes.add(at(list.field, j), oneOf(value, list.known), "application %s has no %s %q", resource.Name, list.what, value)
			}
		}
	}
	for kind, member := range map[string]string{"users": "User", "applications": "Application"} {
		if slices.Equal(r.Callers, []string{kind}) && !resource.canHold(r, member) {
			l.mistakes.add(at("callers"), "add "+member+" to allowedMemberTypes of the roles, or correct callers",
				"endpoint %s admits only %s, and no %s can have its roles", e.Request, kind, kind[:len(kind)-1])
		}
	}
	if len(r.Groups) > 0 && (resource.GroupMembershipClaims == nil || *resource.GroupMembershipClaims == "None") {
		l.mistakes.add(at("groups"), "add groupMembershipClaims: SecurityGroup to application "+resource.Name,
			"endpoint %s requires a group, and the tokens for application %s have no groups", e.Request, resource.Name)
	}
	if r.Guests != "" && !resource.emits("acct") {
		l.mistakes.add(at("guests"), "add optionalClaims: {accessToken: [{name: acct}]} to application "+resource.Name,
			"endpoint %s refuses guests, and the tokens for application %s do not show who is a guest", e.Request, resource.Name)
	}
}

// canHold reports whether a kind of principal can have the roles of a requirement.
func (a *Application) canHold(r Requires, member string) bool {
	holdable := func(value string) bool {
		i := slices.IndexFunc(a.AppRoles, func(role AppRole) bool { return role.Value == value })
		return i < 0 || slices.Contains(a.AppRoles[i].AllowedMemberTypes, member) // an unknown role is reported elsewhere
	}
	return (len(r.AnyRole) == 0 || slices.ContainsFunc(r.AnyRole, holdable)) && !slices.ContainsFunc(r.AllRoles, func(value string) bool { return !holdable(value) })
}

// emits reports whether the access tokens of the application have an optional claim.
func (a *Application) emits(claim string) bool {
	return a.OptionalClaims != nil && slices.ContainsFunc(a.OptionalClaims.AccessToken, func(c OptionalClaim) bool { return c.Name == claim })
}
