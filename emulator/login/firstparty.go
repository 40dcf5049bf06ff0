package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
)

// firstPartyClient is a program of Microsoft's that signs users in to any tenant
// without being registered there. Microsoft's own resources give it permissions
// beforehand.
type firstPartyClient struct {
	appID, name string
	graph       []string // delegated permissions of Microsoft Graph
	management  bool     // user_impersonation of Azure Resource Manager
}

// Source: learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in,
// and the scp claims of the tokens that these programs get.
var firstPartyClients = []firstPartyClient{
	{
		appID: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Microsoft Azure CLI", management: true,
		graph: []string{
			"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "AuditLog.Read.All", "DelegatedPermissionGrant.ReadWrite.All",
			"Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.Read.All", "User.ReadWrite.All",
		},
	},
	{
		appID: "1950a258-227b-4e31-a9cf-717495945fc2", name: "Microsoft Azure PowerShell", management: true,
		graph: []string{"AuditLog.Read.All", "Directory.AccessAsUser.All"},
	},
	{appID: invitationPortal, name: "Microsoft Invitation Acceptance Portal"},
	{appID: "14d82eec-204b-4c2f-b7e8-296a70dab67e", name: "Microsoft Graph Command Line Tools"},
}

// firstPartyRedirects are where these programs take their answers.
var firstPartyRedirects = []string{
	"http://localhost", "https://login.microsoftonline.com/common/oauth2/nativeclient", "urn:ietf:wg:oauth:2.0:oob",
}

func findFirstParty(appID string) (firstPartyClient, bool) {
	for _, known := range firstPartyClients {
		if equalID(known.appID, appID) {
			return known, true
		}
	}
	return firstPartyClient{}, false
}

// firstPartyApplication is such a program as a registration.
func firstPartyApplication(appID string) (*directory.Application, bool) {
	known, found := findFirstParty(appID)
	if !found {
		return nil, false
	}
	public := true
	return &directory.Application{
		AppID: known.appID, DisplayName: known.name, PublisherDomain: "microsoft.com", SignInAudience: "AzureADMultipleOrgs",
		IsFallbackPublicClient: &public, PublicClient: directory.RedirectURIs{RedirectURIs: slices.Clone(firstPartyRedirects)},
	}, true
}

const (
	managementAppID = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	impersonation   = "user_impersonation"
)

// managementResource is Azure Resource Manager, which the Azure CLI asks for
// tokens first of all. It stands here until consent to it, or somebody else,
// makes its service principal in the tenant.
func managementResource(name string) (*directory.ServicePrincipal, bool) {
	names := []string{
		managementAppID, "https://management.azure.com", "https://management.azure.com/",
		"https://management.core.windows.net", "https://management.core.windows.net/",
	}
	if !slices.ContainsFunc(names, func(own string) bool { return strings.EqualFold(own, name) }) {
		return nil, false
	}
	title, description := "Access Azure Resource Manager as organization users", "Allows the application to access Azure Resource Manager as you"
	return &directory.ServicePrincipal{
		ID: managementAppID, AppID: managementAppID, AccountEnabled: true,
		DisplayName: "Windows Azure Service Management API", AppDisplayName: "Windows Azure Service Management API",
		ServicePrincipalNames: names,
		OAuth2PermissionScopes: []directory.PermissionScope{{
			ID: "41094075-9dad-400e-a0bd-54e686782033", Value: impersonation, Type: "User", IsEnabled: true,
			AdminConsentDisplayName: &title, AdminConsentDescription: &description,
			UserConsentDisplayName: &title, UserConsentDescription: &description,
		}},
	}, true
}

// firstPartyPermissions are what Microsoft's own resources give its programs
// beforehand.
func firstPartyPermissions(cl client, r resource) []string {
	known, found := findFirstParty(cl.app.AppID)
	switch {
	case !found:
		return nil
	case r.isGraph():
		return slices.Clone(known.graph)
	case r.principal.AppID == managementAppID && known.management:
		return []string{impersonation}
	}
	return nil
}

// principalOf finds the service principal of an application in the tenant, or
// makes it: that of a registration here, else of one of Microsoft's.
func principalOf(tx *directory.Tx, appID string) (*directory.ServicePrincipal, error) {
	if found, ok := tx.ServicePrincipalByAppID(appID); ok {
		return found, nil
	}
	if app, ok := firstPartyApplication(appID); ok {
		return tx.CreateForeignServicePrincipal(&directory.ServicePrincipal{
			AppID: app.AppID, DisplayName: app.DisplayName, AppDisplayName: app.DisplayName, AccountEnabled: true,
			ServicePrincipalNames: []string{app.AppID}, ReplyUrls: app.PublicClient.RedirectURIs,
		})
	}
	if sp, ok := managementResource(appID); ok {
		return tx.CreateForeignServicePrincipal(sp)
	}
	return tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: appID, AccountEnabled: true})
}
