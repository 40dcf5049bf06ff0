package login

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"provision/emulator/directory"
)

// expect compares an answer with an expected error.
func (a answer) expect(t *testing.T, name string, status int, oauth string, code int) {
	t.Helper()
	if a.status != status || a.text("error") != oauth || a.code() != code {
		t.Errorf("%s: %d %s %d, want %d %s %d: %s", name, a.status, a.text("error"), a.code(), status, oauth, code, a.text("error_description"))
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "0b1c2d3e-0000-4000-8000-000000000001"
	a := w.token(w.daemonRequest("client_secret", "wrong"), "client-request-id", id)
	a.expect(t, "wrong secret", http.StatusUnauthorized, "invalid_client", 7000215)
	stamp := w.clock.Now().Format(timestampLayout)
	want := " Trace ID: " + a.text("trace_id") + " Correlation ID: " + id + " Timestamp: " + stamp
	if d := a.text("error_description"); !strings.HasPrefix(d, "AADSTS7000215: Invalid client secret provided.") || !strings.HasSuffix(d, want) {
		t.Errorf("error_description %q", d)
	}
	if a.text("correlation_id") != id || a.text("timestamp") != stamp || a.header.Get("x-ms-request-id") != a.text("trace_id") ||
		!strings.HasSuffix(a.text("error_uri"), "/error?code=7000215") || strings.Contains(a.body, "wrong") {
		t.Errorf("body %v", a.fields)
	}
}

func TestRefusedTokenRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.desktopRequest(), w.ada)
	for name, test := range map[string]struct {
		form   url.Values
		status int
		oauth  string
		code   int
	}{
		"no grant type":             {w.daemonRequest("grant_type", "-"), 400, "invalid_request", 900144},
		"unknown grant type":        {w.daemonRequest("grant_type", "magic"), 400, "unsupported_grant_type", 70003},
		"repeated parameter":        {url.Values{"grant_type": {"a", "b"}}, 400, "invalid_request", 9000411},
		"no client":                 {w.daemonRequest("client_id", "-"), 400, "invalid_request", 900144},
		"unknown client":            {w.daemonRequest("client_id", "99999999-0000-4000-8000-000000000000"), 400, "unauthorized_client", 700016},
		"client that is no id":      {w.daemonRequest("client_id", "daemon"), 400, "unauthorized_client", 700016},
		"no secret":                 {w.daemonRequest("client_secret", "-"), 401, "invalid_client", 7000218},
		"wrong secret":              {w.daemonRequest("client_secret", "wrong"), 401, "invalid_client", 7000215},
		"another's secret":          {w.daemonRequest("client_secret", w.siteSecret), 401, "invalid_client", 7000215},
		"no scope":                  {w.daemonRequest("scope", "-"), 400, "invalid_request", 900144},
		"scope that is no default":  {w.daemonRequest("scope", "api://orders/read_data"), 400, "invalid_scope", 1002012},
		"openid alone":              {w.daemonRequest("scope", "openid profile"), 400, "invalid_scope", 1002012},
		"two resources":             {w.daemonRequest("scope", "api://orders/.default api://guarded/.default"), 400, "invalid_scope", 70011},
		"scope without a resource":  {w.daemonRequest("scope", "/.default"), 400, "invalid_scope", 70011},
		"unknown resource":          {w.daemonRequest("scope", "api://nothing/.default"), 400, "invalid_resource", 500011},
		"truncated resource":        {w.daemonRequest("scope", "api://orders"), 400, "invalid_scope", 1002012},
		"not assigned":              {w.daemonRequest("scope", "api://guarded/.default"), 400, "invalid_grant", 501051},
		"no code":                   {w.desktopRedemption("-", "code", "-"), 400, "invalid_request", 900144},
		"junk code":                 {w.desktopRedemption("junk"), 400, "invalid_grant", 70000},
		"junk sealed code":          {w.desktopRedemption("1.AAAA"), 400, "invalid_grant", 70000},
		"another client's code":     {w.siteRedemption(code, "redirect_uri", "http://localhost:5555"), 400, "invalid_grant", 70000},
		"another redirect URI":      {w.desktopRedemption(code, "redirect_uri", "http://localhost:6666"), 400, "invalid_client", 500112},
		"redirect URI left out":     {w.desktopRedemption(code, "redirect_uri", "-"), 400, "invalid_request", 900144},
		"wrong verifier":            {w.desktopRedemption(code, "code_verifier", "wrong"), 400, "invalid_grant", 501481},
		"no verifier":               {w.desktopRedemption(code, "code_verifier", "-"), 400, "invalid_grant", 501481},
		"secret of a public client": {w.desktopRedemption(code, "client_secret", "any"), 401, "invalid_client", 700025},
		"no refresh token":          {w.desktopRedemption(code, "grant_type", "refresh_token"), 400, "invalid_request", 900144},
		"junk refresh token":        {w.desktopRedemption(code, "grant_type", "refresh_token", "refresh_token", "junk"), 400, "invalid_grant", 70000},
		"a code as a refresh token": {w.desktopRedemption(code, "grant_type", "refresh_token", "refresh_token", code), 400, "invalid_grant", 70000},
		"password grant, no name":   {w.desktopRedemption(code, "grant_type", "password"), 400, "invalid_request", 900144},
	} {
		w.token(test.form).expect(t, name, test.status, test.oauth, test.code)
	}
	// None of these requests has redeemed the code.
	w.granted(w.desktopRedemption(code))
}

func TestTokenEndpointTakesPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if p := w.get(w.browser(), w.tokenPath(), w.daemonRequest()); p.status != http.StatusMethodNotAllowed || !strings.Contains(p.body, "AADSTS900561") {
		t.Errorf("GET: %d %s", p.status, p.body)
	}
	// A login endpoint with a trailing slash causes two slashes in the path.
	if a := w.tokenAt("/"+w.tokenPath(), w.daemonRequest()); a.status != http.StatusOK {
		t.Errorf("double slash: %d %v", a.status, a.fields)
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.granted(w.daemonRequest("scope", "api://orders/.default openid profile offline_access"))
	if len(a.fields) != 4 || a.text("token_type") != "Bearer" || a.text("access_token") == "" {
		t.Errorf("answer %v", a.fields)
	}

	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(w.daemon.AppID+":"+url.QueryEscape(w.daemonSecret)))
	w.granted(w.daemonRequest("client_id", "-", "client_secret", "-"), "Authorization", basic)
	w.token(w.daemonRequest("client_id", w.site.AppID, "client_secret", "-"), "Authorization", basic).
		expect(t, "two clients", 400, "invalid_request", 9002313)
	w.token(w.daemonRequest(), "Origin", "https://page.example").
		expect(t, "secret in a browser", 400, "invalid_request", 9002326)

	w.update(func(tx *directory.Tx) { w.assign(tx, w.daemonSP.ID, w.guardedSP, directory.DefaultRole) })
	if c := w.claims(w.granted(w.daemonRequest("scope", "api://guarded/.default")).text("access_token")); c["roles"] != nil {
		t.Errorf("the default role has a value: %v", c["roles"])
	}
}

func TestSecretsInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var old, later, principals string
	w.update(func(tx *directory.Tx) {
		now := w.clock.Now()
		old = w.secret(tx, w.daemon.ID, directory.PasswordCredential{EndDateTime: now.Add(time.Hour)})
		later = w.secret(tx, w.daemon.ID, directory.PasswordCredential{StartDateTime: now.Add(time.Hour), EndDateTime: now.Add(3 * time.Hour)})
		principals = w.secret(tx, w.daemonSP.ID, directory.PasswordCredential{})
	})
	w.granted(w.daemonRequest("client_secret", old))
	w.granted(w.daemonRequest("client_secret", principals))
	w.token(w.daemonRequest("client_secret", later)).expect(t, "not yet valid", 401, "invalid_client", 7000215)
	w.clock.advance(2 * time.Hour)
	w.granted(w.daemonRequest("client_secret", later))
	w.token(w.daemonRequest("client_secret", old)).expect(t, "expired", 401, "invalid_client", 7000222)
}

func TestClientWithoutPrincipal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) { w.must(tx.DeleteServicePrincipal(w.daemonSP.ID)) })
	w.token(w.daemonRequest()).expect(t, "no principal", 401, "invalid_client", 7000229)
	w.changePrincipal(w.siteSP.ID, func(sp *directory.ServicePrincipal) { sp.AccountEnabled = false })
	w.token(w.daemonRequest("client_id", w.site.AppID, "client_secret", w.siteSecret)).expect(t, "disabled", 400, "unauthorized_client", 7000112)
	w.changePrincipal(w.siteSP.ID, func(sp *directory.ServicePrincipal) { sp.AccountEnabled = true })
	w.changePrincipal(w.apiSP.ID, func(sp *directory.ServicePrincipal) { sp.AccountEnabled = false })
	w.token(w.daemonRequest("client_id", w.site.AppID, "client_secret", w.siteSecret)).expect(t, "disabled resource", 400, "invalid_resource", 500014)
}

func TestCodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.desktopRequest(), w.ada)
	w.granted(w.desktopRedemption(code))
	w.token(w.desktopRedemption(code)).expect(t, "again", 400, "invalid_grant", 54005)
	w.open() // keeps everything that could be used again
	if w.login.forgetExpired(codesBucket) != nil || len(w.dir.Keys(codesBucket)) != 1 {
		t.Errorf("used codes %v", w.dir.Keys(codesBucket))
	}
	w.token(w.desktopRedemption(code)).expect(t, "after a restart", 400, "invalid_grant", 54005)
	w.clock.advance(codeLifetime + time.Second)
	w.token(w.desktopRedemption(code)).expect(t, "expired", 400, "invalid_grant", 70008)
	w.open()
	if used := w.dir.Keys(codesBucket); len(used) != 0 {
		t.Errorf("expired codes are kept: %v", used)
	}
}

func TestCodeExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.desktopRequest(), w.ada)
	w.clock.advance(codeLifetime)
	w.token(w.desktopRedemption(code)).expect(t, "expired", 400, "invalid_grant", 70008)
}

func TestProofKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := strings.Repeat("plain", 10)
	for name, test := range map[string]struct {
		request  []string
		verifier string
		code     int
	}{
		"S256":                       {nil, verifier, 0},
		"S256, the challenge itself": {nil, challenge(), 501481},
		"plain":                      {[]string{"code_challenge", plain, "code_challenge_method", "plain"}, plain, 0},
		"plain by default":           {[]string{"code_challenge", plain, "code_challenge_method", "-"}, plain, 0},
		"plain, wrong":               {[]string{"code_challenge", plain, "code_challenge_method", "plain"}, plain + "x", 501481},
		"none":                       {[]string{"code_challenge", "-", "code_challenge_method", "-"}, "-", 0},
		"none, empty verifier":       {[]string{"code_challenge", "-", "code_challenge_method", "-"}, "", 0},
		"none, some verifier":        {[]string{"code_challenge", "-", "code_challenge_method", "-"}, verifier, 501481},
	} {
		code := w.code(w.desktopRequest(test.request...), w.ada)
		a := w.token(w.desktopRedemption(code, "code_verifier", test.verifier))
		if a.code() != test.code {
			t.Errorf("%s: %d %s", name, a.status, a.text("error_description"))
		}
	}
	sum := sha256.Sum256([]byte(verifier))
	if challenge() != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Error("the test's own challenge is wrong")
	}
}

func TestConfidentialClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.siteRequest(), w.ada)
	w.token(w.siteRedemption(code, "client_secret", "-")).expect(t, "no secret", 401, "invalid_client", 7000218)
	w.token(w.siteRedemption(code, "client_secret", "wrong")).expect(t, "wrong secret", 401, "invalid_client", 7000215)
	a := w.granted(w.siteRedemption(code))
	// If the request contains no scopes, the scopes of the code apply.
	if a.text("id_token") == "" || a.text("refresh_token") == "" || a.text("scope") != "api://orders/read_data openid profile api://orders/write_data" {
		t.Errorf("answer %v", a.fields)
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.site.AppID, "refresh_token", a.text("refresh_token"))
	w.token(refresh).expect(t, "refresh without secret", 401, "invalid_client", 7000218)
	w.granted(form(refresh, "client_secret", w.siteSecret))
}

func TestRedirectURILeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.siteRequest("redirect_uri", "-", "state", "-"), w.ada)
	w.granted(w.siteRedemption(code, "redirect_uri", "-"))
	code = w.code(w.siteRequest("redirect_uri", "-"), w.ada)
	w.granted(w.siteRedemption(code))
}

func TestSinglePageApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	origin := []string{"Origin", "https://page.example"}
	code := w.code(w.pageRequest(), w.ada)
	w.token(w.pageRedemption(code)).expect(t, "no origin", 400, "invalid_request", 9002327)
	a := w.granted(w.pageRedemption(code), origin...)
	if a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the page may not read its answer")
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.page.AppID, "refresh_token", a.text("refresh_token"))
	w.token(refresh).expect(t, "refresh, no origin", 400, "invalid_request", 9002327)

	code = w.code(w.pageRequest("code_challenge", "-", "code_challenge_method", "-"), w.ada)
	w.token(w.pageRedemption(code, "code_verifier", "-"), origin...).expect(t, "no proof key", 400, "invalid_request", 9002325)
	code = w.code(w.desktopRequest(), w.ada)
	w.token(w.desktopRedemption(code), origin...).expect(t, "desktop in a browser", 400, "invalid_request", 9002326)
	code = w.code(w.siteRequest(), w.ada)
	w.token(w.siteRedemption(code), origin...).expect(t, "site in a browser", 400, "invalid_request", 9002326)

	// A day after the sign-in the token has expired, however often it was refreshed.
	w.clock.advance(23 * time.Hour)
	again := w.granted(refresh, origin...)
	w.clock.advance(time.Hour)
	w.token(form(refresh, "refresh_token", again.text("refresh_token")), origin...).expect(t, "a day later", 400, "invalid_grant", 700084)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := http.NewRequest(http.MethodOptions, w.origin+w.tokenPath(), nil)
	w.must(err)
	r.Header.Set("Origin", "https://page.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "x-requested-with")
	p := w.do(w.browser(), r)
	if p.status != http.StatusOK || p.header.Get("Access-Control-Allow-Origin") != "*" || p.header.Get("Access-Control-Allow-Headers") != "x-requested-with" ||
		!strings.Contains(p.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("%d %v", p.status, p.header)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada)))
	refresh := func(token string, pairs ...string) url.Values {
		return form(form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", token), pairs...)
	}
	second := w.granted(refresh(first.text("refresh_token"), "scope", "api://orders/.default openid"))
	if second.text("refresh_token") == first.text("refresh_token") || second.text("refresh_token") == "" || second.text("id_token") == "" {
		t.Errorf("answer %v", second.fields)
	}
	if c := w.claims(second.text("id_token")); c["nonce"] != nil {
		t.Error("the nonce of the sign-in comes again")
	}
	if a := w.granted(refresh(first.text("refresh_token"))); a.text("scope") != "api://orders/read_data openid profile" {
		t.Errorf("without a scope, that of the sign-in counts: %q", a.text("scope"))
	}
	w.token(refresh(first.text("refresh_token"), "scope", "https://graph.microsoft.com/User.Read")).expect(t, "no consent", 400, "invalid_grant", 65001)
	if a := w.token(refresh(first.text("refresh_token"), "scope", "api://orders/write_data")); a.text("suberror") != "consent_required" {
		t.Errorf("suberror %q", a.text("suberror"))
	}
	w.token(refresh(first.text("refresh_token"), "scope", "api://orders/read_data api://guarded/enter")).expect(t, "two resources", 400, "invalid_request", 28000)
	w.token(refresh(first.text("refresh_token"), "scope", "api://guarded/enter")).expect(t, "not assigned", 400, "invalid_grant", 50105)
	w.token(refresh(first.text("refresh_token"), "scope", "api://orders/none")).expect(t, "no such scope", 400, "invalid_client", 650053)
	w.token(refresh(first.text("refresh_token"), "client_id", w.page.AppID)).expect(t, "another client", 400, "invalid_grant", 70000)

	w.clock.advance(refreshLifetime)
	w.token(refresh(first.text("refresh_token"))).expect(t, "90 days later", 400, "invalid_grant", 700082)
}

func TestTokensOfADisabledUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.desktopRequest(), w.ada)
	token := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("refresh_token")
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", token)
	w.update(func(tx *directory.Tx) {
		ada := w.ada.Clone()
		ada.AccountEnabled = false
		w.must(tx.UpdateUser(ada))
	})
	w.token(refresh).expect(t, "disabled", 400, "invalid_grant", 50057)
	w.token(w.desktopRedemption(code)).expect(t, "disabled", 400, "invalid_grant", 50057)
	w.update(func(tx *directory.Tx) { w.must(tx.DeleteUser(w.ada.ID)) })
	w.token(refresh).expect(t, "deleted", 400, "invalid_grant", 50034)
}

// A new password ends the sessions and refresh tokens of the old one, except for confidential
// clients.
func TestPasswordChangeRevokes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	browser := w.browser()
	p := w.arrived(browser, w.desktopRequest(), w.ada)
	public := w.granted(w.desktopRedemption(p.location.Query().Get("code"))).text("refresh_token")
	confidential := w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada))).text("refresh_token")
	w.clock.advance(time.Minute)
	w.update(func(tx *directory.Tx) { w.must(tx.SetPassword(w.ada.ID, "Another-Horse-8", false)) })
	refresh := func(token string, pairs ...string) url.Values {
		return form(url.Values{"grant_type": {"refresh_token"}, "client_id": {w.desktop.AppID}, "refresh_token": {token}}, pairs...)
	}
	refused := w.token(refresh(public))
	refused.expect(t, "a public client", 400, "invalid_grant", 50173)
	if text := refused.text("error_description"); !strings.Contains(text, "issued on '2026-05-04T12:00:00.0000000Z'") || !strings.Contains(text, "is '2026-05-04T12:01:00.0000000Z'") {
		t.Error(text)
	}
	w.granted(refresh(confidential, "client_id", w.site.AppID, "client_secret", w.siteSecret))
	shown := w.get(browser, w.authorizePath(), w.desktopRequest())
	if shown.status != http.StatusOK || !strings.Contains(shown.body, `name="passwd"`) {
		t.Fatalf("the browser is signed in still: %d %v", shown.status, shown.location)
	}
	p = w.signIn(browser, shown, w.ada.UserPrincipalName, "Another-Horse-8")
	w.granted(refresh(w.granted(w.desktopRedemption(p.location.Query().Get("code"))).text("refresh_token")))
}

func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := func(pairs ...string) url.Values {
		return form(url.Values{
			"grant_type": {"password"}, "client_id": {w.desktop.AppID}, "scope": {"api://orders/read_data openid profile offline_access"},
			"username": {w.ada.UserPrincipalName}, "password": {password}, "response_type": {"id_token token"},
		}, pairs...)
	}
	a := w.granted(request())
	if a.text("id_token") == "" || a.text("refresh_token") == "" {
		t.Errorf("answer %v", a.fields)
	}
	w.granted(form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", a.text("refresh_token")))
	w.token(request("password", "wrong")).expect(t, "wrong password", 400, "invalid_grant", 50126)
	w.token(request("username", "nobody@example.com")).expect(t, "unknown user", 400, "invalid_grant", 50034)
	w.token(request("username", w.eve.UserPrincipalName)).expect(t, "disabled user", 400, "invalid_grant", 50057)
	w.token(request("scope", "api://orders/write_data")).expect(t, "no consent", 400, "invalid_grant", 65001)
	w.token(request("scope", "api://guarded/enter")).expect(t, "not assigned", 400, "invalid_grant", 50105)
	w.token(request("client_id", w.site.AppID)).expect(t, "no secret", 401, "invalid_client", 7000218)
	w.granted(request("client_id", w.site.AppID, "client_secret", w.siteSecret))
	w.update(func(tx *directory.Tx) { w.must(tx.SetPassword(w.ada.ID, "Another-Horse-8", true)) })
	w.token(request("password", "Another-Horse-8")).expect(t, "must choose another", 400, "invalid_grant", 50055)
}

func TestTokenRequestScopeTakesPrecedence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// As MSAL Go does: first only the API's scope, then the others with the code.
	code := w.code(w.desktopRequest("scope", "api://orders/read_data"), w.ada)
	a := w.granted(w.desktopRedemption(code, "client_info", "1"))
	if a.text("id_token") == "" || a.text("refresh_token") == "" {
		t.Errorf("answer %v", a.fields)
	}
	info, err := base64.RawURLEncoding.DecodeString(a.text("client_info"))
	w.must(err)
	var account struct{ UID, UTID string }
	w.must(json.Unmarshal(info, &account))
	if account.UID != w.ada.ID || account.UTID != w.tid() {
		t.Errorf("client_info %s", info)
	}
	code = w.code(w.desktopRequest(), w.ada)
	a = w.granted(w.desktopRedemption(code, "scope", "api://orders/read_data"))
	for _, name := range []string{"id_token", "refresh_token", "client_info"} {
		if a.fields[name] != nil {
			t.Errorf("%s was not asked for", name)
		}
	}
	// A sign-in for two resources; each token is for one.
	code = w.code(w.siteRequest("scope", "User.Read api://orders/read_data openid"), w.ada)
	if c := w.claims(w.granted(w.siteRedemption(code)).text("access_token")); c["aud"] != directory.MicrosoftGraphAppID {
		t.Errorf("the first of two resources is meant, not %v", c["aud"])
	}
	code = w.code(w.siteRequest("scope", "User.Read api://orders/read_data openid"), w.ada)
	w.token(w.siteRedemption(code, "scope", "User.Read api://orders/read_data")).expect(t, "two resources", 400, "invalid_request", 28000)
}
