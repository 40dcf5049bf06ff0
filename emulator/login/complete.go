package login

import (
	"net/url"

	"provision/emulator/directory"
)

// locate determines the tenant of the request from the user, and finds the client, the
// resources and the user in this tenant. The call is not nil if the tenant was found.
func (c *call) locate(a *authorization, s session) (*tenantCall, *directory.User, *Error) {
	t, cl, err := c.useTenant(a.client, s.TenantID)
	if err != nil {
		return t, nil, err
	}
	a.client = cl
	user, err := t.locate(a, s)
	return t, user, err
}

// locate finds the resources and the user of a request in the tenant.
func (c *tenantCall) locate(a *authorization, s session) (*directory.User, *Error) {
	if c.named == nil {
		var err *Error
		if a.demands, err = c.demands(a.client, a.scope); err != nil {
			return nil, err
		}
	}
	return c.activeUser(a.client, s)
}

// complete answers an authorization request after the user has signed in.
func (c *call) complete(a *authorization, s session) *Error {
	t, cl, err := c.useTenant(a.client, s.TenantID)
	if err != nil {
		if t != nil {
			t.logPage(a, s, nil, err)
		}
		return c.refuse(a, err)
	}
	a.client = cl
	return t.complete(a, s)
}

// complete answers an authorization request after the user has signed in.
func (c *tenantCall) complete(a *authorization, s session) *Error {
	user, shown, ask, err := c.prepare(a, s)
	switch {
	case err != nil:
		c.logPage(a, s, user, err)
		return c.refuse(a, err)
	case ask:
		return c.consentPage(a, s, user, shown)
	}
	c.logPage(a, s, user, nil)
	switch {
	case a.redeem != nil:
		return c.redeemed(a.redeem)
	case a.device != nil:
		return c.decide(a, decision{Session: s, TenantID: c.tenant.ID})
	case a.consentOnly:
		return c.respond(a, c.consentAnswer(a))
	}
	values, err := c.answer(a, s, user)
	if err != nil {
		return c.refuse(a, err)
	}
	c.log.Info("authorized", "client", a.client.app.AppID, "user", user.ID, "trace", c.traceID)
	return c.respond(a, values)
}

// prepare finds the user in the tenant, checks whether they may use the client and the
// resources, and lists the permissions that need consent.
func (c *tenantCall) prepare(a *authorization, s session) (user *directory.User, shown []permissions, ask bool, err *Error) {
	if user, err = c.locate(a, s); err != nil {
		return nil, nil, false, err
	}
	if !a.consentOnly {
		if err = c.permitted(a, user); err != nil {
			return user, nil, false, err
		}
	}
	shown, ask, err = c.missingConsent(a, user)
	if err == nil && ask && a.prompt == "none" {
		err = failure(65001, a.client.app.AppID, a.client.app.DisplayName)
	}
	return user, shown, ask, err
}

// permitted checks whether the user may use the client and the requested resources.
func (c *tenantCall) permitted(a *authorization, user *directory.User) *Error {
	if err := c.admitted(a.client.principal, user); err != nil {
		return err
	}
	for _, d := range a.demands {
		if err := c.admitted(d.resource.principal, user); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers an error. It shows a page if the client is not known, if the user is
// not assigned, or if the user is not in the tenant; otherwise it redirects to the
// redirect URI with an error of the authorization endpoint. A device receives only the
// user's refusal.
func (c *call) refuse(a *authorization, err *Error) *Error {
	silent := a != nil && a.prompt == "none"
	switch {
	case a == nil || a.redeem != nil:
		return err
	case a.device != nil && err.OAuth == "access_denied":
		return c.decide(a, decision{Declined: true})
	case a.device != nil:
		return err
	case err.Code == 65001:
		err = err.as("consent_required")
	case a.consentOnly && err.Code == 65004:
		err = failure(65004).as("consent_required")
		err.Message = "The resource owner or authorization server denied the request."
	case (err.Code == 50105 || err.Code == 50020) && !silent:
		return err
	case err.Code == 50105:
		err = err.as("interaction_required")
	}
	c.log.Info("refused", "path", c.r.URL.Path, "client", a.client.app.AppID, "code", err.Code, "error", err.OAuth, "trace", c.traceID)
	values := url.Values{
		"error":             {err.OAuth},
		"error_description": {c.description(err)},
		"error_uri":         {errorURI(err.Code)},
	}
	if err.OAuth == "access_denied" {
		values.Set("error_subcode", "cancel")
	}
	if err.Suberror != "" {
		values.Set("suberror", err.Suberror)
	}
	if a.consentOnly {
		values.Set("admin_consent", "True")
	}
	return c.respond(a, values)
}
