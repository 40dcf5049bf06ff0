package directory

// Entra's documented limits.
// Sources: learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions
// and learn.microsoft.com/entra/identity-platform/supported-accounts-validation.
const (
	maxManifestEntries      = 1200 // in all collections of one application
	maxPermissions          = 700  // roles and scopes of one application
	maxRedirectURIs         = 256
	maxRedirectURILength    = 256
	maxIdentifierURIs       = 1000
	maxIdentifierLength     = 255
	maxRequiredResources    = 50
	maxRequiredAccess       = 400 // permissions in requiredResourceAccess
	maxOwners               = 100
	maxEntitlementLength    = 120 // characters in the value of a scope or a role
	maxFederatedCredentials = 20
	maxFederatedText        = 600  // characters in an issuer, a subject, an audience or a description
	maxScopeLength          = 3850 // characters in the scope of a consent grant

	// The smaller limits of an application that admits personal accounts.
	maxPersonalRedirectURIs      = 100
	maxPersonalIdentifierURIs    = 50
	maxPersonalRequiredResources = 30
	maxPersonalScopes            = 40
)

// manifestEntries counts the entries that the limit on a manifest's size counts.
func manifestEntries(app *Application) int {
	n := len(app.AppRoles) + len(app.API.OAuth2PermissionScopes) + len(app.IdentifierUris) + len(app.Tags) +
		len(app.KeyCredentials) + len(app.PasswordCredentials) + len(app.API.KnownClientApplications) +
		len(app.Web.RedirectURIs) + len(app.SPA.RedirectURIs) + len(app.PublicClient.RedirectURIs)
	for _, r := range app.RequiredResourceAccess {
		n += 1 + len(r.ResourceAccess)
	}
	for _, p := range app.API.PreAuthorizedApplications {
		n += 1 + len(p.DelegatedPermissionIDs)
	}
	return n
}
