package login

import (
	"time"

	"provision/emulator/directory"
)

// managedIdentityLifetime is the lifetime of a managed identity's token: Azure caches
// these tokens for a day.
const managedIdentityLifetime = 24 * time.Hour

// tokenExchange is the appId of api://AzureADTokenExchange. Tokens for it are
// federated credentials: version 2, with this audience.
const tokenExchange = "fb60f99c-7a34-4190-8149-302f77469936"

func exchangeResource() resource {
	principal, _ := directory.FirstParty(tokenExchange)
	two := 2
	return resource{principal: principal, app: &directory.Application{AppID: tokenExchange, API: directory.APIApplication{RequestedAccessTokenVersion: &two}}}
}

// ManagedIdentityToken issues the access token that Azure's identity endpoint returns
// to a managed identity, for the named resource, with every role of this resource that
// is assigned to it. The host determines the names in the token: the names of its
// cloud, or of the local tenant. If Entra would refuse the request, the error is an
// *Error.
func (l *Login) ManagedIdentityToken(d *directory.Directory, identity *directory.ServicePrincipal, resource, host string) (token string, expires time.Time, err error) {
	c := (&call{
		Login: l, version: v1, now: l.clock(),
		authority: authority{names: l.namesUnder(host), alias: d.Tenant().ID},
	}).in(d)
	cl := client{
		app:       &directory.Application{AppID: identity.AppID, DisplayName: identity.DisplayName},
		principal: identity, assurance: clientSigned,
	}
	if known, ok := c.cloud.FindResource(resource); ok && known.AppID == tokenExchange {
		token, err = c.accessToken(issuance{client: cl, resource: exchangeResource()}, managedIdentityLifetime)
		return token, c.now.Add(managedIdentityLifetime), err
	}
	target, refused := c.resource(cl, resource)
	if refused != nil {
		return "", time.Time{}, refused
	}
	if target.principal.AppRoleAssignmentRequired && len(c.assignments(target.principal.ID, identity.ID, false)) == 0 {
		return "", time.Time{}, failure(501051, cl.app.AppID, cl.app.DisplayName, target.principal.AppID, target.principal.DisplayName)
	}
	token, err = c.accessToken(issuance{client: cl, resource: target}, managedIdentityLifetime)
	return token, c.now.Add(managedIdentityLifetime), err
}
