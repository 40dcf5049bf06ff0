package login

import (
	"slices"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// firstPartyClient is a program of Microsoft that signs users in to any tenant without
// being registered there. Microsoft's own resources pre-authorize it.
type firstPartyClient struct {
	appID, name string
	graph       []string // delegated permissions of Microsoft Graph
	management  bool     // user_impersonation of Azure Resource Manager, Key Vault, Storage and DevOps
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

// firstPartyRedirects are the redirect URIs of these programs.
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

// firstPartyApplication returns such a program in the form of a registration.
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

// firstPartyResource finds a resource of Microsoft by the name that a client uses.
// Every such resource needs a service principal in the tenant, except Azure Resource
// Manager: the Azure CLI requests tokens for it first, so it is available before its
// service principal exists.
func (c *tenantCall) firstPartyResource(name string) (*directory.ServicePrincipal, bool) {
	known, found := c.cloud.FindResource(name)
	if !found {
		return nil, false
	}
	if principal, here := c.ServicePrincipalByAppID(known.AppID); here {
		return principal, true
	}
	if known.AppID != managementAppID {
		return nil, false
	}
	return directory.FirstParty(known.AppID)
}

// firstPartyPermissions returns the permissions for which Microsoft's own resources
// pre-authorize its programs.
func firstPartyPermissions(cl client, r resource) []string {
	known, found := findFirstParty(cl.app.AppID)
	switch {
	case !found:
		return nil
	case r.isGraph():
		return slices.Clone(known.graph)
	case known.management:
		_, theirs := microsoft.Find(r.principal.AppID)
		if _, offered := r.scope(impersonation); theirs && offered {
			return []string{impersonation}
		}
	}
	return nil
}

// principalOf finds the service principal of an application in the tenant. If there is
// none, it creates one from a registration in this process, or from the list of
// Microsoft's applications.
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
	return tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: appID, AccountEnabled: true})
}
