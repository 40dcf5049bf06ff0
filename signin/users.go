package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"provision/conformance"
)

// Users signs users in. It is safe for concurrent use: one user signs in at a time, and
// a failed sign-in is not repeated in the same run.
type Users struct {
	Authority *conformance.Authority
	Method    Method
	Cache     Cache
	Tell      func(message string)
	Open      func(address string) error
	Now       func() time.Time

	mu     sync.Mutex
	failed map[string]error
}

// SignIn gets tokens with the stored refresh token of the user, or else with a new
// sign-in. It is the SignIn of a conformance.Tenant.
func (u *Users) SignIn(ctx context.Context, client conformance.Client, account conformance.Account, scopes []string) (conformance.Grant, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := Request{Authority: u.Authority, Client: client, Account: account, Scopes: append(slices.Clone(scopes), "offline_access"), Tell: u.Tell, Open: u.Open}
	if token := u.Cache.read(r); token != "" {
		grant, err := u.Authority.Refresh(ctx, client, token, r.Scopes)
		var other error // a command may have returned the token of another user
		if err == nil {
			other = whoSignedIn(grant, account)
		}
		var refused *conformance.AADSTSError
		switch {
		case other != nil: // the user signs in again
		case err == nil:
			return grant, u.keep(r, grant)
		case !errors.As(err, &refused):
			return conformance.Grant{}, err // the tenant did not answer
		case refused.OAuth != "invalid_grant" || refused.Code == 65001:
			return conformance.Grant{}, err // another sign-in would have the same result
		}
		u.Cache.remove(r)
	}
	key := u.Cache.file(r)
	if err := u.failed[key]; err != nil {
		return conformance.Grant{}, err
	}
	grant, err := u.Method(ctx, r)
	if err == nil {
		err = whoSignedIn(grant, account)
	}
	if err != nil {
		if ctx.Err() == nil {
			if u.failed == nil {
				u.failed = map[string]error{}
			}
			u.failed[key] = err
		}
		return conformance.Grant{}, err
	}
	return grant, u.keep(r, grant)
}

func (u *Users) keep(r Request, grant conformance.Grant) error {
	if grant.RefreshToken == "" {
		return nil
	}
	return u.Cache.write(r, grant.RefreshToken, u.Now())
}

// whoSignedIn refuses the tokens of another user, for example of a browser session. It
// accepts tokens that do not name a user.
func whoSignedIn(grant conformance.Grant, account conformance.Account) error {
	if strings.Contains(account.UserPrincipalName, "#EXT#") {
		return nil // tokens contain the name that a guest has in the home tenant
	}
	who := grant.User()
	if who == "" || strings.EqualFold(who, account.UserPrincipalName) {
		return nil
	}
	return fmt.Errorf("%s signed in instead of %s", who, account.UserPrincipalName)
}
