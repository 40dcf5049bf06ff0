package login

import (
	"net/url"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// adminConsent asks an administrator to consent for everybody. It returns no code: the
// answer at the redirect URI states that consent was given. Source:
// learn.microsoft.com/entra/identity-platform/v2-admin-consent.
func (c *call) adminConsent() *Error {
	a, err := c.adminConsentRequest()
	if err != nil {
		return c.refuse(a, err)
	}
	if s, who, signedIn := c.session(); signedIn && c.hinted(a, who) && (c.named == nil || c.named.admits(who)) {
		t, user, err := c.locate(a, s)
		switch {
		case err != nil:
			return c.refuse(a, err)
		case t.consentRight(user) != ownConsent:
			return t.complete(a, s)
		}
	}
	return c.signInPage(a, "", nil)
}

// adminConsentRequest reads the request in the form. The v1 endpoint requests all
// permissions in the client's registration, and the v2 endpoint the permissions in
// scope.
func (c *call) adminConsentRequest() (*authorization, *Error) {
	cl, err := c.client(c.form.Get("client_id"))
	if err != nil {
		return nil, err
	}
	sent := c.form.Get("redirect_uri")
	target, err := findRedirect(cl.app, sent)
	if err != nil {
		return nil, err
	}
	a := &authorization{
		request: c.form, client: cl, redirect: target, sent: sent, mode: "query",
		state: c.form.Get("state"), stateInForm: c.form.Has("state"), everybody: true, consentOnly: true,
	}
	if c.version == v1 {
		return a, nil
	}
	if a.scope, err = c.requestedScope(); err != nil {
		return a, err
	}
	if c.named != nil {
		a.demands, err = c.named.demands(cl, a.scope)
	}
	return a, err
}

// organizationConsent lists the permissions that an administrator consents to,
// including granted ones. Only the client's registration can contain application
// permissions.
func (c *tenantCall) organizationConsent(a *authorization, user *directory.User) ([]permissions, *Error) {
	if len(a.demands) == 0 && !a.scope.oidc.openid || slices.ContainsFunc(a.scope.parts, scopePart.isDefault) {
		shown := join(c.required(a.client), c.requiredRoles(a.client))
		return slices.DeleteFunc(shown, func(p permissions) bool { return len(p.scopes)+len(p.roles) == 0 }), nil
	}
	var shown []permissions
	for _, d := range a.demands {
		if _, err := c.lacking(a.client, user, d); err != nil {
			return nil, err
		}
		shown = join(shown, c.asked(a.client, d))
	}
	return shown, nil
}

// rolesOf returns the application permissions in a list of permissions.
func rolesOf(all []permissions) []permissions {
	var roles []permissions
	for _, p := range all {
		if len(p.roles) > 0 {
			roles = append(roles, permissions{resource: p.resource, roles: p.roles})
		}
	}
	return roles
}

// consentAnswer tells the client that an administrator has consented.
func (c *tenantCall) consentAnswer(a *authorization) url.Values {
	values := url.Values{"admin_consent": {"True"}, "tenant": {c.tenant.ID}}
	if c.version == v1 {
		return values
	}
	var words []string
	for _, part := range a.scope.parts {
		if !part.isDefault() {
			words = append(words, part.text)
			continue
		}
		for _, p := range c.required(a.client) {
			for _, s := range p.scopes {
				words = append(words, strings.TrimSuffix(p.resource.address(), "/")+"/"+s.Value)
			}
		}
	}
	values.Set("scope", strings.Join(words, " "))
	return values
}

// address returns the name of the resource in scopes: its first identifier URI, or else its
// appId.
func (r resource) address() string {
	for _, name := range r.principal.ServicePrincipalNames {
		if strings.Contains(name, "://") {
			return name
		}
	}
	return r.principal.AppID
}

// requestPath returns the endpoint that received a request.
func (c *call) requestPath(a *authorization) string {
	switch {
	case !a.consentOnly:
		return c.authorizePath()
	case c.version == v1:
		return "/adminconsent"
	}
	return "/v2.0/adminconsent"
}
