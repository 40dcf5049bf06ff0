package login

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"provision/emulator/directory"
)

// signInTime is how long a sign-in page may be left open.
const signInTime = time.Hour

// signInState is what the sign-in form carries: the request that it serves.
type signInState struct {
	TenantID string    `json:"tenantId"`
	Alias    string    `json:"alias"` // under which name the tenant was asked
	Version  version   `json:"version"`
	Request  string    `json:"request"`  // the authorization request, as a query
	UserCode string    `json:"userCode"` // of the device that waits, which is the request then
	Issued   time.Time `json:"issued"`
}

// interrupt keeps a request for the form that comes back before it is served.
func (c *call) interrupt(a *authorization) signInState {
	state := signInState{
		TenantID: c.tenant.ID, Alias: c.alias, Version: c.version, Request: a.request.Encode(), Issued: c.now,
	}
	if a.device != nil {
		state.UserCode = a.device.UserCode
	}
	return state
}

// resume makes the call the request that was interrupted.
func (c *call) resume(state signInState) (*authorization, *Error) {
	request, err := url.ParseQuery(state.Request)
	if err != nil {
		return nil, failure(9002313)
	}
	c.form, c.alias, c.version = request, state.Alias, state.Version
	if state.UserCode != "" {
		return c.deviceAuthorization(state.UserCode)
	}
	return c.authorization()
}

// signInPage asks for a user name and a password.
func (c *call) signInPage(a *authorization, name string, problem *Error) *Error {
	sealed, err := c.seal.close(signInContext, c.interrupt(a))
	if err != nil {
		return c.asError(err)
	}
	message := ""
	if problem != nil {
		message = problem.Error()
	}
	return c.render(http.StatusOK, "signin.html", struct {
		Action, Context, Name, Application, Tenant, Problem string
		Device                                              bool
	}{"/" + c.tenant.ID + "/login", sealed, name, a.client.app.DisplayName, c.tenant.DisplayName, message, a.device != nil})
}

// signIn takes the sign-in form. What it carries is sealed, so that it can only
// come from a page of this server, and a browser that says it comes from
// another site is refused.
func (c *call) signIn() *Error {
	if err := http.NewCrossOriginProtection().Check(c.r); err != nil {
		return failure(9002313)
	}
	var state signInState
	if err := c.seal.open(signInContext, c.form.Get("ctx"), &state); err != nil || state.TenantID != c.tenant.ID {
		return failure(9002313)
	}
	if c.now.After(state.Issued.Add(signInTime)) {
		return failure(50089)
	}
	name, password := strings.TrimSpace(c.form.Get("loginfmt")), c.form.Get("passwd")
	cancelled := c.form.Get("decision") == "cancel"
	a, refused := c.resume(state)
	if refused != nil {
		return c.refuse(a, refused)
	}
	if cancelled {
		return c.refuse(a, failure(65004))
	}
	user, refused := c.checkPassword(name, password)
	c.logPage(a, name, user, refused)
	if refused != nil {
		c.log.Info("sign-in refused", "client", a.client.app.AppID, "code", refused.Code, "trace", c.traceID)
		return c.signInPage(a, name, refused)
	}
	s, err := c.startSession(user)
	if err != nil {
		return c.asError(err)
	}
	return c.complete(a, s, user)
}

// checkPassword finds the user who signs in. What is wrong with the account is
// said only to those who know its password.
func (c *call) checkPassword(name, password string) (*directory.User, *Error) {
	user, found := c.UserByUPN(name)
	switch {
	case !found:
		return nil, failure(50034, name, c.tenant.DisplayName)
	case !user.CheckPassword(password):
		return nil, failure(50126)
	case !user.AccountEnabled:
		return nil, failure(50057)
	case user.ForceChange:
		return nil, failure(50055)
	}
	return user, nil
}

// hintPrefix begins the value of the login_hint claim; what follows is the
// user's object id.
const hintPrefix = "O."

func loginHint(user *directory.User) string {
	return hintPrefix + base64.RawURLEncoding.EncodeToString([]byte(user.ID))
}

// hintedUser is the user name that a login_hint stands for: itself, or that of
// the user whom a login_hint claim names.
func (c *call) hintedUser(hint string) string {
	encoded, opaque := strings.CutPrefix(hint, hintPrefix)
	if !opaque {
		return hint
	}
	id, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return hint
	}
	if user, found := c.User(string(id)); found {
		return user.UserPrincipalName
	}
	return hint
}
