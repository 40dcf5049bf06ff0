package referenceapi

import (
	"errors"
	"net/http"
)

// The refusals before and after the check of a token. Package token has the errors of
// the check itself.
var (
	ErrNoHeader   = errors.New("no authorization header")
	ErrTwoHeaders = errors.New("more than one authorization header")
	ErrScheme     = errors.New("another authorization scheme than bearer")
	ErrNoToken    = errors.New("empty bearer token")
	ErrTwoTokens  = errors.New("more than a token after bearer")

	ErrScope   = errors.New("a scope is missing")
	ErrCaller  = errors.New("not open to this kind of caller")
	ErrOwner   = errors.New("somebody else owns it")
	ErrGuest   = errors.New("the user is a guest")
	ErrGroup   = errors.New("the user is in none of the groups")
	ErrNoRoles = errors.New("the token has no roles")
	ErrRole    = errors.New("the token has other roles")

	ErrNoRoute = errors.New("no such route")
)

// Refused describes a refusal to the function Refusal. Detail may be shown; Reason,
// which wraps one of the errors here or in package token, is for the log.
type Refused struct {
	Status int
	Detail string
	Reason error
}

func (a *api) unauthorized(w http.ResponseWriter, r *http.Request, route Route, err error) {
	detail, challenge := "Token validation failed", invalidToken
	if errors.Is(err, ErrNoHeader) || errors.Is(err, ErrScheme) {
		detail, challenge = "Not authenticated", noToken
	}
	w.Header().Set("WWW-Authenticate", challenge)
	a.refuse(w, r, route, http.StatusUnauthorized, detail, err)
}

// refuse answers with the detail and logs the reason.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, route Route, status int, detail string, reason error, more ...any) {
	attributes := append(request(r), "status", status, "detail", detail, "reason", reason.Error())
	a.log.WarnContext(r.Context(), "refused", append(attributes, more...)...)
	refused := Refused{status, detail, reason}
	if route.Refusal == nil {
		WriteJSON(w, status, a.refusal(refused))
		return
	}
	status, body := route.Refusal(refused)
	WriteJSON(w, status, body)
}
