package login

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"provision/emulator/directory"
)

const (
	sessionCookieName = "ESTSAUTH" // Entra's name for it
	sessionLifetime   = 24 * time.Hour
)

// session is a person's sign-in in one browser.
type session struct {
	ID       string    `json:"id"` // the sid claim and session_state
	UserID   string    `json:"userId"`
	TenantID string    `json:"tenantId"`
	SignedIn time.Time `json:"signedIn"`
}

// startSession signs a user in to the browser.
func (c *call) startSession(user *directory.User) (session, error) {
	s := session{ID: uuid.NewString(), UserID: user.ID, TenantID: c.tenant.ID, SignedIn: c.now}
	sealed, err := c.seal.close(sessionCookie, s)
	if err != nil {
		return session{}, err
	}
	http.SetCookie(c.w, c.cookie(sealed, 0))
	return s, nil
}

// session finds who is signed in to the browser. A sign-in that is too old, or
// whose user may no longer sign in, is none.
func (c *call) session() (session, *directory.User, bool) {
	var s session
	cookie, err := c.r.Cookie(sessionCookieName)
	if err != nil || c.seal.open(sessionCookie, cookie.Value, &s) != nil {
		return session{}, nil, false
	}
	if s.TenantID != c.tenant.ID || c.now.After(s.SignedIn.Add(sessionLifetime)) {
		return session{}, nil, false
	}
	user, found := c.User(s.UserID)
	if !found || !user.AccountEnabled {
		return session{}, nil, false
	}
	return s, user, true
}

func (c *call) endSession() { http.SetCookie(c.w, c.cookie("", -1)) }

func (c *call) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookieName, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
