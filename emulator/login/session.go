package login

import (
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	sessionCookieName = "ESTSAUTH" // Entra's name for it
	sessionLifetime   = 24 * time.Hour

	endedSessionsBucket = "login-ended-sessions" // id of a session that was ended → Unix time at which it would have expired
)

// session is a user's sign-in in one browser. It belongs to the account in its home
// tenant, even if the user signs in to another tenant with it.
type session struct {
	ID       string    `json:"id"` // the sid claim and session_state
	UserID   string    `json:"userId"`
	TenantID string    `json:"tenantId"`
	SignedIn time.Time `json:"signedIn"`
}

// outdated reports whether the password of the user changed after the sign-in. Source:
// learn.microsoft.com/entra/identity-platform/refresh-tokens#token-revocation.
func (s session) outdated(who account) bool { return s.SignedIn.Before(who.Password.Changed) }

// startSession signs an account in to the browser.
func (c *call) startSession(who account) (session, error) {
	s := session{ID: uuid.NewString(), UserID: who.ID, TenantID: who.home.Tenant().ID, SignedIn: c.now}
	sealed, err := c.seal.close(sessionCookie, c.cloudName(), s)
	if err != nil {
		return session{}, err
	}
	http.SetCookie(c.w, c.cookie(sealed, 0))
	return s, nil
}

// session finds the account that is signed in to the browser. It ignores sessions that
// are too old, and sessions of users who may no longer sign in.
func (c *call) session() (session, account, bool) {
	var s session
	cookie, err := c.r.Cookie(sessionCookieName)
	if err != nil || c.seal.open(sessionCookie, c.acceptedClouds(), cookie.Value, &s) != nil || c.now.After(s.SignedIn.Add(sessionLifetime)) {
		return session{}, account{}, false
	}
	if _, ended := c.home.Load(endedSessionsBucket, s.ID); ended {
		return session{}, account{}, false
	}
	who, refused := c.account(s)
	return s, who, refused == nil && !s.outdated(who)
}

// endSession deletes the cookie and invalidates its session, so that a copy of the
// cookie is useless as well.
func (c *call) endSession() error {
	http.SetCookie(c.w, c.cookie("", -1))
	s, _, signedIn := c.session()
	if !signedIn {
		return nil
	}
	return c.home.Save(endedSessionsBucket, s.ID, expiry(s.SignedIn.Add(sessionLifetime)))
}

func (c *call) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookieName, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
