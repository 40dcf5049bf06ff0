package directory

import (
	"provision/internal/microsoft"
)

// FirstParty returns the service principal that one of Microsoft's own
// applications would have in a tenant, with its permissions. It is not stored:
// its object id is its appId.
func FirstParty(appID string) (*ServicePrincipal, bool) {
	app, ok := microsoft.Find(appID)
	if !ok {
		return nil, false
	}
	audience := "AzureADMultipleOrgs"
	sp := &ServicePrincipal{
		ID: app.AppID, AppID: app.AppID, AccountEnabled: true, DisplayName: app.Name, AppDisplayName: app.Name,
		ServicePrincipalNames: append([]string{app.AppID}, app.Names...), SignInAudience: &audience,
	}
	for _, p := range app.Scopes {
		consent := "User"
		if p.Admin {
			consent = "Admin"
		}
		sp.OAuth2PermissionScopes = append(sp.OAuth2PermissionScopes, PermissionScope{
			ID: p.ID, Value: p.Value, Type: consent, IsEnabled: true,
			AdminConsentDisplayName: &p.Title, AdminConsentDescription: &p.Title,
			UserConsentDisplayName: &p.Title, UserConsentDescription: &p.Title,
		})
	}
	for _, p := range app.Roles {
		sp.AppRoles = append(sp.AppRoles, AppRole{
			ID: p.ID, Value: &p.Value, DisplayName: &p.Title, Description: &p.Title,
			AllowedMemberTypes: []string{"Application"}, IsEnabled: true, Origin: "Application",
		})
	}
	return sp, true
}

// with returns asked with the properties that sp mirrors from the application. All
// other properties belong to the tenant of asked.
func (sp *ServicePrincipal) with(asked *ServicePrincipal) *ServicePrincipal {
	made := asked.Clone()
	made.AppID, made.DisplayName, made.AppDisplayName = sp.AppID, sp.DisplayName, sp.AppDisplayName
	made.ServicePrincipalNames, made.SignInAudience, made.ReplyUrls = sp.ServicePrincipalNames, sp.SignInAudience, sp.ReplyUrls
	made.AppRoles, made.OAuth2PermissionScopes = sp.AppRoles, sp.OAuth2PermissionScopes
	made.OwnTags = made.Tags
	return made
}

// CreateForeignServicePrincipal creates the service principal of an application that
// is registered in no tenant of this process, as consent to a Microsoft application
// does. There is no registration to mirror, so the names, scopes and roles come from
// sp and do not change.
func (tx *Tx) CreateForeignServicePrincipal(sp *ServicePrincipal) (*ServicePrincipal, error) {
	if _, taken := tx.ServicePrincipalByAppID(sp.AppID); taken {
		return nil, principalNameTaken(sp.AppID)
	}
	sp = sp.Clone()
	sp.ID, sp.CreatedDateTime, sp.DeletedDateTime = newID(), tx.now, nil
	sp.ServicePrincipalType = "Application"
	owner := microsoftTenantID
	sp.AppOwnerOrganizationID = &owner
	if err := checkServicePrincipal(nil, sp); err != nil {
		return nil, err
	}
	tx.put(servicePrincipals, sp)
	return sp, nil
}
