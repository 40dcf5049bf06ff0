package login

import (
	"iter"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// granted lists the delegated permissions of a resource that a client has for a
// user, sorted: permissions with admin consent or consent of the user, and
// permissions for which the resource pre-authorized the client. Permissions that
// the resource has deleted or disabled are not included.
func (c *tenantCall) granted(cl client, user *directory.User, r resource) []string {
	values := preauthorized(cl, r)
	if cl.principal != nil {
		for _, grant := range c.GrantsOf(cl.principal.ID) {
			if grant.ResourceID != r.principal.ID || !holdsFor(grant, user) {
				continue
			}
			for _, value := range strings.Fields(grant.Scope) {
				if s, ok := r.scope(value); ok && !slices.Contains(values, s.Value) {
					values = append(values, s.Value)
				}
			}
		}
	}
	slices.SortFunc(values, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return values
}

// preauthorized lists the delegated permissions for which a resource pre-authorized a
// client, so that no consent is needed.
func preauthorized(cl client, r resource) []string {
	if r.app == nil {
		return firstPartyPermissions(cl, r)
	}
	var values []string
	for _, allowed := range r.app.API.PreAuthorizedApplications {
		if !equalID(allowed.AppID, cl.app.AppID) {
			continue
		}
		for _, s := range r.app.API.OAuth2PermissionScopes {
			if s.IsEnabled && containsID(allowed.DelegatedPermissionIDs, s.ID) {
				values = append(values, s.Value)
			}
		}
	}
	return values
}

func holdsFor(grant *directory.OAuth2PermissionGrant, user *directory.User) bool {
	return grant.ConsentType == "AllPrincipals" || grant.PrincipalID != nil && *grant.PrincipalID == user.ID
}

func containsID(ids []string, id string) bool {
	return slices.ContainsFunc(ids, func(other string) bool { return equalID(other, id) })
}

// consented compares a demand with the grants and returns the granted permissions. A
// scope that the resource does not have is an error of the client. A scope without
// consent is an error that the user or an administrator can resolve.
func (c *tenantCall) consented(cl client, user *directory.User, d demand) ([]string, *Error) {
	granted := c.granted(cl, user, d.resource)
	lacking, err := c.lacking(cl, user, d)
	if err != nil && err.Code == 650057 { // at the token endpoint, consent is missing
		err = failure(65001, cl.app.AppID, cl.app.DisplayName)
	}
	if err == nil && (len(lacking) > 0 || cl.lacksPrincipal() || d.resource.absent) {
		err = failure(65001, cl.app.AppID, cl.app.DisplayName)
	}
	return granted, err
}

// permissions are permissions of one resource.
type permissions struct {
	resource resource
	scopes   []directory.PermissionScope // delegated
	roles    []directory.AppRole         // of applications, which only administrators grant
}

// lacking lists the permissions of a demand that are not granted. For a resource's
// .default, any grant is sufficient. Without a grant, the list contains all
// permissions in the client's registration, also of other resources, because Entra
// requests them together. If the registration does not contain the resource, its
// .default cannot be requested.
func (c *tenantCall) lacking(cl client, user *directory.User, d demand) ([]permissions, *Error) {
	granted := c.granted(cl, user, d.resource)
	missing := permissions{resource: d.resource}
	for _, part := range d.parts {
		if part.isDefault() {
			if len(granted) > 0 || equalID(d.resource.principal.AppID, cl.app.AppID) {
				return nil, nil
			}
			if err := unlisted(cl, d.resource); err != nil {
				return nil, err
			}
			required := c.without(c.required(cl), cl, user)
			if len(required) == 0 { // the registration requests no delegated permission of the resource
				return nil, failure(65001, cl.app.AppID, cl.app.DisplayName)
			}
			return required, nil
		}
		scope, exists := d.resource.scope(part.value)
		if !exists {
			return nil, failure(650053, cl.app.DisplayName, part.value, d.resource.principal.AppID)
		}
		if !slices.Contains(granted, scope.Value) {
			missing.scopes = append(missing.scopes, scope)
		}
	}
	if len(missing.scopes) == 0 {
		return nil, nil
	}
	return []permissions{missing}, nil
}

// unlisted refuses a resource that the client's registration does not request.
func unlisted(cl client, r resource) *Error {
	var listed []string
	for _, access := range cl.app.RequiredResourceAccess {
		if equalID(access.ResourceAppID, r.principal.AppID) {
			return nil
		}
		listed = append(listed, access.ResourceAppID)
	}
	return failure(650057, cl.app.AppID, cl.app.DisplayName, r.name, r.principal.AppID, strings.Join(listed, ", "))
}

// asked lists the permissions of a demand, including granted ones.
func (c *tenantCall) asked(cl client, d demand) []permissions {
	asked := permissions{resource: d.resource}
	for _, part := range d.parts {
		if part.isDefault() {
			return c.required(cl)
		}
		if scope, exists := d.resource.scope(part.value); exists {
			asked.scopes = append(asked.scopes, scope)
		}
	}
	return []permissions{asked}
}

// required lists the delegated permissions in a client's registration
// (requiredResourceAccess), of the resources that are in the tenant.
func (c *tenantCall) required(cl client) []permissions {
	var all []permissions
	for r, needs := range c.registeredNeeds(cl) {
		needed := permissions{resource: r}
		for _, s := range r.principal.OAuth2PermissionScopes {
			if s.IsEnabled && needs("Scope", s.ID) {
				needed.scopes = append(needed.scopes, s)
			}
		}
		all = append(all, needed)
	}
	return all
}

// registeredNeeds yields each resource of the tenant that a client's registration
// names (requiredResourceAccess), and whether it names a scope or role of it.
func (c *tenantCall) registeredNeeds(cl client) iter.Seq2[resource, func(kind, id string) bool] {
	return func(yield func(resource, func(kind, id string) bool) bool) {
		for _, access := range cl.app.RequiredResourceAccess {
			r, err := c.resource(cl, access.ResourceAppID)
			if err != nil {
				continue
			}
			needs := func(kind, id string) bool {
				return slices.ContainsFunc(access.ResourceAccess, func(a directory.ResourceAccess) bool {
					return a.Type == kind && equalID(a.ID, id)
				})
			}
			if !yield(r, needs) {
				return
			}
		}
	}
}

// without removes granted permissions.
func (c *tenantCall) without(all []permissions, cl client, user *directory.User) []permissions {
	var left []permissions
	for _, p := range all {
		granted := c.granted(cl, user, p.resource)
		p.scopes = slices.DeleteFunc(slices.Clone(p.scopes), func(s directory.PermissionScope) bool {
			return slices.Contains(granted, s.Value)
		})
		if len(p.scopes) > 0 {
			left = append(left, p)
		}
	}
	return left
}

// join adds permissions to others, each once.
func join(all, more []permissions) []permissions {
	for _, p := range more {
		i := slices.IndexFunc(all, func(q permissions) bool { return q.resource.principal.ID == p.resource.principal.ID })
		if i < 0 {
			all = append(all, permissions{resource: p.resource})
			i = len(all) - 1
		}
		for _, s := range p.scopes {
			if !slices.ContainsFunc(all[i].scopes, func(t directory.PermissionScope) bool { return t.Value == s.Value }) {
				all[i].scopes = append(all[i].scopes, s)
			}
		}
		all[i].roles = append(all[i].roles, p.roles...)
	}
	return all
}
