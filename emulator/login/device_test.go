package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"provision/emulator/directory"
)

func (w *world) deviceCode(pairs ...string) answer {
	w.t.Helper()
	return w.tokenAt("/"+w.tid()+"/oauth2/v2.0/devicecode", form(url.Values{
		"client_id": {w.desktop.AppID}, "scope": {"api://orders/read_data openid profile offline_access"},
	}, pairs...))
}

// devicePoll requests the tokens as the device.
func (w *world) devicePoll(d answer, pairs ...string) answer {
	w.t.Helper()
	return w.token(form(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {w.desktop.AppID}, "device_code": {d.text("device_code")},
	}, pairs...))
}

// typed enters a user code in the page and returns the next page.
func (w *world) typed(client *http.Client, code string) page {
	w.t.Helper()
	p := w.get(client, "/"+w.tid()+"/deviceauth", nil)
	action := actionPattern.FindStringSubmatch(p.body)
	if p.status != http.StatusOK || action == nil || !strings.Contains(p.body, `name="otc"`) {
		w.t.Fatalf("no form for the code: %d %s", p.status, p.body)
	}
	return w.post(client, action[1], url.Values{"otc": {code}})
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.deviceCode()
	code := d.text("user_code")
	if d.status != http.StatusOK || len(code) != userCodeLength || d.fields["expires_in"] != 900.0 || d.fields["interval"] != 5.0 ||
		d.text("verification_uri") != w.origin+"/"+w.tid()+"/deviceauth" || !strings.Contains(d.text("message"), code) || !strings.Contains(d.text("message"), d.text("verification_uri")) {
		t.Fatalf("%d %v", d.status, d.fields)
	}
	w.devicePoll(d).expect(t, "nobody yet", 400, "authorization_pending", 70016)
	w.devicePoll(d).expect(t, "in a hurry", 400, "slow_down", 70016)
	w.clock.advance(deviceInterval)
	w.devicePoll(d, "grant_type", "device_code").expect(t, "nobody yet", 400, "authorization_pending", 70016)

	w.open() // with a restart in between
	client := w.browser()
	p := w.typed(client, strings.ToLower(code[:4])+"-"+code[4:])
	if !strings.Contains(p.body, "<strong>Desktop</strong>") {
		t.Errorf("the page does not say who asks: %s", p.body)
	}
	w.open()
	p = w.signIn(client, p, w.ada.UserPrincipalName, password)
	if p.status != http.StatusOK || !strings.Contains(p.body, "You have signed in to the Desktop application on your device") {
		t.Fatalf("after the sign-in: %d %s", p.status, p.body)
	}
	w.open()
	a := w.devicePoll(d, "client_info", "1")
	if a.status != http.StatusOK || a.text("refresh_token") == "" || a.text("client_info") == "" {
		t.Fatalf("%d %v", a.status, a.fields)
	}
	if c := w.claims(a.text("access_token")); c["oid"] != w.ada.ID || c["scp"] != "read_data" || c["azp"] != w.desktop.AppID {
		t.Errorf("claims %v", c)
	}
	if c := w.claims(a.text("id_token")); c["aud"] != w.desktop.AppID {
		t.Errorf("id token %v", c)
	}
	w.granted(form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", a.text("refresh_token")))
	w.devicePoll(d).expect(t, "again", 400, "invalid_grant", 54005)
	if p := w.typed(client, code); !strings.Contains(p.body, "AADSTS70018") {
		t.Errorf("the code again: %s", p.body)
	}
	if keys := w.dir.Keys(devicesBucket); len(keys) != 0 {
		t.Errorf("kept %v", keys)
	}
}

func TestDeviceCodeV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.tokenAt("/"+w.tid()+"/oauth2/devicecode", url.Values{"client_id": {w.desktop.AppID}, "resource": {"api://orders"}})
	if d.text("expires_in") != "900" || d.text("interval") != "5" || d.text("verification_url") == "" {
		t.Fatalf("%v", d.fields)
	}
	poll := url.Values{"grant_type": {"device_code"}, "client_id": {w.desktop.AppID}, "code": {d.text("device_code")}, "resource": {"api://orders"}}
	w.tokenAt("/"+w.tid()+"/oauth2/token", poll).expect(t, "nobody yet", 400, "authorization_pending", 70016)
	client := w.browser()
	w.signIn(client, w.typed(client, d.text("user_code")), w.ada.UserPrincipalName, password)
	a := w.tokenAt("/"+w.tid()+"/oauth2/token", poll)
	if a.status != http.StatusOK || a.text("resource") != "api://orders" || a.text("expires_on") == "" {
		t.Errorf("%d %v", a.status, a.fields)
	}
}

func TestDeviceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deviceCode("client_id", "-").expect(t, "no client", 400, "invalid_request", 900144)
	w.deviceCode("client_id", "99999999-0000-4000-8000-000000000000").expect(t, "unknown client", 400, "unauthorized_client", 700016)
	w.deviceCode("scope", "-").expect(t, "no scope", 400, "invalid_request", 900144)
	w.deviceCode("scope", "api://nothing/read").expect(t, "no such resource", 400, "invalid_resource", 500011)

	d := w.deviceCode()
	w.devicePoll(d, "device_code", "-").expect(t, "no device code", 400, "invalid_request", 900144)
	w.devicePoll(d, "device_code", "junk").expect(t, "junk", 400, "bad_verification_code", 70018)
	w.devicePoll(d, "client_id", w.page.AppID).expect(t, "another client", 400, "bad_verification_code", 70018)
	site := w.deviceCode("client_id", w.site.AppID)
	w.devicePoll(site, "client_id", w.site.AppID).expect(t, "not a public client", 401, "invalid_client", 7000218)
	w.devicePoll(site, "client_id", w.site.AppID, "client_secret", w.siteSecret).expect(t, "with its secret", 400, "authorization_pending", 70016)

	client := w.browser()
	for _, code := range []string{"", "WRONG", d.text("user_code") + "/poll", d.text("user_code")[1:]} {
		if p := w.typed(client, code); !strings.Contains(p.body, `id="error">AADSTS70018: `) {
			t.Errorf("code %q: %d %s", code, p.status, p.body)
		}
	}
	// A user who is already signed in must confirm, too.
	w.arrived(client, w.desktopRequest(), w.ada)
	p := w.typed(client, d.text("user_code"))
	if !strings.Contains(p.body, `name="passwd"`) || !strings.Contains(p.body, w.ada.UserPrincipalName) {
		t.Errorf("signed in already: %s", p.body)
	}
	p = w.post(client, "/"+w.tid()+"/login", form(hiddenFields(p.body), "decision", "cancel"))
	if !strings.Contains(p.body, "You have refused the sign-in") {
		t.Errorf("cancelled: %d %s", p.status, p.body)
	}
	w.devicePoll(d).expect(t, "declined", 400, "authorization_declined", 65004)

	d = w.deviceCode()
	w.clock.advance(deviceLifetime)
	w.devicePoll(d).expect(t, "expired", 400, "expired_token", 70019)
	if p := w.typed(client, d.text("user_code")); !strings.Contains(p.body, "AADSTS70018") {
		t.Errorf("expired: %s", p.body)
	}
	w.open()
	if keys := w.dir.Keys(devicesBucket); len(keys) != 0 {
		t.Errorf("kept %v", keys)
	}
}

func TestDeviceConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	d := w.deviceCode("scope", "api://orders/write_data")
	p := w.signIn(client, w.typed(client, d.text("user_code")), w.bob.UserPrincipalName, password)
	if p = w.decide(client, p, "accept"); !strings.Contains(p.body, "You have signed in") {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if a := w.devicePoll(d); w.claims(a.text("access_token"))["scp"] != "read_data write_data" {
		t.Errorf("%v", a.fields)
	}
	w.change(w.api.ID, func(app *directory.Application) { app.API.OAuth2PermissionScopes[1].Type = "Admin" })
	d = w.deviceCode("scope", "api://orders/write_data")
	p = w.signIn(client, w.typed(client, d.text("user_code")), w.carol.UserPrincipalName, password)
	if !strings.Contains(p.body, "AADSTS90094") || strings.Contains(p.body, "<a ") {
		t.Errorf("%s", p.body)
	}
	w.decide(client, p, "cancel")
	w.devicePoll(d).expect(t, "not the user's to give", 400, "authorization_declined", 65004)
	// The page tells a user without an assignment; the device continues to wait.
	d = w.deviceCode("scope", "api://guarded/enter")
	p = w.signIn(client, w.typed(client, d.text("user_code")), w.carol.UserPrincipalName, password)
	if p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50105") {
		t.Errorf("not assigned: %d %s", p.status, p.body)
	}
	w.clock.advance(time.Minute)
	w.devicePoll(d).expect(t, "not assigned", 400, "authorization_pending", 70016)
}
