package login

import "provision/emulator/directory"

// tenantCall is a call in a tenant. Everything that needs a tenant is a method of it.
type tenantCall struct {
	*call
	directory.View
	directory *directory.Directory
	tenant    directory.Tenant
}

// in makes the call one in a tenant.
func (c *call) in(d *directory.Directory) *tenantCall {
	return &tenantCall{call: c, View: d.View(), directory: d, tenant: d.Tenant()}
}

// inTenant makes the call one in the tenant that the path names or, if it names none, in
// the tenant with this id.
func (c *call) inTenant(id string) (*tenantCall, *Error) {
	if c.named != nil {
		return c.named, nil
	}
	d, found := c.tenants.Find(id)
	if !found {
		return nil, failure(90002, id)
	}
	return c.in(d), nil
}

// useTenant is inTenant, and finds the client in that tenant. It keeps the proof of the
// client's identity. If only the client is missing, the returned call is not nil.
func (c *call) useTenant(cl client, id string) (*tenantCall, client, *Error) {
	t, err := c.inTenant(id)
	if err != nil || t == c.named {
		return t, cl, err
	}
	proved := cl.assurance
	cl, err = t.client(cl.app.AppID)
	cl.assurance = proved
	return t, cl, err
}

// address sets the authority of the call.
func (c *call) address(segment string) *Error {
	a, d, err := c.authorityOf(c.r.Host, segment)
	c.authority, c.named = a, nil
	if d != nil {
		c.named = c.in(d)
	}
	return err
}

// fallback returns the directory of the tenant in the path, or else of the home tenant.
func (c *call) fallback() *directory.Directory {
	if c.named != nil {
		return c.named.directory
	}
	return c.home
}
