package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"provision/emulator/directory"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.authorized(w.desktopRequest(), w.ada)
	if answer.Get("state") != "a state & more" || answer.Get("session_state") == "" || answer.Get("code") == "" {
		t.Fatalf("authorization response %v", answer)
	}
	a := w.granted(w.desktopRedemption(answer.Get("code"), "client_info", "1"))
	if a.text("token_type") != "Bearer" || a.fields["expires_in"].(float64) < 3600 || a.fields["ext_expires_in"] != a.fields["expires_in"] {
		t.Errorf("answer %v", a.fields)
	}
	for _, name := range []string{"access_token", "id_token", "refresh_token", "client_info"} {
		if a.text(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if got := a.text("scope"); got != "api://orders/read_data openid profile" {
		t.Errorf("scope %q", got)
	}
	if a.header.Get("Cache-Control") != "no-store, no-cache" || a.header.Get("Pragma") != "no-cache" {
		t.Errorf("answer may be cached: %v", a.header)
	}
	if c := w.claims(a.text("id_token")); c["nonce"] != "n-1" {
		t.Errorf("nonce %v", c["nonce"])
	}
}

func TestWrongSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct{ user, password, code string }{
		"wrong password":             {w.ada.UserPrincipalName, "wrong", "AADSTS50126"},
		"unknown user":               {"nobody@example.com", password, "AADSTS50034"},
		"disabled user":              {w.eve.UserPrincipalName, password, "AADSTS50057"},
		"disabled user, no password": {w.eve.UserPrincipalName, "wrong", "AADSTS50126"},
		"nothing filled in":          {"", "", "AADSTS50034"},
	} {
		client := w.browser()
		p := w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), test.user, test.password)
		if p.status != http.StatusOK || !strings.Contains(p.body, test.code+": ") {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
		if strings.Contains(p.body, "wrong") {
			t.Errorf("%s: the page repeats the password", name)
		}
		// The page with the error accepts another attempt.
		if p = w.signIn(client, p, strings.ToUpper(w.ada.UserPrincipalName), password); p.location == nil || p.location.Query().Get("code") == "" {
			t.Errorf("%s: no second attempt: %d", name, p.status)
		}
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.get(w.browser(), w.authorizePath(), w.desktopRequest("login_hint", `"><script>alert(1)</script>`))
	for _, want := range []string{`autocomplete="username"`, `autocomplete="current-password"`, `name="viewport"`, "<label", "Desktop", "&lt;script&gt;"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	for _, mistake := range []string{"<script>alert", "http://", "https://", "src="} {
		if strings.Contains(p.body, mistake) {
			t.Errorf("page has %s", mistake)
		}
	}
	policy := p.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if p := w.get(w.browser(), w.authorizePath(), w.desktopRequest("login_hint", "ada@example.com")); !strings.Contains(p.body, `value="ada@example.com"`) {
		t.Error("login_hint does not fill in the user name")
	}
}

func TestSignInFormIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	shown := w.get(client, w.authorizePath(), w.desktopRequest())
	fields := form(hiddenFields(shown.body), "loginfmt", w.ada.UserPrincipalName, "passwd", password)
	path := "/" + w.tid() + "/login"

	if p := w.post(client, path, fields, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS9002313") {
		t.Errorf("form of another site: %d", p.status)
	}
	if p := w.post(client, path, form(fields, "ctx", "1.AAAA")); p.status != http.StatusBadRequest {
		t.Errorf("forged context: %d", p.status)
	}
	code := w.code(w.desktopRequest(), w.ada)
	if p := w.post(client, path, form(fields, "ctx", code)); p.status != http.StatusBadRequest {
		t.Errorf("a code as context: %d", p.status)
	}
	if p := w.post(client, path, fields, "Sec-Fetch-Site", "same-origin"); p.status != http.StatusFound {
		t.Errorf("own form: %d %s", p.status, p.body)
	}
	w.clock.advance(signInTime + time.Second)
	if p := w.post(client, path, fields); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50089") {
		t.Errorf("form left open too long: %d", p.status)
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	silent := func(pairs ...string) url.Values {
		p := w.get(client, w.authorizePath(), w.desktopRequest(append([]string{"prompt", "none"}, pairs...)...))
		if p.location == nil {
			t.Fatalf("silent request got a page: %d %s", p.status, p.body)
		}
		return p.location.Query()
	}
	if q := silent(); q.Get("error") != "login_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS50058") {
		t.Errorf("nobody signed in: %v", q)
	}
	w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, password)
	if q := silent(); q.Get("code") == "" {
		t.Errorf("signed in: %v", q)
	}
	if q := silent("login_hint", w.bob.UserPrincipalName); q.Get("error") != "login_required" {
		t.Errorf("another user is meant: %v", q)
	}
	if q := silent("login_hint", loginHint(session{UserID: w.ada.ID, TenantID: w.tid()})); q.Get("code") == "" {
		t.Errorf("hint of the login_hint claim: %v", q)
	}
	if q := silent("scope", "api://orders/write_data"); q.Get("error") != "consent_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS65001") || q.Get("suberror") != "consent_required" {
		t.Errorf("consent missing: %v", q)
	}
	if q := silent("scope", "api://guarded/enter"); q.Get("error") != "interaction_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS50105") {
		t.Errorf("not assigned: %v", q)
	}
	if p := w.get(client, w.authorizePath(), w.desktopRequest()); p.location == nil {
		t.Error("a second sign-in asks again")
	}
	for _, prompt := range []string{"login", "select_account"} {
		if p := w.get(client, w.authorizePath(), w.desktopRequest("prompt", prompt)); !strings.Contains(p.body, `name="passwd"`) {
			t.Errorf("prompt=%s shows no form", prompt)
		}
	}
	w.clock.advance(sessionLifetime + time.Second)
	if q := silent(); q.Get("error") != "login_required" {
		t.Errorf("old session: %v", q)
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	p := w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, password)
	cookie := p.header.Get("Set-Cookie")
	for _, want := range []string{"ESTSAUTH=1.", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	p := w.signIn(client, w.get(client, w.authorizePath(), w.siteRequest()), w.ada.UserPrincipalName, password)
	id := w.granted(w.siteRedemption(p.location.Query().Get("code"))).text("id_token")
	logout := "/" + w.tid() + "/oauth2/v2.0/logout"
	home := "https://site.example/callback"
	if p := w.get(client, logout, url.Values{"post_logout_redirect_uri": {"https://evil.example/"}, "id_token_hint": {id}}); p.status != http.StatusOK {
		t.Errorf("unregistered address: %d %v", p.status, p.location)
	}
	if p := w.get(client, logout, url.Values{"post_logout_redirect_uri": {home}, "id_token_hint": {id}, "state": {"s"}}); p.location == nil || p.location.String() != home+"?state=s" {
		t.Errorf("registered address: %d %v", p.status, p.location)
	}
	if p := w.get(client, w.authorizePath(), w.siteRequest("prompt", "none")); p.location.Query().Get("error") != "login_required" {
		t.Errorf("still signed in: %v", p.location)
	}
}

// TestLogoutRevokesSessionCookies: after a sign-out, a copy of the session's cookie is invalid,
// even after a restart of the server. Another browser stays signed in.
func TestLogoutRevokesSessionCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, other := w.browser(), w.browser()
	for _, c := range []*http.Client{client, other} {
		w.signIn(c, w.get(c, w.authorizePath(), w.siteRequest()), w.ada.UserPrincipalName, password)
	}
	origin, err := url.Parse(w.origin)
	w.must(err)
	copied := client.Jar.Cookies(origin)
	w.get(client, "/"+w.tid()+"/oauth2/v2.0/logout", nil)
	thief := w.browser()
	thief.Jar.SetCookies(origin, copied)
	silent := w.siteRequest("prompt", "none")
	for range 2 {
		if p := w.get(thief, w.authorizePath(), silent); p.location.Query().Get("error") != "login_required" {
			t.Errorf("signed in with a copy of the cookie: %v", p.location)
		}
		if p := w.get(other, w.authorizePath(), silent); p.location.Query().Get("code") == "" {
			t.Errorf("the other browser is signed out: %v", p.location)
		}
		w.open()
	}
	w.clock.advance(sessionLifetime + time.Second)
	w.open()
	if kept := w.dir.Keys(endedSessionsBucket); len(kept) != 0 {
		t.Errorf("ended sessions are kept after they have expired: %v", kept)
	}
}

// TestMaxAge: if the sign-in is older than max_age, the user must sign in again, and the ID token
// contains the time.
func TestMaxAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	w.signIn(client, w.get(client, w.authorizePath(), w.siteRequest()), w.ada.UserPrincipalName, password)
	signedIn := w.clock.Now().Unix()
	w.clock.advance(time.Minute)
	p := w.get(client, w.authorizePath(), w.siteRequest("max_age", "60"))
	if p.location == nil || p.location.Query().Get("code") == "" {
		t.Fatalf("a sign-in of the age that is allowed: %d %v", p.status, p.location)
	}
	if c := w.claims(w.granted(w.siteRedemption(p.location.Query().Get("code"))).text("id_token")); c["auth_time"] != float64(signedIn) {
		t.Errorf("auth_time %v, want %d", c["auth_time"], signedIn)
	}
	w.clock.advance(time.Second)
	for _, age := range []string{"60", "0"} {
		if p := w.get(client, w.authorizePath(), w.siteRequest("max_age", age, "prompt", "none")); p.location.Query().Get("error") != "login_required" {
			t.Errorf("max_age=%s, silently: %v", age, p.location)
		}
	}
	p = w.get(client, w.authorizePath(), w.siteRequest("max_age", "60"))
	if p.status != http.StatusOK || !strings.Contains(p.body, "passwd") {
		t.Fatalf("a sign-in that is too old: %d %v", p.status, p.location)
	}
	p = w.signIn(client, p, w.ada.UserPrincipalName, password)
	if c := w.claims(w.granted(w.siteRedemption(p.location.Query().Get("code"))).text("id_token")); c["auth_time"] != float64(w.clock.Now().Unix()) {
		t.Errorf("auth_time %v after the sign-in again", c["auth_time"])
	}
	if p := w.get(client, w.authorizePath(), w.siteRequest("max_age", "0")); p.location != nil {
		t.Errorf("max_age=0 right after a sign-in: %v", p.location)
	}
	for _, bad := range []string{"-1", "x", "1.5"} {
		if p := w.get(client, w.authorizePath(), w.siteRequest("max_age", bad)); p.location == nil || !strings.Contains(p.location.Query().Get("error_description"), "AADSTS90100") {
			t.Errorf("max_age=%s: %d %v", bad, p.status, p.location)
		}
	}
	if c := w.claims(w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada))).text("id_token")); c["auth_time"] != nil {
		t.Errorf("auth_time without max_age: %v", c["auth_time"])
	}
}

// TestADeactivatedApplicationGetsNoTokens with its secret, for a user, or with a refresh token.
func TestADeactivatedApplicationGetsNoTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada)))
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.site.AppID, "client_secret", w.siteSecret, "refresh_token", a.text("refresh_token"))
	w.granted(refresh)
	w.granted(w.daemonRequest())
	for _, app := range []*directory.Application{w.site, w.daemon} {
		w.change(app.ID, func(app *directory.Application) { app.IsDisabled = ptr(true) })
	}
	w.token(w.daemonRequest()).expect(t, "an application's own", 400, "unauthorized_client", 7000112)
	w.token(refresh).expect(t, "a refresh token", 400, "unauthorized_client", 7000112)
	if p := w.get(w.browser(), w.authorizePath(), w.siteRequest()); !strings.Contains(p.body, "AADSTS7000112") {
		t.Errorf("a sign-in: %d %v", p.status, p.location)
	}
}
