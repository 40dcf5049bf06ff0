package login

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"provision/emulator/directory"
)

const (
	codeLifetime = 10 * time.Minute
	codesBucket  = "login-codes" // id of a used code → Unix time at which it expires
)

// code is an authorization code: everything about the authorization that the token
// endpoint needs.
type code struct {
	ID        string    `json:"id"`
	TenantID  string    `json:"tenantId"`
	ClientID  string    `json:"clientId"`
	Redirect  redirect  `json:"redirect"`
	Sent      string    `json:"sent"` // redirect_uri of the request; empty if it was omitted
	Scope     string    `json:"scope"`
	Nonce     string    `json:"nonce"`
	Claims    string    `json:"claims"` // the claims parameter
	Challenge string    `json:"challenge"`
	Method    string    `json:"method"`
	Session   session   `json:"session"`
	MaxAge    bool      `json:"maxAge"` // the request had max_age, so the ID token contains the time of the sign-in
	Issued    time.Time `json:"issued"`
}

func (c *tenantCall) issueCode(a *authorization, s session, user *directory.User) (string, error) {
	return c.seal.close(authorizationCode, c.cloudName(), code{
		ID: opaque(16), TenantID: c.tenant.ID, ClientID: a.client.app.AppID,
		Redirect: a.redirect, Sent: a.sent, Scope: a.scope.text, Nonce: a.nonce,
		Claims: a.request.Get("claims"), Challenge: a.challenge, Method: a.method, Session: s, MaxAge: a.maxAge != nil, Issued: c.now,
	})
}

// redeemCode redeems an authorization code (RFC 6749 section 4.1.3).
func (c *call) redeemCode() (*tenantCall, issuance, *Error) {
	t := c.named
	sent, cl, err := c.sender()
	if err != nil {
		return t, issuance{}, err
	}
	text := c.form.Get("code")
	if text == "" {
		return t, issuance{}, failure(900144, "code")
	}
	var redeemed code
	if c.seal.open(authorizationCode, c.acceptedClouds(), text, &redeemed) != nil {
		return t, issuance{}, failure(70000)
	}
	if t, cl, err = c.useTenant(cl, redeemed.TenantID); err != nil {
		return t, issuance{}, err
	}
	if err := t.checkCode(redeemed, cl); err != nil {
		return t, issuance{}, err
	}
	if err := t.authenticate(&cl, sent, redeemed.Redirect.Platform != web); err != nil {
		return t, issuance{}, err
	}
	if err := checkOrigin(c.r, redeemed.Redirect.Platform); err != nil {
		return t, issuance{}, err
	}
	if err := redeemed.checkVerifier(c.form.Get("code_verifier")); err != nil {
		return t, issuance{}, err
	}
	if err := c.useCode(redeemed.ID, redeemed.Issued.Add(codeLifetime)); err != nil {
		return t, issuance{}, err
	}
	user, err := t.activeUser(cl, redeemed.Session)
	if err != nil {
		return t, issuance{}, err
	}
	asked, err := c.tokenScope(redeemed.Scope)
	if err != nil {
		return t, issuance{}, err
	}
	requestedClaims, err := parseClaimsRequest(redeemed.Claims)
	if err != nil {
		return t, issuance{}, err
	}
	i := issuance{
		requestedClaims: requestedClaims,
		client:          cl, user: user, session: redeemed.Session, platform: redeemed.Redirect.Platform,
		asked: asked, nonce: redeemed.Nonce, authTime: redeemed.MaxAge, spaSince: redeemed.Issued,
	}
	return t, i, t.delegate(&i)
}

// checkCode checks that a code was issued for this client and redirect URI.
func (c *tenantCall) checkCode(redeemed code, cl client) *Error {
	sent := c.form.Get("redirect_uri")
	switch {
	case redeemed.TenantID != c.tenant.ID:
		return failure(700005)
	case redeemed.ClientID != cl.app.AppID:
		return failure(70000)
	case redeemed.Sent != "" && sent == "":
		return failure(900144, "redirect_uri")
	case sent != "" && !sameURI(sent, redeemed.Redirect.URI):
		return failure(500112, sent, redeemed.Redirect.URI)
	case !c.now.Before(redeemed.Issued.Add(codeLifetime)):
		return failure(70008)
	}
	return nil
}

// checkVerifier compares the code verifier with the challenge (RFC 7636 section 4.6).
// It also refuses a verifier, unless it is empty, if there was no challenge.
func (redeemed code) checkVerifier(verifier string) *Error {
	if redeemed.Challenge == "" {
		if redeemed.Redirect.Platform == spa {
			return failure(9002325)
		}
		if verifier != "" {
			return failure(501481)
		}
		return nil
	}
	derived := verifier
	if redeemed.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		derived = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(derived), []byte(redeemed.Challenge)) != 1 {
		return failure(501481)
	}
	return nil
}

// useCode marks a code as used. It succeeds only once for each code.
func (c *call) useCode(id string, expires time.Time) *Error {
	first, err := c.home.SaveOnce(codesBucket, id, expiry(expires))
	if err != nil {
		return c.asError(err)
	}
	if !first {
		return failure(54005)
	}
	return nil
}

// expiry returns a record that is valid until a time.
func expiry(at time.Time) []byte { return []byte(strconv.FormatInt(at.Unix(), 10)) }

// forgetExpired deletes the expired records of a bucket: of used codes, and of ended
// sessions.
func (l *Login) forgetExpired(bucket string) error {
	now := l.clock().Unix()
	for _, id := range l.home.Keys(bucket) {
		value, _ := l.home.Load(bucket, id)
		expires, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || expires >= now {
			continue
		}
		if err := l.home.Remove(bucket, id); err != nil {
			return fmt.Errorf("forget what has expired: %w", err)
		}
	}
	return nil
}
