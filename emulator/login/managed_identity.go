package login

import (
	"net/url"
	"time"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// managedIdentityLifetime is how long a managed identity's token is good: Azure
// keeps them for a day.
const managedIdentityLifetime = 24 * time.Hour

// tokenExchange is the appId of api://AzureADTokenExchange. Tokens for it are
// federated credentials: version 2, with this audience.
const tokenExchange = "fb60f99c-7a34-4190-8149-302f77469936"

func exchangeResource() resource {
	principal, _ := directory.FirstParty(tokenExchange)
	two := 2
	return resource{principal: principal, app: &directory.Application{AppID: tokenExchange, API: directory.APIApplication{RequestedAccessTokenVersion: &two}}}
}

// ManagedIdentityToken makes the access token that Azure's identity endpoint
// hands to a managed identity, for the resource of a name, with every role that
// was assigned to it there. Public tells under whose names: those of the cloud that the
// resource's name belongs to, else of the public cloud, or the local tenant's. The error
// is an *Error where Entra would refuse.
func (l *Login) ManagedIdentityToken(d *directory.Directory, identity *directory.ServicePrincipal, resource string, public bool) (token string, expires time.Time, err error) {
	host := ""
	if public {
		of := microsoft.Clouds[0]
		if u, err := url.Parse(resource); err == nil {
			if named, found := microsoft.CloudOf(u.Host); found {
				of = named
			}
		}
		host = of.Login[0]
	}
	tenant := d.Tenant()
	c := &call{
		Login: l, View: d.View(), version: v1, now: l.clock(),
		authority: authority{names: l.namesUnder(host), directory: d, tenant: tenant, alias: tenant.ID, tenantKnown: true},
	}
	cl := client{
		app:       &directory.Application{AppID: identity.AppID, DisplayName: identity.DisplayName},
		principal: identity, assurance: clientSigned,
	}
	if known, ok := microsoft.FindResource(resource); ok && known.AppID == tokenExchange {
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
