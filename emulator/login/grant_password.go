package login

import (
	"strings"

	"github.com/google/uuid"
)

// passwordGrant signs a user in with the password that the client was given
// (RFC 6749 section 4.3). No redirect URI says what kind the client is, so the
// registration's fallback does.
func (c *call) passwordGrant() (issuance, *Error) {
	if c.alias == "common" {
		return issuance{}, failure(9001023)
	}
	sent, cl, err := c.sender()
	if err != nil {
		return issuance{}, err
	}
	for _, name := range []string{"username", "password"} {
		if c.form.Get(name) == "" {
			return issuance{}, failure(900144, name)
		}
	}
	name := strings.TrimSpace(c.form.Get("username"))
	home, found := c.realmOf(name)
	switch {
	case found && !c.tenantKnown:
		if cl, err = c.useTenant(cl, home.Tenant().ID); err != nil {
			return issuance{}, err
		}
	case found && home != c.directory: // guests have no password here
		return issuance{}, failure(50034, name, c.tenant.DisplayName)
	}
	if err := c.authenticate(&cl, sent, cl.fallbackPublic() && !sent.any()); err != nil {
		return issuance{}, err
	}
	who, err := c.checkPassword(name, c.form.Get("password"))
	if err != nil {
		return issuance{}, err
	}
	asked, err := c.requestedScope()
	if err != nil {
		return issuance{}, err
	}
	i := issuance{
		client: cl, user: who.User, asked: asked, session: c.sessionOf(uuid.NewString(), who.User),
	}
	return i, c.delegate(&i)
}
