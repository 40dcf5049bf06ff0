package directory

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
)

// HomeAccount is the account with which a guest signs in: a user of another
// tenant. It is empty until the invitation has been accepted.
type HomeAccount struct {
	TenantID string `json:"tenantId"`
	ObjectID string `json:"objectId"`
}

func (h HomeAccount) key() string {
	if h == (HomeAccount{}) {
		return ""
	}
	return h.TenantID + "/" + h.ObjectID
}

// The values of externalUserState.
const (
	pendingAcceptance = "PendingAcceptance"
	accepted          = "Accepted"
)

func (u *User) pendingAddress() string {
	if text(u.ExternalUserState) != pendingAcceptance || u.Deleted() {
		return ""
	}
	return text(u.Mail)
}

// GuestOf returns the live user here that another tenant's user signs in as.
func (r reader) GuestOf(home HomeAccount) (*User, bool) {
	found := find[User](r, users, "home", home.key())
	return live(found, found != nil)
}

// InvitedAs returns the user here who has been invited under an address and has
// not accepted yet.
func (r reader) InvitedAs(address string) (*User, bool) {
	found := find[User](r, users, "invited", address)
	return found, found != nil
}

// InviteUser creates the user of an invitation: a guest, or a member if member is
// set. If the address was invited before, it returns the same user. displayName may
// be empty.
// Source: learn.microsoft.com/graph/api/invitation-post.
func (tx *Tx) InviteUser(address, displayName string, member bool) (*User, error) {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return nil, badRequest("The invited user email address is not valid.")
	}
	if u, ok := tx.invited(address); ok {
		return u, nil
	}
	if u, ok := tx.UserByUPN(address); ok {
		return nil, &Error{Status: http.StatusBadRequest, Code: "BadRequest",
			Message: "The invited user already exists in the directory as object ID: " + u.ID + ". They can use that account to sign in to shared apps and resources."}
	}
	local, _, _ := strings.Cut(address, "@")
	if displayName == "" {
		displayName = local
	}
	alias := strings.ReplaceAll(address, "@", "_") + "#EXT#"
	creation, state, kind := "Invitation", pendingAcceptance, "Guest"
	if member {
		kind = "Member"
	}
	u := &User{
		ID: newID(), AccountEnabled: true, CreatedDateTime: tx.now, DisplayName: displayName, Mail: &address, OtherMails: []string{address},
		MailNickname: alias[max(0, len(alias)-64):], UserPrincipalName: alias + "@" + tx.tenant.Domain, UserType: kind,
		CreationType: &creation, ExternalUserState: &state, ExternalUserStateChange: tx.date(),
		ProxyAddresses: []string{"SMTP:" + address},
	}
	if err := tx.checkUser(u); err != nil {
		return nil, err
	}
	u.SecurityID = securityID(u.ID)
	tx.put(users, u)
	return u, nil
}

// SetInviteRedirect stores the address to which an invitation redirects the browser. A
// browser is redirected only to stored addresses. Earlier invitations of the user keep
// their addresses.
func (tx *Tx) SetInviteRedirect(userID, url string) error {
	u, ok := tx.User(userID)
	if !ok {
		return NotFound(userID)
	}
	if slices.Contains(u.InviteRedirects, url) {
		return nil
	}
	u = u.Clone()
	u.InviteRedirects = append(u.InviteRedirects, url)
	tx.put(users, u)
	return nil
}

// invited returns the user that an invitation to an address created.
func (tx *Tx) invited(address string) (*User, bool) {
	return tx.UserByUPN(strings.ReplaceAll(address, "@", "_") + "#EXT#@" + tx.tenant.Domain)
}

// ResetRedemption lets a guest accept the invitation again, with another account.
// Source: learn.microsoft.com/entra/external-id/reset-redemption-status.
func (tx *Tx) ResetRedemption(userID string) (*User, error) {
	u, ok := tx.User(userID)
	if !ok {
		return nil, NotFound(userID)
	}
	u = u.Clone()
	state := pendingAcceptance
	u.Home, u.ExternalUserState, u.ExternalUserStateChange = HomeAccount{}, &state, tx.date()
	tx.put(users, u)
	return u, nil
}

// AcceptInvitation lets another tenant's user sign in as an invited one.
func (tx *Tx) AcceptInvitation(userID string, home HomeAccount) (*User, error) {
	u, ok := tx.User(userID)
	if !ok {
		return nil, NotFound(userID)
	}
	u = u.Clone()
	state := accepted
	u.Home, u.ExternalUserState, u.ExternalUserStateChange = home, &state, tx.date()
	tx.put(users, u)
	return u, nil
}
