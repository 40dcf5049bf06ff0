package login

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// signInTime is the maximum time for which a sign-in page can stay open.
const signInTime = time.Hour

// signInState is the state in the sign-in form: the request that the form answers.
type signInState struct {
	Alias       string      `json:"alias"` // the tenant's id, common or organizations
	Version     version     `json:"version"`
	Request     string      `json:"request"`     // the authorization request, as a query
	UserCode    string      `json:"userCode"`    // of the waiting device; then it is the request
	Redeem      *redemption `json:"redeem"`      // the invitation; then it is the request
	ConsentOnly bool        `json:"consentOnly"` // the request is for an administrator's consent
	Issued      time.Time   `json:"issued"`
}

// interrupt stores a request in a form that must be sent back before the request is
// served.
func (c *call) interrupt(a *authorization) signInState {
	state := signInState{
		Alias: c.alias, Version: c.version, Request: a.request.Encode(), Issued: c.now,
	}
	if a.device != nil {
		state.UserCode = a.device.UserCode
	}
	state.Redeem, state.ConsentOnly = a.redeem, a.consentOnly
	return state
}

// tenantName returns the name of the organization that the user signs in to, if it is
// known.
func (c *call) tenantName() string {
	if c.named == nil {
		return ""
	}
	return c.named.tenant.DisplayName
}

// resume replaces the call by the interrupted request.
func (c *call) resume(state signInState) (*authorization, *Error) {
	request, err := url.ParseQuery(state.Request)
	if err != nil {
		return nil, failure(9002313)
	}
	c.form, c.version = request, state.Version
	if state.UserCode != "" {
		return c.deviceAuthorization(state.UserCode)
	}
	if state.Redeem != nil {
		return c.redemption(*state.Redeem)
	}
	if state.ConsentOnly {
		return c.adminConsentRequest()
	}
	return c.authorization()
}

// signInPage asks for a user name and a password.
func (c *call) signInPage(a *authorization, name string, problem *Error) *Error {
	sealed, err := c.seal.close(signInContext, c.cloudName(), c.interrupt(a))
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
	}{"/" + c.alias + "/login", sealed, name, a.client.app.DisplayName, c.tenantName(), message, a.device != nil})
}

// signIn handles the sign-in form. Its hidden field is sealed, so that the form can
// only come from a page of this server. A request that a browser sends from another
// site is refused.
func (c *call) signIn() *Error {
	if err := http.NewCrossOriginProtection().Check(c.r); err != nil {
		return failure(9002313)
	}
	var state signInState
	if err := c.seal.open(signInContext, c.acceptedClouds(), c.form.Get("ctx"), &state); err != nil || state.Alias != c.alias {
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
	who, refused := c.checkPassword(name, password, c.fallback())
	c.interactive = true
	if refused != nil {
		c.logWrongPassword(a, name, refused)
		c.log.Info("sign-in refused", "client", a.client.app.AppID, "code", refused.Code, "trace", c.traceID)
		return c.signInPage(a, name, refused)
	}
	s, err := c.startSession(who)
	if err != nil {
		return c.asError(err)
	}
	return c.complete(a, s)
}

// hintPrefix begins the value of the login_hint claim. The rest of the value names the
// account.
const hintPrefix = "O."

// loginHint returns the login_hint claim of a sign-in.
func loginHint(s session) string {
	return hintPrefix + base64.RawURLEncoding.EncodeToString([]byte(s.UserID+"@"+s.TenantID))
}

// hintedUser returns the user name for a login_hint, which is a user name or the value
// of a login_hint claim.
func (c *call) hintedUser(hint string) string {
	encoded, opaque := strings.CutPrefix(hint, hintPrefix)
	if !opaque {
		return hint
	}
	named, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return hint
	}
	userID, tenantID, _ := strings.Cut(string(named), "@")
	if who, err := c.account(session{UserID: userID, TenantID: tenantID}); err == nil {
		return who.UserPrincipalName
	}
	return hint
}
