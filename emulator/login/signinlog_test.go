package login

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
)

// newest returns the entries of a sign-in log after the first n, each as "code event interactive
// user resource".
func newest(d *directory.Directory, since int) []string {
	var all []string
	for _, e := range d.SignIns()[since:] {
		how := "silent"
		if e.IsInteractive {
			how = "interactive"
		}
		who := e.UserPrincipalName
		if e.ServicePrincipalName != nil {
			who = *e.ServicePrincipalName
		}
		all = append(all, strings.Join([]string{errorURI(e.Status.ErrorCode)[len("https://login.microsoftonline.com/error?code="):], e.SignInEventTypes[0], how, who, e.ResourceDisplayName}, " "))
	}
	return all
}

func (w *world) logged(name string, d *directory.Directory, act func(), want ...string) {
	w.t.Helper()
	before := len(d.SignIns())
	act()
	if got := newest(d, before); !slices.Equal(got, want) {
		w.t.Errorf("%s: logged\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSignInsAreLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.ada.UserPrincipalName, w.bob.UserPrincipalName
	client := w.browser()
	var token answer
	w.logged("wrong password", w.dir, func() {
		w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, "wrong")
	}, "50126 interactiveUser interactive "+ada+" API")
	w.logged("sign-in and its code", w.dir, func() {
		p := w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, password)
		token = w.granted(w.desktopRedemption(p.location.Query().Get("code")))
	}, "0 interactiveUser interactive "+ada+" API")
	w.logged("single sign-on", w.dir, func() { w.get(client, w.authorizePath(), w.desktopRequest()) }, "0 nonInteractiveUser silent "+ada+" API")
	w.logged("not assigned", w.dir, func() {
		w.get(client, w.authorizePath(), w.desktopRequest("scope", "api://guarded/enter"))
	}, "50105 nonInteractiveUser silent "+ada+" Guarded")
	w.logged("consent", w.dir, func() {
		client := w.browser()
		w.decide(client, w.arrived(client, w.desktopRequest("scope", "api://orders/write_data"), w.bob), "accept")
	}, "65001 interactiveUser interactive "+bob+" API", "0 interactiveUser interactive "+bob+" API")
	w.logged("consent refused", w.dir, func() {
		client := w.browser()
		w.decide(client, w.arrived(client, w.desktopRequest("scope", "User.Read"), w.bob), "cancel")
	}, "65001 interactiveUser interactive "+bob+" Microsoft Graph", "65004 interactiveUser interactive "+bob+" Microsoft Graph")
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", token.text("refresh_token"))
	w.logged("refresh", w.dir, func() { w.granted(refresh) }, "0 nonInteractiveUser silent "+ada+" API")
	w.logged("refresh without consent", w.dir, func() { w.token(form(refresh, "scope", "User.Read")) }, "65001 nonInteractiveUser silent "+ada+" Microsoft Graph")
	w.logged("client credentials", w.dir, func() { w.granted(w.daemonRequest()) }, "0 servicePrincipal silent Daemon API")
	w.logged("wrong secret", w.dir, func() { w.token(w.daemonRequest("client_secret", "wrong")) }, "7000215 servicePrincipal silent Daemon ")
	w.logged("no such client", w.dir, func() { w.token(w.daemonRequest("client_id", "99999999-0000-4000-8000-000000000000")) })
	w.logged("by password", w.dir, func() {
		w.token(url.Values{"grant_type": {"password"}, "client_id": {w.desktop.AppID}, "username": {ada}, "password": {password}, "scope": {"api://orders/read_data"}})
	}, "0 interactiveUser interactive "+ada+" API")

	last := w.dir.SignIns()[len(w.dir.SignIns())-1]
	if last.AppID != w.desktop.AppID || last.AppDisplayName != "Desktop" || last.IPAddress != "127.0.0.1" || last.CorrelationID == "" ||
		last.ResourceID != w.api.AppID || last.UserID != w.ada.ID || last.Status.FailureReason == "" || last.UserAgent == nil {
		t.Errorf("entry %+v", last)
	}
}

func TestSignInsOfOtherTenantsAreLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	w.logged("a user of another tenant, at home", w.dir, func() {
		w.logged("a user of another tenant", b.dir, func() { w.at(w.browser(), b.tid(), w.desktopRequest("scope", "openid"), w.ada) },
			"50020 interactiveUser interactive "+w.ada.UserPrincipalName+" ")
	}, "90072 interactiveUser interactive "+w.ada.UserPrincipalName+" ")
	w.logged("home by the name, at home", w.dir, func() {
		w.logged("home by the name", b.dir, func() {
			client := w.browser()
			w.signIn(client, w.get(client, "/organizations/oauth2/v2.0/authorize", w.desktopRequest()), b.fred.UserPrincipalName, "wrong")
		}, "50126 interactiveUser interactive "+b.fred.UserPrincipalName+" ")
	})
	guest := b.invite(w.ada)
	w.logged("a guest, at home", w.dir, func() {
		w.logged("a guest", b.dir, func() { w.at(w.browser(), b.tid(), w.desktopRequest("scope", "openid"), w.ada) },
			"65001 interactiveUser interactive "+guest.UserPrincipalName+" ", "0 interactiveUser interactive "+guest.UserPrincipalName+" ")
	})
}
