package login

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// jwtBearer is the grant by assertion (RFC 7523 section 2.1). Here it only lets an API
// act on behalf of the user who called it.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// userAssertion is the token that an API received from its caller: an access token of
// this tenant.
type userAssertion struct {
	Issuer   string  `json:"iss"`
	Audience string  `json:"aud"`
	Expires  float64 `json:"exp"`
	Begins   float64 `json:"nbf"`
	TenantID string  `json:"tid"`
	ObjectID string  `json:"oid"`
	Session  string  `json:"sid"`
	Scope    *string `json:"scp"`
	AppID    string  `json:"appid"` // of v1 tokens
	Party    string  `json:"azp"`   // of v2 tokens
	AIO      string  `json:"aio"`
}

// onBehalfOf gives an API a token for another resource, for the user of the token with
// which the API was called. Source:
// learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow.
func (c *call) onBehalfOf() (*tenantCall, issuance, *Error) {
	t := c.named
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	for _, name := range []string{"assertion", "requested_token_use"} {
		if c.form.Get(name) == "" {
			return t, issuance{}, failure(900144, name)
		}
	}
	if c.form.Get("requested_token_use") != "on_behalf_of" {
		return t, issuance{}, failure(90023, "requested_token_use")
	}
	asserted, err := c.userAssertion(c.form.Get("assertion"))
	if err != nil {
		return t, issuance{}, err
	}
	if t, cl, err = c.useTenant(cl, asserted.TenantID); err != nil {
		return t, issuance{}, err
	}
	if err := t.authenticate(&cl, sent, false); err != nil {
		return t, issuance{}, err
	}
	if err := t.checkUserAssertion(asserted, cl); err != nil {
		return t, issuance{}, err
	}
	user, found := t.User(asserted.ObjectID)
	if !found {
		return t, issuance{}, failure(50034, asserted.ObjectID, t.tenant.DisplayName)
	}
	if asserted.Session == "" {
		asserted.Session = uuid.NewString()
	}
	s := t.sessionOf(asserted.Session, user)
	if user, err = t.activeUser(cl, s); err != nil {
		return t, issuance{}, err
	}
	asked, err := c.requestedScope()
	if err != nil {
		return t, issuance{}, err
	}
	i := issuance{client: cl, user: user, asked: asked, platform: web, session: s}
	return t, i, t.delegate(&i)
}

// userAssertion reads the token with which an API was called. One of the tenants must
// have signed it.
func (c *call) userAssertion(text string) (userAssertion, *Error) {
	var asserted userAssertion
	if strings.Count(text, ".") != 2 {
		return asserted, failure(50027)
	}
	if err := c.verified(text, &asserted); err != nil {
		return asserted, failure(50013, err.Error())
	}
	return asserted, nil
}

// checkUserAssertion checks that an API was called with a token for itself, of this
// tenant and of a user.
func (c *tenantCall) checkUserAssertion(asserted userAssertion, cl client) *Error {
	now := float64(c.now.Unix())
	switch {
	case !slices.Contains(c.issuersOf(c.tenant.ID), asserted.Issuer):
		return failure(50013, "The token is of another issuer.")
	case c.ofAnotherCloud(c.names, asserted.AIO):
		return failure(50013, "The token is of another cloud.")
	case asserted.Audience == cl.app.AppID && asserted.AppID+asserted.Party == "":
		return failure(240002)
	case !cl.isAudience(asserted.Audience):
		return failure(500131, asserted.Audience, cl.app.AppID, cl.app.AppID, cl.app.DisplayName)
	case asserted.Expires+clockSkew.Seconds() <= now || asserted.Begins-clockSkew.Seconds() > now:
		return failure(500133, c.now.UTC().Format(time.RFC3339), time.Unix(int64(asserted.Expires), 0).UTC().Format(time.RFC3339))
	case asserted.Scope == nil:
		return failure(7000114, cl.app.AppID)
	}
	return nil
}

// isAudience reports whether an audience is the application itself: its appId or
// one of its identifier URIs.
func (cl client) isAudience(audience string) bool {
	return equalID(audience, cl.app.AppID) ||
		slices.ContainsFunc(cl.app.IdentifierUris, func(uri string) bool { return equalID(uri, audience) })
}
