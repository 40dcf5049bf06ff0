package login

import (
	"strings"

	"provision/emulator/directory"
)

// account is a user together with their home tenant, where they sign in even if the
// sign-in is to another tenant.
type account struct {
	*directory.User
	home *directory.Directory
}

func (a account) key() directory.HomeAccount {
	return directory.HomeAccount{TenantID: a.home.Tenant().ID, ObjectID: a.ID}
}

// realmOf returns the tenant that a user name belongs to, by its domain (home realm
// discovery).
func (c *call) realmOf(name string) (*directory.Directory, bool) {
	_, domain, _ := strings.Cut(name, "@")
	if strings.Contains(name, "#EXT#") || domain == "" {
		return nil, false
	}
	return c.tenants.Find(domain)
}

// checkPassword finds the user who signs in: in the tenant of the name's domain, else in
// fallback. It reports a problem of the account, such as a disabled one, only if the
// password is correct.
func (c *call) checkPassword(name, password string, fallback *directory.Directory) (account, *Error) {
	home, found := c.realmOf(name)
	if !found {
		home = fallback
	}
	user, found := home.UserByUPN(name)
	switch {
	case !found:
		return account{}, failure(50034, name, home.Tenant().DisplayName)
	case !user.CheckPassword(password):
		return account{}, failure(50126)
	case !user.AccountEnabled:
		return account{}, failure(50057)
	case user.ForceChange:
		return account{}, failure(50055)
	}
	return account{user, home}, nil
}

// account finds the user of a session, who must still be able to sign in.
func (c *call) account(s session) (account, *Error) {
	home, found := c.tenants.Find(s.TenantID)
	if !found {
		return account{}, failure(90002, s.TenantID)
	}
	user, found := home.User(s.UserID)
	if !found {
		return account{}, failure(50034, s.UserID, home.Tenant().DisplayName)
	}
	if !user.AccountEnabled {
		return account{}, failure(50057)
	}
	return account{user, home}, nil
}

// admits reports whether an account may sign in to the tenant: as a user of this
// tenant, as a guest, or because of an invitation.
func (c *tenantCall) admits(who account) bool {
	if who.home == c.directory {
		return true
	}
	if _, guest := c.GuestOf(who.key()); guest {
		return true
	}
	_, invited := c.invitation(who)
	return invited
}

// invitation finds the invited user for an account, by the name with which the account
// signs in or by its address.
func (c *tenantCall) invitation(who account) (*directory.User, bool) {
	if u, found := c.InvitedAs(who.UserPrincipalName); found {
		return u, true
	}
	if who.Mail == nil {
		return nil, false
	}
	return c.InvitedAs(*who.Mail)
}

// member finds the user of this tenant for an account. The first sign-in of an invited
// account accepts the invitation.
func (c *tenantCall) member(cl client, who account) (*directory.User, *Error) {
	if who.home == c.directory {
		return who.User, nil
	}
	user, found := c.GuestOf(who.key())
	if !found {
		invited, found := c.invitation(who)
		if !found {
			return nil, c.unknownUser(50020, cl, who)
		}
		err := c.directory.UpdateAtOnce(func(tx *directory.Tx) (err error) {
			user, err = tx.AcceptInvitation(invited.ID, who.key())
			return err
		})
		if err != nil {
			return nil, c.asError(err)
		}
		c.View = c.directory.View()
	}
	if !user.AccountEnabled {
		return nil, failure(50057)
	}
	return user, nil
}

// unknownUser returns the error for a user who is not in the tenant, by one of the codes
// that say so.
func (c *tenantCall) unknownUser(code int, cl client, who account) *Error {
	return failure(code, who.UserPrincipalName, c.issuerV1(who.home.Tenant().ID), c.tenant.DisplayName, cl.app.AppID, cl.app.DisplayName)
}

// activeUser finds the user of an earlier sign-in as the tenant knows them.
func (c *tenantCall) activeUser(cl client, s session) (*directory.User, *Error) {
	who, err := c.account(s)
	if err != nil {
		return nil, err
	}
	return c.member(cl, who)
}

// sessionOf returns a session of a user of this tenant that does not belong to a
// browser.
func (c *tenantCall) sessionOf(id string, user *directory.User) session {
	s := session{ID: id, UserID: user.ID, TenantID: c.tenant.ID, SignedIn: c.now}
	if home := user.Home; home != (directory.HomeAccount{}) {
		s.UserID, s.TenantID = home.ObjectID, home.TenantID
	}
	return s
}
