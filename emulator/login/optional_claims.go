package login

import (
	"slices"

	"provision/emulator/directory"
)

// addOptional adds the optional claims that a registration requests to a user's token.
// It leaves out claims that have no value for the user, and ignores unknown claims, as
// Entra does.
// Source: learn.microsoft.com/entra/identity-platform/optional-claims-reference.
func (c *tenantCall) addOptional(token claims, i issuance, asked []directory.OptionalClaim) {
	user := i.user
	for _, claim := range asked {
		switch claim.Name {
		case "upn":
			if name, told := principalName(user, claim); told {
				token["upn"] = name
			}
		case "preferred_username":
			token["preferred_username"] = userName(user)
		case "email":
			setText(token, "email", user.Mail)
		case "verified_primary_email":
			if user.Mail != nil && *user.Mail != "" {
				token["verified_primary_email"] = []string{*user.Mail}
			}
		case "acct":
			token["acct"] = acct(user)
		case "family_name":
			setText(token, "family_name", user.Surname)
		case "given_name":
			setText(token, "given_name", user.GivenName)
		case "ctry":
			setText(token, "ctry", user.UsageLocation)
		case "xms_pl":
			setText(token, "xms_pl", user.PreferredLanguage)
		case "login_hint":
			token["login_hint"] = loginHint(i.session)
		case "sid":
			token["sid"] = i.session.ID
		case "auth_time":
			token["auth_time"] = i.session.SignedIn.Unix()
		case "ipaddr":
			token["ipaddr"] = i.ipaddr
		case "tenant_region_scope":
			token["tenant_region_scope"] = "WW"
		case "idtyp":
			if slices.Contains(claim.AdditionalProperties, "include_user_token") {
				token["idtyp"] = "user"
			}
		}
	}
}

// acct returns the acct claim: 0 for a member of the tenant, 1 for a guest.
func acct(user *directory.User) int {
	if user.UserType == "Guest" {
		return 1
	}
	return 0
}
