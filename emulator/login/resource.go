package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// resource is the API that a token is for.
type resource struct {
	principal *directory.ServicePrincipal
	app       *directory.Application // nil if no tenant here contains it, such as Microsoft Graph
	name      string                 // the client's name for the resource, in the spelling of the registration
	absent    bool                   // the tenant has no service principal of it yet, and consent creates it
}

// resource finds the API that a client requests by name. The name of an API in another
// cloud is unknown.
func (c *tenantCall) resource(cl client, name string) (resource, *Error) {
	if of, found := microsoft.CloudOfResource(name); found && of.Login[0] != c.cloud.Login[0] {
		return resource{}, failure(500011, name, c.tenant.DisplayName)
	}
	canonical := name
	lookup := name
	for _, alias := range c.graphNames() {
		if equalID(alias, name) {
			canonical, lookup = alias, directory.MicrosoftGraphAppID
		}
	}
	principal, found := c.ServicePrincipalByName(lookup)
	if !found {
		principal, found = c.firstPartyResource(lookup)
	}
	absent := !found
	if absent {
		var err *Error
		if principal, err = c.foreignResource(cl, lookup); err != nil {
			return resource{}, err
		}
	}
	if !principal.AccountEnabled {
		return resource{}, failure(500014, name)
	}
	for _, own := range principal.ServicePrincipalNames {
		if equalID(own, name) {
			canonical = own
		}
	}
	app, _, _ := c.tenants.Application(principal.AppID)
	return resource{principal: principal, app: app, name: canonical, absent: absent}, nil
}

// foreignResource finds a multi-tenant API of another tenant that has no service
// principal in this tenant. Only consent to a client that the API lists as a known
// client creates the service principal. Source:
// learn.microsoft.com/entra/identity-platform/howto-convert-app-to-be-multi-tenant.
func (c *tenantCall) foreignResource(cl client, name string) (*directory.ServicePrincipal, *Error) {
	for _, d := range c.tenants.All() {
		elsewhere, found := d.ServicePrincipalByName(name)
		if !found {
			continue
		}
		principal, found := c.directory.Foreign(elsewhere.AppID)
		if !found {
			continue
		}
		app, _, _ := c.tenants.Application(elsewhere.AppID)
		if app.AppID != cl.app.AppID && !containsID(app.API.KnownClientApplications, cl.app.AppID) {
			return nil, failure(650052, app.AppID, app.DisplayName, c.tenant.ID)
		}
		return principal, nil
	}
	return nil, failure(500011, name, c.tenant.DisplayName)
}

func (r resource) isGraph() bool { return r.principal.AppID == directory.MicrosoftGraphAppID }

// tokenVersion is the version of the resource's access tokens, which the resource
// determines and not the endpoint.
func (r resource) tokenVersion() version {
	if r.app != nil && r.app.API.RequestedAccessTokenVersion != nil && *r.app.API.RequestedAccessTokenVersion == 2 {
		return v2
	}
	return v1
}

// audience returns the aud claim: the appId in v2 tokens. In v1 tokens it is the name that
// the client used, or the appId if the resource requests it.
func (r resource) audience() string {
	if r.tokenVersion() == v2 {
		return r.principal.AppID
	}
	if claim, ok := optionalClaim(r.accessTokenClaims(), "aud"); ok && slices.Contains(claim.AdditionalProperties, "use_guid") {
		return r.principal.AppID
	}
	return r.name
}

func (r resource) accessTokenClaims() []directory.OptionalClaim {
	if r.app == nil || r.app.OptionalClaims == nil {
		return nil
	}
	return r.app.OptionalClaims.AccessToken
}

// scope finds an enabled delegated permission of the resource by its value.
func (r resource) scope(value string) (directory.PermissionScope, bool) {
	for _, s := range r.principal.OAuth2PermissionScopes {
		if s.IsEnabled && strings.EqualFold(s.Value, value) {
			return s, true
		}
	}
	return directory.PermissionScope{}, false
}

// demand contains the permissions that a request asks for at one resource.
type demand struct {
	resource resource
	parts    []scopePart
}

// demands finds the resources that a request names and the requested permissions of
// each, in the order of the request. Two names of one resource are one demand. At a v1
// endpoint a client can request a user's token for itself only by its appId.
func (c *tenantCall) demands(cl client, request scopeRequest) ([]demand, *Error) {
	var all []demand
	for _, part := range request.parts {
		r, err := c.resource(cl, part.resource)
		if err != nil {
			return nil, err
		}
		if c.version == v1 && r.principal.AppID == cl.app.AppID && !equalID(part.resource, cl.app.AppID) && c.form.Get("grant_type") != "client_credentials" {
			return nil, failure(90009, cl.app.AppID, cl.app.DisplayName)
		}
		i := slices.IndexFunc(all, func(d demand) bool { return d.resource.principal.ID == r.principal.ID })
		if i < 0 {
			all = append(all, demand{resource: r})
			i = len(all) - 1
		}
		all[i].parts = append(all[i].parts, part)
	}
	return all, nil
}

// oneDemand is the demand of a token request, which must be for one resource. Without a
// resource, the token is for the user's profile at Microsoft Graph.
func (c *tenantCall) oneDemand(cl client, request scopeRequest) (demand, *Error) {
	all, err := c.demands(cl, request)
	if err != nil {
		return demand{}, err
	}
	switch len(all) {
	case 0:
		graph, err := c.resource(cl, directory.MicrosoftGraphAppID)
		return demand{resource: graph}, err
	case 1:
		return all[0], nil
	}
	return demand{}, failure(28000, request.text)
}
