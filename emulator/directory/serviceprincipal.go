package directory

import (
	"net/http"
	"slices"
	"strings"
)

// DefaultRole is the appRoleId of an assignment to a resource without roles.
const DefaultRole = "00000000-0000-0000-0000-000000000000"

// CreateServicePrincipal creates the service principal of the application sp.AppID: an
// application of this tenant, a multi-tenant application of another tenant, or an
// application of Microsoft. Properties that mirror the application are not taken from
// sp.
func (tx *Tx) CreateServicePrincipal(sp *ServicePrincipal) (*ServicePrincipal, error) {
	app, owner, ok := tx.registration(sp.AppID)
	if theirs, found := FirstParty(sp.AppID); !ok && found {
		return tx.CreateForeignServicePrincipal(theirs.with(sp))
	}
	if !ok || !tx.Visible(app.ID) {
		return nil, &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Target: "appId",
			Message: "The appId '" + sp.AppID + "' of the service principal does not reference a valid application object."}
	}
	if _, taken := tx.ServicePrincipalByAppID(sp.AppID); taken {
		return nil, principalNameTaken(app.AppID)
	}
	sp = sp.Clone()
	sp.ID, sp.AppID = newID(), app.AppID
	sp.CreatedDateTime, sp.DeletedDateTime = tx.now, nil
	sp.OwnTags = sp.Tags
	sp.ServicePrincipalType = "Application"
	if err := checkServicePrincipal(nil, sp); err != nil {
		return nil, err
	}
	sp = mirror(sp, app, owner)
	for _, name := range sp.ServicePrincipalNames {
		if _, taken := tx.ServicePrincipalByName(name); taken { // mirrored from an application of this tenant
			return nil, principalNameTaken(name)
		}
	}
	tx.put(servicePrincipals, sp)
	return sp, nil
}

// UpdateServicePrincipal stores a changed Clone of a live service principal.
// Read-only properties, and properties that mirror the application, keep their values.
func (tx *Tx) UpdateServicePrincipal(sp *ServicePrincipal) error {
	old, ok := tx.ServicePrincipal(sp.ID)
	if !ok {
		return NotFound(sp.ID)
	}
	sp = sp.Clone()
	sp.AppID, sp.CreatedDateTime, sp.DeletedDateTime = old.AppID, old.CreatedDateTime, nil
	sp.OwnerIDs = old.OwnerIDs
	var err error
	if sp.PasswordCredentials, err = keptPasswords(old.PasswordCredentials, sp.PasswordCredentials); err != nil {
		return err
	}
	if err := checkServicePrincipal(old.KeyCredentials, sp); err != nil {
		return err
	}
	if err := tx.restrictionsOf(sp.ID, true).checkNewKeys(sp.CreatedDateTime, old.KeyCredentials, sp.KeyCredentials); err != nil {
		return err
	}
	if app, owner, ok := tx.registration(sp.AppID); ok {
		sp.OwnTags = slices.DeleteFunc(slices.Clone(sp.Tags), func(tag string) bool {
			return slices.Contains(app.Tags, tag) && !slices.Contains(old.OwnTags, tag)
		})
		sp = mirror(sp, app, owner)
	} else {
		sp.AppRoles, sp.OAuth2PermissionScopes = old.AppRoles, old.OAuth2PermissionScopes
		sp.DisplayName, sp.AppDisplayName, sp.ServicePrincipalNames = old.DisplayName, old.AppDisplayName, old.ServicePrincipalNames
	}
	tx.put(servicePrincipals, sp)
	return nil
}

func principalNameTaken(name string) *Error {
	return &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue", Target: "appId",
		Message: "The service principal cannot be created, updated, or restored because the service principal name " + name + " is already in use."}
}

// checkServicePrincipal checks a service principal against Entra's rules. keys are its
// previous certificates.
func checkServicePrincipal(keys []KeyCredential, sp *ServicePrincipal) error {
	for _, tag := range sp.Tags {
		if tag == "" || len(tag) > 256 {
			return invalidValue("ServicePrincipal", "tags", "A tag must have 1 to 256 characters.")
		}
	}
	if hasDuplicates(sp.Tags, exact) {
		return duplicateValues("tags")
	}
	modes := []string{"", "notSupported", "oidc", "password", "saml"}
	if !slices.Contains(modes, text(sp.PreferredSSOMode)) {
		return invalidValue("ServicePrincipal", "preferredSingleSignOnMode", "It must be one of "+strings.Join(modes[1:], ", ")+".")
	}
	return checkKeys(keys, sp.KeyCredentials)
}

// mirror returns sp with the properties that a service principal mirrors from its
// application, which is registered in tenant. It changes neither. Nobody changes them
// later, so the result shares the lists of the application.
func mirror(old *ServicePrincipal, app *Application, tenant Tenant) *ServicePrincipal {
	shallow := *old
	sp := &shallow
	sp.DisplayName, sp.AppDisplayName, sp.AppDescription = app.DisplayName, app.DisplayName, app.Description
	sp.AppOwnerOrganizationID = &tenant.ID
	sp.AppRoles, sp.OAuth2PermissionScopes = app.AppRoles, app.API.OAuth2PermissionScopes
	sp.ServicePrincipalNames = append([]string{app.AppID}, app.IdentifierUris...)
	sp.ReplyUrls = slices.Concat(app.Web.RedirectURIs, app.SPA.RedirectURIs, app.PublicClient.RedirectURIs)
	sp.Homepage, sp.LogoutURL = app.Web.HomePageURL, app.Web.LogoutURL
	sp.Info = app.Info
	sp.SignInAudience = &app.SignInAudience
	sp.Tags = slices.Clone(sp.OwnTags)
	for _, tag := range app.Tags {
		if !slices.Contains(sp.Tags, tag) {
			sp.Tags = append(sp.Tags, tag)
		}
	}
	return sp
}
