package login

import (
	"slices"

	"provision/emulator/directory"
)

// consentRight states which permissions a user may consent to.
type consentRight int

const (
	ownConsent   consentRight = iota // only for themselves, and only permissions that need no administrator
	mostConsent                      // for everybody, all permissions except Microsoft Graph's application permissions
	everyConsent                     // for everybody, all permissions
)

// consentRoles are the built-in directory roles that may consent for everybody.
// Source: learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent.
var consentRoles = map[string]consentRight{
	directory.GlobalAdministrator:          everyConsent,
	"e8611ab8-c189-46e8-94e1-60213ab1f814": everyConsent, // Privileged Role Administrator
	"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": mostConsent,  // Application Administrator
	"158c047a-c907-4556-b7ef-446551a6b5f7": mostConsent,  // Cloud Application Administrator
}

// consentRight returns which permissions a user may consent to, according to their
// current directory roles.
func (c *tenantCall) consentRight(user *directory.User) consentRight {
	right := ownConsent
	for _, role := range c.DirectoryRolesOf(user.ID) {
		right = max(right, consentRoles[role])
	}
	return right
}

// needs returns the right that is required to grant permissions of one resource.
func (p permissions) needs() consentRight {
	switch {
	case len(p.roles) > 0 && p.resource.isGraph():
		return everyConsent
	case len(p.roles) > 0, slices.ContainsFunc(p.scopes, func(s directory.PermissionScope) bool { return s.Type == "Admin" }):
		return mostConsent
	}
	return ownConsent
}

// requiredRoles lists the application permissions in a client's registration, of the
// resources that are in the tenant.
func (c *tenantCall) requiredRoles(cl client) []permissions {
	var all []permissions
	for r, needs := range c.registeredNeeds(cl) {
		needed := permissions{resource: r}
		for _, role := range r.principal.AppRoles {
			if role.IsEnabled && needs("Role", role.ID) {
				needed.roles = append(needed.roles, role)
			}
		}
		if len(needed.roles) > 0 {
			all = append(all, needed)
		}
	}
	return all
}

// The values of wids that every token for Microsoft's own APIs contains in addition to
// the roles. Source: the wids claims of such tokens.
const (
	memberWID      = "b79fbf4d-3ef9-4689-8143-76b194e85509"
	guestWID       = "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"
	applicationWID = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
)

// addDirectoryRoles adds the wids claim: the template ids of the directory roles that a
// user has in the whole tenant, and a value for members or guests. A registration
// requests it with groupMembershipClaims; tokens for Microsoft's own APIs always
// contain it. Source:
// learn.microsoft.com/entra/identity-platform/access-token-claims-reference#payload-claims.
func (c *tenantCall) addDirectoryRoles(token claims, user *directory.User, app *directory.Application) {
	if app != nil && !asksForGroups(app, "DirectoryRole") && !asksForGroups(app, "All") {
		return
	}
	wids := c.DirectoryRolesOf(user.ID)
	slices.Sort(wids)
	kind := memberWID
	if isGuest(user) {
		kind = guestWID
	}
	token["wids"] = append(wids, kind)
}
