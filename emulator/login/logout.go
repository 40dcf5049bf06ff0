package login

import "net/http"

// logout ends the browser's session (OpenID Connect RP-Initiated Logout 1.0). The
// browser is redirected only to a redirect URI that the client has registered, so the
// request must name the client, by client_id or by an ID token.
func (c *call) logout() *Error {
	if err := c.endSession(); err != nil {
		return c.asError(err)
	}
	target := c.form.Get("post_logout_redirect_uri")
	if target != "" {
		if cl, err := c.client(c.logoutClient()); err == nil {
			if allowed, err := findRedirect(cl.app, target); err == nil {
				target := allowed.URI
				if state := c.form.Get("state"); state != "" {
					target = withValues(target, "query", map[string][]string{"state": {state}})
				}
				c.w.Header().Set("Location", target)
				c.w.WriteHeader(http.StatusFound)
				return nil
			}
		}
	}
	return c.render(http.StatusOK, "signed_out.html", nil)
}

// logoutClient returns the client that ends the session. An expired ID token still
// identifies the client.
func (c *call) logoutClient() string {
	if id := c.form.Get("client_id"); id != "" {
		return id
	}
	return c.audienceOf(c.form.Get("id_token_hint"))
}

// audienceOf returns the aud claim of a token that this tenant signed, or "".
func (l *Login) audienceOf(token string) string {
	var claims struct {
		Audience string `json:"aud"`
	}
	if l.verified(token, &claims) != nil {
		return ""
	}
	return claims.Audience
}
