package directory

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// checkIdentifierURIs checks the form of identifier URIs, that no other application
// has them (also in the recycle bin), and that new URIs follow the tenant's policy.
// Source: learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions.
func (tx *Tx) checkIdentifierURIs(old, app *Application) error {
	const property = "identifierUris"
	limit := maxIdentifierURIs
	if personal(app) {
		limit = maxPersonalIdentifierURIs
	}
	if len(app.IdentifierUris) > limit {
		return tooMany(property, limit)
	}
	if hasDuplicates(app.IdentifierUris, strings.ToLower) {
		return duplicateValues(property)
	}
	for _, uri := range app.IdentifierUris {
		if err := checkIdentifierForm(uri); err != nil {
			return err
		}
		for holder := range each[Application](tx.reader, applications, "identifierUri", uri) {
			if holder.ID != app.ID {
				return takenValue(property)
			}
		}
		if sp, taken := tx.ServicePrincipalByName(uri); taken && sp.AppID != app.AppID { // https://graph.microsoft.com
			return takenValue(property)
		}
		// A URI that was exempt from the policy must follow it when the application
		// returns to v1 tokens.
		isNew := old == nil || !slices.Contains(old.IdentifierUris, uri) || v2Tokens(old) && !v2Tokens(app)
		if isNew && !tx.allowsIdentifier(app, uri) {
			return &Error{Status: http.StatusBadRequest, Code: "HostNameNotOnVerifiedDomain", Target: property,
				Message: fmt.Sprintf("Failed to add identifier URI %s. All newly added URIs must contain a tenant verified domain, "+
					"tenant ID, or app ID, as per the default tenant policy of your organization. "+
					"See https://aka.ms/identifier-uri-addition-error for more information on this error.", uri)}
		}
	}
	return nil
}

func checkIdentifierForm(uri string) error {
	invalid := func(why string) error { return invalidValue("Application", "identifierUris", "'"+uri+"': "+why) }
	parsed, err := url.Parse(uri)
	switch {
	case err != nil || parsed.Scheme == "" || parsed.Host == "" && parsed.Opaque == "" && parsed.Path == "":
		return invalid("It must be an absolute URI.")
	case len(uri) > maxIdentifierLength:
		return invalid("It must not be longer than 255 characters.")
	case strings.ContainsAny(uri, "* #"):
		return invalid("It must not contain a wildcard, space or fragment.")
	case parsed.Scheme == "api" && parsed.Host == "":
		return invalid("Something must follow api://.")
	}
	return nil
}

// allowsIdentifier applies the tenant's policy for new identifier URIs: they must
// contain a part that is unique to this tenant. Applications with v2 tokens are exempt,
// because the audience of these tokens is the appId, and applications for SAML. Source:
// learn.microsoft.com/graph/api/resources/identifieruriconfiguration
// (uriAdditionWithoutUniqueTenantIdentifier).
func (tx *Tx) allowsIdentifier(app *Application, uri string) bool {
	if v2Tokens(app) || tx.forSAML(app) {
		return true
	}
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Host == "" {
		return false
	}
	host, domain := strings.ToLower(parsed.Hostname()), strings.ToLower(tx.tenant.Domain)
	switch parsed.Scheme {
	case "api", "http", "https":
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	own := func(part string) bool { return same(part, app.AppID) || same(part, tx.tenant.ID) }
	return parsed.Scheme == "api" && own(host) || slices.ContainsFunc(strings.Split(parsed.Path, "/"), own)
}

func v2Tokens(app *Application) bool {
	v := app.API.RequestedAccessTokenVersion
	return v != nil && *v == 2
}

// forSAML reports whether users sign in to the application with SAML, which is a
// property of its service principal.
func (tx *Tx) forSAML(app *Application) bool {
	sp, ok := tx.ServicePrincipalByAppID(app.AppID)
	return ok && text(sp.PreferredSSOMode) == "saml"
}
