package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
)

// userName returns the readable name of a user in tokens: the user principal name, or the
// invited address of a guest.
func userName(user *directory.User) string {
	if isGuest(user) && user.Mail != nil {
		return *user.Mail
	}
	return user.UserPrincipalName
}

// isGuest reports whether a user signs in with an account of another tenant.
func isGuest(user *directory.User) bool { return user.Home != directory.HomeAccount{} }

// addGuest adds the claims of a user who signs in with an account of another tenant.
// Sources: learn.microsoft.com/entra/identity-platform/access-token-claims-reference
// (idp), optional-claims-reference (email).
func (c *tenantCall) addGuest(token claims, user *directory.User) {
	if isGuest(user) {
		token["idp"] = c.issuerV1(user.Home.TenantID)
		setText(token, "email", user.Mail)
	}
}

// principalName returns the upn claim. A guest's user principal name is only in the claim
// if the registration asks for it, with or without the hashes.
func principalName(user *directory.User, asked directory.OptionalClaim) (string, bool) {
	switch {
	case !isGuest(user):
		return user.UserPrincipalName, true
	case slices.Contains(asked.AdditionalProperties, "include_externally_authenticated_upn"):
		return user.UserPrincipalName, true
	case slices.Contains(asked.AdditionalProperties, "include_externally_authenticated_upn_without_hash"):
		return strings.ReplaceAll(user.UserPrincipalName, "#", "_"), true
	}
	return "", false
}
