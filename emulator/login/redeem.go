package login

import (
	"net/http"
	"net/url"
	"slices"
)

// invitationPortal is the program of Microsoft with which people accept invitations.
const invitationPortal = "4660504c-45b3-4674-a709-71951a6b0763"

// redemption is the state of a page on which a guest accepts an invitation.
type redemption struct {
	UserID string `json:"userId"` // of the invited user
	To     string `json:"to"`     // the address to which the guest is redirected afterwards
}

// redeem is the address of an invitation: it signs in the invited user, which accepts
// the invitation, and redirects the browser to the address in the invitation. Source:
// learn.microsoft.com/graph/api/resources/invitation (inviteRedeemUrl).
func (c *call) redeem() *Error {
	a, err := c.redemption(redemption{c.form.Get("user"), c.form.Get("rd")})
	if err != nil {
		return err
	}
	user, _ := c.named.User(a.redeem.UserID)
	if s, who, signedIn := c.session(); signedIn {
		if _, invited := c.named.invitation(who); invited || user.Home == who.key() {
			return c.complete(a, s)
		}
	}
	address := ""
	if user.Mail != nil {
		address = *user.Mail
	}
	return c.signInPage(a, address, nil)
}

// redemption returns the authorization that accepts an invitation.
func (c *call) redemption(r redemption) (*authorization, *Error) {
	to, problem := url.Parse(r.To)
	if problem != nil || to.Scheme != "https" && to.Scheme != "http" {
		return nil, failure(90023, "rd")
	}
	if c.named == nil { // an invitation belongs to one tenant
		return nil, failure(90023, "user")
	}
	user, found := c.named.User(r.UserID)
	if !found || user.CreationType == nil || *user.CreationType != "Invitation" {
		return nil, failure(90023, "user")
	}
	if !slices.Contains(user.InviteRedirects, r.To) { // without an invitation the address could redirect anywhere
		return nil, failure(90023, "rd")
	}
	cl, err := c.client(invitationPortal)
	return &authorization{client: cl, redeem: &r}, err
}

// redeemed redirects a guest who has accepted an invitation.
func (c *call) redeemed(r *redemption) *Error {
	c.noStore()
	c.w.Header().Set("Location", r.To)
	c.w.WriteHeader(http.StatusFound)
	return nil
}
