package login

// clientCredentials gives an application a token for itself (RFC 6749 section
// 4.4): for one resource, with every role that was assigned to it there.
func (c *call) clientCredentials() (*tenantCall, issuance, *Error) {
	t := c.named
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	asked, err := c.applicationScope()
	if err != nil {
		return t, issuance{}, err
	}
	if t, cl, err = c.useTenant(cl, c.registeredIn(cl)); err != nil {
		return t, issuance{}, err
	}
	if err := t.authenticate(&cl, sent, false); err != nil {
		return t, issuance{}, err
	}
	if cl.principal == nil {
		return t, issuance{}, failure(7000229, cl.app.AppID, t.tenant.ID)
	}
	d, err := t.oneDemand(cl, asked)
	if err != nil {
		return t, issuance{}, err
	}
	target := d.resource.principal
	if target.AppRoleAssignmentRequired && len(t.assignments(target.ID, cl.principal.ID, false)) == 0 {
		return t, issuance{}, failure(501051, cl.app.AppID, cl.app.DisplayName, target.AppID, target.DisplayName)
	}
	return t, issuance{client: cl, resource: d.resource, asked: asked, parts: d.parts}, nil
}

// registeredIn is the tenant of a client's registration, which applies if the path
// names no tenant.
func (c *call) registeredIn(cl client) string {
	if _, owner, found := c.tenants.Application(cl.app.AppID); found {
		return owner.Tenant().ID
	}
	return c.fallback().Tenant().ID
}

// applicationScope reads the only scope that this grant accepts: the .default scope of
// a resource. It ignores scopes of OpenID Connect.
func (c *call) applicationScope() (scopeRequest, *Error) {
	if c.version == v1 {
		name := c.form.Get("resource")
		if name == "" {
			return scopeRequest{}, failure(900144, "resource")
		}
		return resourceScope(name), nil
	}
	text := c.form.Get("scope")
	if text == "" {
		return scopeRequest{}, failure(900144, "scope")
	}
	asked, err := c.parseScope(text)
	switch {
	case err != nil:
		return asked, err
	case len(asked.parts) > 1:
		return asked, failure(70011, asked.text, "")
	case len(asked.parts) == 0 || !asked.parts[0].isDefault():
		return asked, failure(1002012, asked.text)
	}
	return asked, nil
}
