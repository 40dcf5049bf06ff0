package login

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"provision/emulator/directory"
)

// TestMessagesOfEntra: status, OAuth error and the known part of the message.
func TestMessagesOfEntra(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var expired string
	w.update(func(tx *directory.Tx) {
		expired = w.secret(tx, w.daemon.ID, directory.PasswordCredential{StartDateTime: w.clock.Now().Add(-2 * time.Hour), EndDateTime: w.clock.Now().Add(-time.Hour)})
	})
	used := w.code(w.desktopRequest(), w.ada)
	w.granted(w.desktopRedemption(used))
	refresh := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("refresh_token")
	refreshed := func(scope string) url.Values {
		return form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", refresh, "scope", scope)
	}
	byPassword := func(user *directory.User, secret string) url.Values {
		return form(nil, "grant_type", "password", "client_id", w.desktop.AppID, "username", user.UserPrincipalName, "password", secret, "scope", "api://orders/read_data")
	}
	unknown := "99999999-0000-4000-8000-000000000000"
	origin := []string{"Origin", "https://page.example"}
	page := w.code(w.pageRequest(), w.ada)

	for name, test := range map[string]struct {
		request url.Values
		header  []string
		status  int
		oauth   string
		message string
	}{
		"no assignment of a user": {refreshed("api://guarded/enter"), nil, 400, "invalid_grant",
			"AADSTS50105: Your administrator has configured the application Guarded ('" + w.guarded.AppID + "') to block users unless they are specifically granted ('assigned') access to the application. The signed-in user 'ada@contoso.onmicrosoft.com' is blocked"},
		"no assignment of an application": {w.daemonRequest("scope", "api://guarded/.default"), nil, 400, "invalid_grant",
			"AADSTS501051: Application '" + w.daemon.AppID + "'(Daemon) is not assigned to a role for the application '" + w.guarded.AppID + "'(Guarded)."},
		"no consent": {refreshed("User.Read"), nil, 400, "invalid_grant",
			"AADSTS65001: The user or administrator has not consented to use the application with ID '" + w.desktop.AppID + "' named 'Desktop'. Send an interactive authorization request for this user and resource."},
		"no consent to anything at a resource": {refreshed("https://graph.microsoft.com/.default"), nil, 400, "invalid_grant", "AADSTS65001: "},
		"a page's code outside a browser": {w.pageRedemption(page), nil, 400, "invalid_request",
			"AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."},
		"a desktop's code in a browser": {w.desktopRedemption(w.code(w.desktopRequest(), w.ada)), origin, 400, "invalid_request",
			"AADSTS9002326: Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: 'https://page.example'."},
		"an application's own token for a scope": {w.daemonRequest("scope", "api://orders/read_data"), nil, 400, "invalid_scope",
			"AADSTS1002012: The provided value for scope api://orders/read_data is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
		"a scope of no form": {refreshed("/read"), nil, 400, "invalid_scope",
			"AADSTS70011: The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope /read is not valid."},
		"an unknown scope": {refreshed("api://orders/none"), nil, 400, "invalid_client",
			"AADSTS650053: The application 'Desktop' asked for scope 'none' that doesn't exist on the resource '" + w.api.AppID + "'. Contact the app vendor."},
		"an unknown resource": {refreshed("api://nothing/read"), nil, 400, "invalid_resource",
			"AADSTS500011: The resource principal named api://nothing was not found in the tenant named Contoso. This can happen if the application has not been installed"},
		"a wrong secret": {w.daemonRequest("client_secret", "wrong"), nil, 401, "invalid_client",
			"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + w.daemon.AppID + "'."},
		"an expired secret": {w.daemonRequest("client_secret", expired), nil, 401, "invalid_client",
			"AADSTS7000222: The provided client secret keys for app '" + w.daemon.AppID + "' are expired."},
		"an unknown client": {w.daemonRequest("client_id", unknown), nil, 400, "unauthorized_client",
			"AADSTS700016: Application with identifier '" + unknown + "' was not found in the directory 'Contoso'."},
		"a wrong password":    {byPassword(w.ada, "wrong"), nil, 400, "invalid_grant", "AADSTS50126: Error validating credentials due to invalid username or password."},
		"a disabled account":  {byPassword(w.eve, password), nil, 400, "invalid_grant", "AADSTS50057: The user account is disabled."},
		"a code used already": {w.desktopRedemption(used), nil, 400, "invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	} {
		a := w.token(test.request, test.header...)
		if a.status != test.status || a.text("error") != test.oauth || !strings.HasPrefix(a.text("error_description"), test.message) {
			t.Errorf("%s: %d %s %s", name, a.status, a.text("error"), a.text("error_description"))
		}
	}

	// The errors of the same endpoint on a page, and in a redirect.
	p := w.get(w.browser(), w.authorizePath(), w.siteRequest("redirect_uri", "https://evil.example/"))
	want := "AADSTS50011: The redirect URI 'https://evil.example/' specified in the request does not match the redirect URIs configured for the application '" + w.site.AppID + "'."
	if p.status != http.StatusBadRequest || !strings.Contains(html.UnescapeString(p.body), want) {
		t.Errorf("a foreign redirect URI: %d %s", p.status, p.body)
	}
	w.change(w.desktop.ID, func(app *directory.Application) {
		app.RequiredResourceAccess = []directory.RequiredResourceAccess{{ResourceAppID: w.api.AppID, ResourceAccess: []directory.ResourceAccess{{ID: readID, Type: "Scope"}}}}
	})
	q := w.authorized(w.desktopRequest("scope", w.ledger.AppID+"/.default"), w.ada)
	want = "AADSTS650057: Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: " +
		w.desktop.AppID + "(Desktop). Resource value from request: " + w.ledger.AppID + ". Resource app ID: " + w.ledger.AppID + ". List of valid resources from app registration: " + w.api.AppID + "."
	if q.Get("error") != "invalid_client" || !strings.HasPrefix(q.Get("error_description"), want) {
		t.Errorf("a resource that the client does not list: %v", q)
	}
}
