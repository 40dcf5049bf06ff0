package login

import (
	"strings"

	"github.com/google/uuid"
)

// passwordGrant signs a user in with the password that the client was given
// (RFC 6749 section 4.3). No redirect URI says what kind the client is, so the
// registration's fallback does.
func (c *call) passwordGrant() (issuance, *Error) {
	sent, cl, err := c.sender()
	if err != nil {
		return issuance{}, err
	}
	for _, name := range []string{"username", "password"} {
		if c.form.Get(name) == "" {
			return issuance{}, failure(900144, name)
		}
	}
	if err := c.authenticate(&cl, sent, cl.fallbackPublic() && !sent.any()); err != nil {
		return issuance{}, err
	}
	user, err := c.checkPassword(strings.TrimSpace(c.form.Get("username")), c.form.Get("password"))
	if err != nil {
		return issuance{}, err
	}
	asked, err := c.requestedScope()
	if err != nil {
		return issuance{}, err
	}
	i := issuance{
		client: cl, user: user, asked: asked,
		session: session{ID: uuid.NewString(), UserID: user.ID, TenantID: c.tenant.ID, SignedIn: c.now},
	}
	return i, c.delegate(&i)
}
