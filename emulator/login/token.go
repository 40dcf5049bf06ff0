package login

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"provision/emulator/directory"
)

// token serves the token endpoint (RFC 6749 section 3.2). Scripts of any origin may
// read its answers; each grant decides what a browser may redeem.
func (l *Login) token(endpoint version, handle func(*call) *Error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			header.Set("Access-Control-Allow-Headers", "*")
			if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
				header.Set("Access-Control-Allow-Headers", asked)
				header.Set("Vary", "Access-Control-Request-Headers")
			}
			header.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusOK)
			return
		}
		c, err := l.open(w, r, endpoint)
		if err == nil {
			err = handle(c)
		}
		if err != nil {
			if err.Code == 90002 {
				err = err.as("invalid_request") // only the metadata answers invalid_tenant
			}
			c.fail(err)
		}
	}
}

// grant answers a token request.
func (c *call) grant() *Error {
	if c.r.Method != http.MethodPost {
		return failure(900561, "POST", c.r.Method)
	}
	if err := c.readForm(false); err != nil {
		return err
	}
	requestedClaims, err := parseClaimsRequest(c.form.Get("claims"))
	if err != nil {
		return err
	}
	t, i := c.named, issuance{}
	switch kind := c.form.Get("grant_type"); kind {
	case "authorization_code":
		t, i, err = c.redeemCode()
	case "refresh_token":
		t, i, err = c.refresh()
	case "client_credentials":
		t, i, err = c.clientCredentials()
	case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
		t, i, err = c.redeemDevice()
	case jwtBearer:
		t, i, err = c.onBehalfOf()
	case "password":
		t, i, err = c.passwordGrant()
	case "":
		err = failure(900144, "grant_type")
	default:
		err = failure(70003, kind)
	}
	if t != nil {
		t.logToken(i, err)
	}
	if err != nil {
		return err
	}
	if c.form.Get("claims") != "" {
		i.requestedClaims = requestedClaims
	}
	return t.issue(i)
}

// issuance is all input for the tokens of an answer.
type issuance struct {
	client               client
	resource             resource
	user                 *directory.User // nil: the application acts for itself
	session              session
	platform             platform // of the redirect URI of the sign-in
	asked                scopeRequest
	parts                []scopePart // of asked, without the scopes of OpenID Connect
	granted              []string    // delegated permissions of the resource
	nonce                string
	authTime             bool          // the ID token contains the time of the sign-in
	requestedClaims      claimsRequest // of the claims parameter
	codeHash, accessHash string        // hashes of the code and the access token that are sent with an ID token
	inFragment           bool          // of a redirect URI, which must be short
	spaSince             time.Time     // the time when a single-page application's user signed in
	ipaddr               string
}

// issue creates the tokens of an answer (RFC 6749 section 5.1).
func (c *tenantCall) issue(i issuance) *Error {
	i.ipaddr = c.remoteAddress()
	lifetime := accessTokenLifetime()
	access, err := c.accessToken(i, lifetime)
	if err != nil {
		return c.asError(err)
	}
	answer := map[string]any{"token_type": "Bearer", "access_token": access}
	c.setLifetime(answer, i, lifetime)
	if i.user != nil {
		if err := c.addUserTokens(answer, i); err != nil {
			return c.asError(err)
		}
	}
	c.log.Info("token issued", "grant", c.form.Get("grant_type"), "client", i.client.app.AppID,
		"resource", i.resource.principal.AppID, "trace", c.traceID)
	c.noStore()
	c.json(http.StatusOK, answer)
	return nil
}

// setLifetime adds the lifetime of the access token: as numbers at a v2 endpoint, as
// texts and with further members at a v1 endpoint.
func (c *call) setLifetime(answer map[string]any, i issuance, lifetime time.Duration) {
	seconds := int64(lifetime / time.Second)
	if c.version == v2 {
		answer["expires_in"] = seconds
		answer["ext_expires_in"] = seconds
		return
	}
	answer["expires_in"] = strconv.FormatInt(seconds, 10)
	answer["ext_expires_in"] = answer["expires_in"]
	answer["expires_on"] = strconv.FormatInt(c.now.Unix()+seconds, 10)
	answer["not_before"] = strconv.FormatInt(c.now.Unix(), 10)
	answer["resource"] = i.resource.name
}

func (c *tenantCall) addUserTokens(answer map[string]any, i issuance) error {
	answer["scope"] = c.scopeAnswer(i)
	if i.asked.oidc.openid {
		token, err := c.idToken(i)
		if err != nil {
			return err
		}
		answer["id_token"] = token
	}
	if i.asked.oidc.offline {
		token, err := c.refreshToken(i)
		if err != nil {
			return err
		}
		answer["refresh_token"] = token
	}
	if c.form.Get("client_info") == "1" {
		answer["client_info"] = clientInfo(i.session)
	}
	return nil
}

// scopeAnswer returns the scope member of an answer: first the strings that the client
// requested, because clients treat missing ones as refused, then all other granted
// scopes, with the client's name for the resource.
func (c *call) scopeAnswer(i issuance) string {
	if c.version == v1 {
		return strings.Join(i.granted, " ")
	}
	var words []string
	seen := map[string]bool{"offline_access": true}
	add := func(word string) {
		if key := strings.ToLower(word); !seen[key] {
			seen[key] = true
			words = append(words, word)
		}
	}
	for _, word := range strings.Fields(i.asked.text) {
		add(word)
	}
	prefix := ""
	if len(i.parts) > 0 {
		prefix = strings.TrimSuffix(i.parts[0].text, i.parts[0].value)
	}
	for _, value := range i.granted {
		add(prefix + value)
	}
	return strings.Join(words, " ")
}

// clientInfo identifies an account for MSAL: its object id and its home tenant, as
// base64url of JSON.
func clientInfo(s session) string {
	data, err := json.Marshal(struct {
		UID  string `json:"uid"`
		UTID string `json:"utid"`
	}{s.UserID, s.TenantID})
	if err != nil {
		panic("login: client info: " + err.Error()) // two strings
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// tokenScope returns the scope of a token request. If the request has none, tokenScope returns
// the scope of the preceding sign-in.
func (c *call) tokenScope(before string) (scopeRequest, *Error) {
	if c.version == v1 {
		name := c.form.Get("resource")
		if name == "" {
			if earlier, err := c.parseScope(before); err == nil && len(earlier.parts) > 0 {
				name = earlier.parts[0].resource
			}
		}
		return resourceScope(name), nil
	}
	if text := c.form.Get("scope"); strings.TrimSpace(text) != "" {
		return c.parseScope(text)
	}
	earlier, err := c.parseScope(before)
	if err != nil || len(earlier.parts) == 0 {
		return earlier, err
	}
	// A sign-in may include several resources; the first one applies.
	first := earlier.parts[0].resource
	kept := earlier.parts[:0:0]
	for _, part := range earlier.parts {
		if equalID(part.resource, first) {
			kept = append(kept, part)
		}
	}
	earlier.parts = kept
	return earlier, nil
}

// delegate adds the permissions of a client for a user.
func (c *tenantCall) delegate(i *issuance) *Error {
	d, err := c.oneDemand(i.client, i.asked)
	if err != nil {
		return err
	}
	i.resource, i.parts = d.resource, d.parts
	if err := c.admitted(i.client.principal, i.user); err != nil {
		return err
	}
	if err := c.admitted(d.resource.principal, i.user); err != nil {
		return err
	}
	i.granted, err = c.consented(i.client, i.user, d)
	return err
}
