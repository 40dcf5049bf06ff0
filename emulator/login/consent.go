package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
)

// granted lists the delegated permissions of a resource that a client has for a
// user, sorted: those consented to for everybody or by the user, and those that
// the resource gave the client beforehand. What the resource no longer has, or
// has disabled, is not among them.
func (c *call) granted(cl client, user *directory.User, r resource) []string {
	var values []string
	add := func(value string) {
		if s, ok := r.scope(value); ok && !slices.Contains(values, s.Value) {
			values = append(values, s.Value)
		}
	}
	if cl.principal != nil {
		for _, grant := range c.GrantsOf(cl.principal.ID) {
			if grant.ResourceID == r.principal.ID && holdsFor(grant, user) {
				for _, value := range strings.Fields(grant.Scope) {
					add(value)
				}
			}
		}
	}
	if r.app != nil {
		for _, allowed := range r.app.API.PreAuthorizedApplications {
			if !equalID(allowed.AppID, cl.app.AppID) {
				continue
			}
			for _, s := range r.app.API.OAuth2PermissionScopes {
				if containsID(allowed.DelegatedPermissionIDs, s.ID) {
					add(s.Value)
				}
			}
		}
	}
	slices.SortFunc(values, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return values
}

func holdsFor(grant *directory.OAuth2PermissionGrant, user *directory.User) bool {
	return grant.ConsentType == "AllPrincipals" || grant.PrincipalID != nil && *grant.PrincipalID == user.ID
}

func containsID(ids []string, id string) bool {
	return slices.ContainsFunc(ids, func(other string) bool { return equalID(other, id) })
}

// consented holds a demand to what has been granted, and returns the granted
// permissions. A scope that the resource does not have is the client's mistake,
// one that nobody consented to is for the user or an administrator to mend.
func (c *call) consented(cl client, user *directory.User, d demand) ([]string, *Error) {
	granted := c.granted(cl, user, d.resource)
	for _, part := range d.parts {
		if part.isDefault() {
			own := equalID(d.resource.principal.AppID, cl.app.AppID)
			if len(granted) == 0 && !own {
				return nil, failure(65001, cl.app.AppID, cl.app.DisplayName)
			}
			continue
		}
		scope, exists := d.resource.scope(part.value)
		if !exists {
			return nil, failure(650053, cl.app.DisplayName, part.value, d.resource.principal.AppID)
		}
		if !slices.Contains(granted, scope.Value) {
			return nil, failure(65001, cl.app.AppID, cl.app.DisplayName)
		}
	}
	return granted, nil
}
