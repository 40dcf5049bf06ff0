package login

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorization is a request for authorization (RFC 6749 section 4.1.1, OpenID Connect
// Core section 3.1.2.1) whose client and redirect URI are trusted.
type authorization struct {
	request         url.Values // as it was sent
	client          client
	redirect        redirect
	sent            string // redirect_uri as the request had it; empty if omitted
	types           responseTypes
	mode            string // query, fragment or form_post
	state           string
	nonce           string
	scope           scopeRequest
	demands         []demand
	challenge       string
	method          string // of the challenge: S256 or plain
	prompt          string
	loginHint       string
	domainHint      string         // the user's organization, by its domain
	maxAge          *time.Duration // the maximum age of the sign-in; nil: the age of a session
	clientInfo      bool
	requestedClaims claimsRequest
	stateInForm     bool        // the request contained state, possibly empty
	accepted        bool        // the user has just consented
	everybody       bool        // consent is requested for everybody
	consentOnly     bool        // the answer only states that consent was given
	device          *device     // the waiting device; then there is no redirect URI
	redeem          *redemption // the invitation to accept; if it is set, the request has no client
}

// authorize begins a sign-in.
func (c *call) authorize() *Error {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodPost {
		return failure(900561, "GET and POST", c.r.Method)
	}
	a, err := c.authorization()
	if err != nil {
		return c.refuse(a, err)
	}
	s, who, signedIn := c.session()
	signedIn = signedIn && a.recent(s, c.now)
	hinted := signedIn && c.hinted(a, who)
	uninvited := hinted && c.named != nil && !c.named.admits(who)
	switch {
	case a.prompt == "none" && !hinted:
		return c.refuse(a, failure(50058))
	case a.prompt == "none" && uninvited:
		return c.refuse(a, c.named.unknownUser(16000, a.client, who))
	case a.prompt == "login" || a.prompt == "select_account" || !hinted || uninvited:
		return c.signInPage(a, c.hintedUser(a.loginHint), nil)
	}
	return c.complete(a, s)
}

// recent reports whether a sign-in is recent enough for the client's max_age (OpenID
// Connect Core section 3.1.2.1). With 0 the user must always sign in again.
func (a *authorization) recent(s session, now time.Time) bool {
	return a.maxAge == nil || *a.maxAge > 0 && !now.After(s.SignedIn.Add(*a.maxAge))
}

// parseMaxAge reads max_age, a number of seconds.
func parseMaxAge(text string) (*time.Duration, *Error) {
	if text == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return nil, failure(90100, "max_age")
	}
	age := time.Duration(seconds) * time.Second
	return &age, nil
}

// hinted reports whether an account matches the hints of the request: the user name or,
// if the path names no tenant, the organization.
func (c *call) hinted(a *authorization, who account) bool {
	if a.loginHint != "" && !strings.EqualFold(c.hintedUser(a.loginHint), who.UserPrincipalName) {
		return false
	}
	meant, known := c.tenants.Find(a.domainHint)
	return c.named != nil || !known || meant == who.home
}

// authorization checks a request. While the redirect URI is not trusted, it returns nil
// and an error that is shown to the user and not sent to the client.
func (c *call) authorization() (*authorization, *Error) {
	cl, err := c.client(c.form.Get("client_id"))
	if err != nil {
		return nil, err
	}
	sent := c.form.Get("redirect_uri")
	target, err := findRedirect(cl.app, sent)
	if err != nil {
		return nil, err
	}
	a := &authorization{
		request:     c.form,
		client:      cl,
		redirect:    target,
		sent:        sent,
		mode:        "query",
		state:       c.form.Get("state"),
		stateInForm: c.form.Has("state"),
		nonce:       c.form.Get("nonce"),
		challenge:   c.form.Get("code_challenge"),
		method:      c.form.Get("code_challenge_method"),
		prompt:      c.form.Get("prompt"),
		loginHint:   c.form.Get("login_hint"),
		domainHint:  c.form.Get("domain_hint"),
		clientInfo:  c.form.Get("client_info") == "1",
	}
	return a, c.checkAuthorization(a)
}

func (c *call) checkAuthorization(a *authorization) *Error {
	if err := c.checkResponse(a); err != nil {
		return err
	}
	switch {
	case a.prompt == "admin_consent" && c.version == v1:
		a.everybody = true
	case !slices.Contains([]string{"", "none", "login", "consent", "select_account"}, a.prompt):
		return failure(90023, "prompt")
	}
	if err := a.checkChallenge(); err != nil {
		return err
	}
	var err *Error
	if a.maxAge, err = parseMaxAge(c.form.Get("max_age")); err != nil {
		return err
	}
	if a.requestedClaims, err = parseClaimsRequest(c.form.Get("claims")); err != nil {
		return err
	}
	if a.scope, err = c.requestedScope(); err != nil {
		return err
	}
	if a.types.idToken && !a.scope.oidc.openid {
		return failure(70005, c.form.Get("response_type"), " It needs the scope openid.")
	}
	if c.named != nil {
		a.demands, err = c.named.demands(a.client, a.scope)
	}
	return err
}

// checkChallenge checks the form of a proof key's challenge (RFC 7636 section 4.2).
func (a *authorization) checkChallenge() *Error {
	if a.challenge == "" {
		if a.method != "" {
			return failure(501491)
		}
		return nil
	}
	if len(a.challenge) < 43 || len(a.challenge) > 128 {
		return failure(501491)
	}
	if a.method == "" {
		a.method = "plain"
	}
	if a.method != "plain" && a.method != "S256" {
		return failure(90023, "code_challenge_method")
	}
	return nil
}

// requestedScope returns the scope of the request. At a v1 endpoint the resource states it.
func (c *call) requestedScope() (scopeRequest, *Error) {
	if c.version == v1 {
		return resourceScope(c.form.Get("resource")), nil
	}
	text := c.form.Get("scope")
	if strings.TrimSpace(text) == "" {
		return scopeRequest{}, failure(900144, "scope")
	}
	return c.parseScope(text)
}

// authorizePath returns the authorize endpoint of the call's version.
func (c *call) authorizePath() string {
	if c.version == v1 {
		return "/oauth2/authorize"
	}
	return "/oauth2/v2.0/authorize"
}
