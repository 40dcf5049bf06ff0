package login

import (
	"net/http"
	"net/url"
	"strings"
)

// respond delivers an authorization response to the redirect URI
// (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post
// Response Mode). State goes back as it came.
func (c *call) respond(a *authorization, values url.Values) *Error {
	if a.stateInForm {
		values.Set("state", a.state)
	}
	c.noStore()
	c.w.Header().Set("Referrer-Policy", "no-referrer")
	if a.mode == "form_post" {
		return c.render(http.StatusOK, "form_post.html", struct {
			Action string
			Values url.Values
		}{a.redirect.URI, values})
	}
	c.w.Header().Set("Location", withValues(a.redirect.URI, a.mode, values))
	c.w.WriteHeader(http.StatusFound)
	return nil
}

// withValues appends a response to a redirect URI. Entra gives a web address
// without a path a slash.
func withValues(uri, mode string, values url.Values) string {
	if u, ok := parseHTTP(uri); ok && u.RawQuery == "" && strings.HasSuffix(strings.ToLower(uri), u.Host) {
		uri += "/"
	}
	switch {
	case mode == "fragment":
		return uri + "#" + values.Encode()
	case strings.Contains(uri, "?"):
		return uri + "&" + values.Encode()
	}
	return uri + "?" + values.Encode()
}
