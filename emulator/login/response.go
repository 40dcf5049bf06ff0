package login

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"provision/emulator/directory"
)

// responseTypes are the requested types of the response: a code, tokens (the implicit
// flow), or both (the hybrid flow).
// Source: OAuth 2.0 Multiple Response Type Encoding Practices.
type responseTypes struct {
	code, token, idToken bool
}

// direct reports whether the redirect contains tokens.
func (t responseTypes) direct() bool { return t.token || t.idToken }

// parseResponseTypes returns the valid response types even if it returns an error.
func parseResponseTypes(text string) (responseTypes, *Error) {
	var types responseTypes
	words := strings.Fields(text)
	if len(words) == 0 {
		return types, failure(900144, "response_type")
	}
	for _, word := range words {
		switch word {
		case "code":
			types.code = true
		case "token":
			types.token = true
		case "id_token":
			types.idToken = true
		default:
			return types, failure(70005, text, "")
		}
	}
	if types.code && types.token {
		return types, failure(70005, text, "") // the metadata does not contain it
	}
	return types, nil
}

// checkResponse checks the response type and mode. It refuses tokens in a query,
// because servers and browser histories store queries.
func (c *call) checkResponse(a *authorization) *Error {
	mode, text := c.form.Get("response_mode"), c.form.Get("response_type")
	var err *Error
	if a.types, err = parseResponseTypes(text); a.types.direct() {
		a.mode = "fragment"
	}
	switch {
	case mode == "":
	case !slices.Contains([]string{"query", "fragment", "form_post"}, mode), mode == "query" && a.mode == "fragment":
		return failure(70007, mode)
	default:
		a.mode = mode
	}
	if err != nil {
		return err
	}
	allowed := a.client.app.Web.ImplicitGrantSettings
	switch {
	case a.types.idToken && !allowed.EnableIDTokenIssuance:
		return failure(700054)
	case a.types.token && !allowed.EnableAccessTokenIssuance:
		return failure(700051)
	case a.types.idToken && a.nonce == "":
		return failure(900144, "nonce")
	}
	return nil
}

// answer returns the parameters of an authorization response.
func (c *tenantCall) answer(a *authorization, s session, user *directory.User) (url.Values, *Error) {
	values := url.Values{"session_state": {s.ID}}
	i := issuance{
		client: a.client, user: user, session: s, platform: a.redirect.Platform, asked: a.scope, nonce: a.nonce, requestedClaims: a.requestedClaims, ipaddr: c.remoteAddress(),
		inFragment: a.mode == "fragment", authTime: a.maxAge != nil,
	}
	if a.types.code {
		code, err := c.issueCode(a, s, user)
		if err != nil {
			return nil, c.asError(err)
		}
		values.Set("code", code)
		i.codeHash = halfHash(code)
	}
	if a.types.token {
		if err := c.delegate(&i); err != nil {
			return nil, err
		}
		lifetime := accessTokenLifetime()
		access, err := c.accessToken(i, lifetime)
		if err != nil {
			return nil, c.asError(err)
		}
		values.Set("access_token", access)
		values.Set("token_type", "Bearer")
		values.Set("expires_in", strconv.FormatInt(int64(lifetime/time.Second), 10))
		values.Set("scope", c.scopeAnswer(i))
		i.accessHash = halfHash(access)
	}
	if a.types.idToken {
		token, err := c.idToken(i)
		if err != nil {
			return nil, c.asError(err)
		}
		values.Set("id_token", token)
	}
	if a.clientInfo {
		values.Set("client_info", clientInfo(s))
	}
	return values, nil
}

// halfHash binds an ID token to the code or access token that is sent with it: the
// at_hash and c_hash claims (OpenID Connect Core section 3.3.2.11).
func halfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// respond sends an authorization response to the redirect URI (OAuth 2.0 Multiple
// Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode). It returns the
// state unchanged.
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

// withValues appends a response to a redirect URI. Entra adds a slash to a web address
// without a path.
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
