package login

import (
	"strings"

	"github.com/google/uuid"
)

// passwordGrant signs a user in with the password that the client has (RFC 6749 section
// 4.3). The request has no redirect URI that determines the type of the client, so the
// fallback of the registration does.
func (c *call) passwordGrant() (*tenantCall, issuance, *Error) {
	t := c.named
	if c.alias == "common" {
		return t, issuance{}, failure(9001023)
	}
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	for _, name := range []string{"username", "password"} {
		if c.form.Get(name) == "" {
			return t, issuance{}, failure(900144, name)
		}
	}
	name := strings.TrimSpace(c.form.Get("username"))
	home, found := c.realmOf(name)
	if !found {
		home = c.fallback()
	}
	if t, cl, err = c.useTenant(cl, home.Tenant().ID); err != nil {
		return t, issuance{}, err
	}
	if home != t.directory { // guests have no password in this tenant
		return t, issuance{}, failure(50034, name, t.tenant.DisplayName)
	}
	if err := t.authenticate(&cl, sent, cl.fallbackPublic() && !sent.any()); err != nil {
		return t, issuance{}, err
	}
	who, err := c.checkPassword(name, c.form.Get("password"), t.directory)
	if err != nil {
		return t, issuance{}, err
	}
	asked, err := c.requestedScope()
	if err != nil {
		return t, issuance{}, err
	}
	i := issuance{
		client: cl, user: who.User, asked: asked, session: t.sessionOf(uuid.NewString(), who.User),
	}
	return t, i, t.delegate(&i)
}
