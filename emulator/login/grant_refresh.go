package login

import "time"

const (
	refreshLifetime    = 90 * 24 * time.Hour // from its issue: each use returns a new one
	spaRefreshLifetime = 24 * time.Hour      // from the sign-in, regardless of later tokens

	revocationLayout = "2006-01-02T15:04:05.0000000Z"
)

// refresh is a refresh token. It is bound to a client and a user, but to no resource
// and no tenant: it also gets tokens of tenants where the user is a guest. Source:
// learn.microsoft.com/entra/identity-platform/refresh-tokens.
type refresh struct {
	ClientID string    `json:"clientId"`
	Platform platform  `json:"platform"` // empty: the sign-in had no redirect URI
	Scope    string    `json:"scope"`
	Session  session   `json:"session"`
	Issued   time.Time `json:"issued"`
	SPASince time.Time `json:"spaSince"`
}

func (c *tenantCall) refreshToken(i issuance) (string, error) {
	return c.seal.close(refreshToken, c.cloudName(), refresh{
		ClientID: i.client.app.AppID, Platform: i.platform, Scope: i.asked.text,
		Session: i.session, Issued: c.now, SPASince: i.spaSince,
	})
}

// refresh redeems a refresh token (RFC 6749 section 6).
func (c *call) refresh() (*tenantCall, issuance, *Error) {
	t := c.named
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	text := c.form.Get("refresh_token")
	if text == "" {
		return t, issuance{}, failure(900144, "refresh_token")
	}
	var token refresh
	if c.seal.open(refreshToken, c.acceptedClouds(), text, &token) != nil || token.ClientID != cl.app.AppID {
		return t, issuance{}, failure(70000)
	}
	if t, cl, err = c.useTenant(cl, token.Session.TenantID); err != nil {
		return t, issuance{}, err
	}
	public := token.Platform != web
	if token.Platform == "" {
		public = cl.fallbackPublic()
	}
	if err := t.authenticate(&cl, sent, public); err != nil {
		return t, issuance{}, err
	}
	if err := checkOrigin(c.r, token.Platform); err != nil {
		return t, issuance{}, err
	}
	if err := c.checkAge(token); err != nil {
		return t, issuance{}, err
	}
	who, err := c.account(token.Session)
	if err != nil {
		return t, issuance{}, err
	}
	if public && token.Session.outdated(who) {
		return t, issuance{}, failure(50173, token.Issued.UTC().Format(revocationLayout), who.Password.Changed.UTC().Format(revocationLayout))
	}
	user, err := t.member(cl, who)
	if err != nil {
		return t, issuance{}, err
	}
	asked, err := c.tokenScope(token.Scope)
	if err != nil {
		return t, issuance{}, err
	}
	asked.oidc.offline = true // the answer to a refresh token contains the next one
	i := issuance{
		client: cl, user: user, session: token.Session, platform: token.Platform,
		asked: asked, spaSince: token.SPASince,
	}
	return t, i, t.delegate(&i)
}

func (c *call) checkAge(token refresh) *Error {
	if token.Platform == spa && !c.now.Before(token.SPASince.Add(spaRefreshLifetime)) {
		return failure(700084, spaRefreshLifetime, token.SPASince.UTC().Format(timestampLayout))
	}
	if !c.now.Before(token.Issued.Add(refreshLifetime)) {
		return failure(700082, token.Issued.UTC().Format(timestampLayout), refreshLifetime)
	}
	return nil
}
