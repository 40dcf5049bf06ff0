package stack

import "regexp"

// graphNames are properties of Microsoft Graph, of the portal's manifest and of the
// azuread provider that manifests have at another place or under another name. Source:
// learn.microsoft.com/entra/identity-platform/reference-app-manifest.
var graphNames = map[string]string{
	"passwordCredentials":            "secrets",
	"keyCredentials":                 "certificates",
	"federatedIdentityCredentials":   "federatedCredentials",
	"requiredResourceAccess":         "permissions",
	"single_page_application":        "spa",
	"public_client":                  "publicClient",
	"implicit_grant":                 "web.implicitGrantSettings",
	"fallback_public_client_enabled": "isFallbackPublicClient",
	"feature_tags":                   "tags",
	"password":                       "secrets",
	"app_role":                       "appRoles",
	"required_resource_access":       "permissions",
	"appRoleAssignments":             "roleAssignments",
	"appRoleAssignedTo":              "roleAssignments",
	"oauth2Permissions":              "api.oauth2PermissionScopes",
	"oauth2PermissionScopes":         "api.oauth2PermissionScopes",
	"preAuthorizedApplications":      "api.preAuthorizedApplications",
	"knownClientApplications":        "api.knownClientApplications",
	"requestedAccessTokenVersion":    "api.requestedAccessTokenVersion",
	"accessTokenAcceptedVersion":     "api.requestedAccessTokenVersion",
	"availableToOtherTenants":        "signInAudience",
	"allowPublicClient":              "isFallbackPublicClient",
	"replyUrls":                      "web.redirectUris",
	"replyUrlsWithType":              "web.redirectUris, spa.redirectUris or publicClient.redirectUris",
	"redirectUris":                   "web.redirectUris, spa.redirectUris or publicClient.redirectUris",
	"logoutUrl":                      "web.logoutUrl",
	"homePageUrl":                    "web.homePageUrl",
	"homepage":                       "web.homePageUrl",
	"oauth2AllowImplicitFlow":        "web.implicitGrantSettings.enableAccessTokenIssuance",
	"oauth2AllowIdTokenImplicitFlow": "web.implicitGrantSettings.enableIdTokenIssuance",
	"appRoleAssignmentRequired":      "servicePrincipal.appRoleAssignmentRequired",
	"accountEnabled":                 "servicePrincipal.accountEnabled",
}

// requirementNames are names that a requirement is often expected to have.
var requirementNames = map[string]string{
	"role": "anyRole or allRoles", "roles": "anyRole or allRoles", "appRoles": "anyRole or allRoles", "anyRoles": "anyRole",
	"scope": "scopes or anyScope", "scp": "scopes or anyScope", "permissions": "scopes, anyScope, anyRole or allRoles",
	"allScopes": "scopes", "anyGroup": "groups",
}

// ofRequirement matches the place of a requirement of a Conformance document.
var ofRequirement = regexp.MustCompile(`\.requires(\[\d+\])?$`)

// otherName is the field that a manifest has instead of name, or "". where is the place of the field.
func (d *document) otherName(where, name string) string {
	switch {
	case d.kind == "Application" && where == "spec":
		return graphNames[name]
	case ofRequirement.MatchString(where):
		return requirementNames[name]
	}
	return ""
}
