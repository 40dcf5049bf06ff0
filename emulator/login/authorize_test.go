package login

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"provision/emulator/directory"
)

func TestAuthorizationRefusedOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changePrincipal(w.pageSP.ID, func(sp *directory.ServicePrincipal) { sp.AccountEnabled = false })
	for name, test := range map[string]struct {
		request url.Values
		code    string
	}{
		"unknown client":         {w.desktopRequest("client_id", "99999999-0000-4000-8000-000000000000"), "AADSTS700016"},
		"no client":              {w.desktopRequest("client_id", "-"), "AADSTS900144"},
		"disabled client":        {w.pageRequest(), "AADSTS7000112"},
		"foreign redirect URI":   {w.siteRequest("redirect_uri", "https://evil.example/callback"), "AADSTS50011"},
		"no redirect registered": {w.desktopRequest("client_id", w.daemon.AppID, "redirect_uri", "-"), "AADSTS500113"},
		"repeated parameter":     {url.Values{"client_id": {w.desktop.AppID, w.site.AppID}}, "AADSTS9000411"},
	} {
		p := w.get(w.browser(), w.authorizePath(), test.request)
		if p.status != http.StatusBadRequest || p.location != nil || !strings.Contains(p.body, test.code+": ") {
			t.Errorf("%s: %d %v, want %s in %s", name, p.status, p.location, test.code, p.body)
		}
	}
}

func TestAuthorizationRefusedToClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		request url.Values
		oauth   string
		code    string
	}{
		"no response type":       {w.desktopRequest("response_type", "-"), "invalid_request", "AADSTS900144"},
		"unknown response type":  {w.desktopRequest("response_type", "ticket"), "unsupported_response_type", "AADSTS70005"},
		"unknown response mode":  {w.desktopRequest("response_mode", "pigeon"), "invalid_request", "AADSTS70007"},
		"unknown prompt":         {w.desktopRequest("prompt", "admin_consent"), "invalid_request", "AADSTS90023"},
		"no scope":               {w.desktopRequest("scope", "-"), "invalid_request", "AADSTS900144"},
		"short challenge":        {w.desktopRequest("code_challenge", "short"), "invalid_request", "AADSTS501491"},
		"method, no challenge":   {w.desktopRequest("code_challenge", "-"), "invalid_request", "AADSTS501491"},
		"unknown method":         {w.desktopRequest("code_challenge_method", "S512"), "invalid_request", "AADSTS90023"},
		"unknown resource":       {w.desktopRequest("scope", "api://nothing/read"), "invalid_resource", "AADSTS500011"},
		"no resource in a scope": {w.desktopRequest("scope", "/read"), "invalid_scope", "AADSTS70011"},
		"default beside a scope": {w.desktopRequest("scope", "api://orders/.default api://orders/read_data"), "invalid_scope", "AADSTS70011"},
	} {
		p := w.get(w.browser(), w.authorizePath(), test.request)
		if p.location == nil {
			t.Errorf("%s: %d %s", name, p.status, p.body)
			continue
		}
		q := p.location.Query()
		if p.location.Host != "localhost:5555" || q.Get("error") != test.oauth || !strings.HasPrefix(q.Get("error_description"), test.code+": ") {
			t.Errorf("%s: %v", name, p.location)
		}
		if q.Get("state") != "a state & more" || !strings.HasSuffix(q.Get("error_uri"), strings.TrimPrefix(test.code, "AADSTS")) {
			t.Errorf("%s: state %q, error_uri %q", name, q.Get("state"), q.Get("error_uri"))
		}
	}
}

func TestErrorsAfterSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	after := func(request url.Values) page {
		client := w.browser()
		return w.signIn(client, w.get(client, w.authorizePath(), request), w.bob.UserPrincipalName, password)
	}
	for name, test := range map[string]struct {
		scope, oauth, code string
	}{
		"nothing to consent to":    {"https://graph.microsoft.com/.default", "invalid_client", "AADSTS650057"},
		"unknown scope":            {"api://orders/erase_data", "invalid_client", "AADSTS650053"},
		"scope that Graph has not": {"mailread", "invalid_client", "AADSTS650053"},
	} {
		p := after(w.desktopRequest("scope", test.scope))
		if p.location == nil {
			t.Errorf("%s: %d %s", name, p.status, p.body)
			continue
		}
		if q := p.location.Query(); q.Get("error") != test.oauth || !strings.HasPrefix(q.Get("error_description"), test.code+": ") {
			t.Errorf("%s: %v", name, p.location)
		}
	}
	// The client cannot help a user without an assignment, so the page tells the user.
	p := after(w.desktopRequest("scope", "api://guarded/enter"))
	if p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50105: ") || !strings.Contains(p.body, w.guarded.AppID) {
		t.Errorf("resource not assigned: %d %s", p.status, p.body)
	}
	w.changePrincipal(w.desktopSP.ID, func(sp *directory.ServicePrincipal) { sp.AppRoleAssignmentRequired = true })
	if p := after(w.desktopRequest()); p.status != http.StatusBadRequest || !strings.Contains(p.body, w.desktop.AppID) {
		t.Errorf("client not assigned: %d %s", p.status, p.body)
	}
	w.update(func(tx *directory.Tx) { w.assign(tx, w.bob.ID, w.desktopSP, directory.DefaultRole) })
	if p := after(w.desktopRequest()); p.location == nil {
		t.Errorf("assigned: %d %s", p.status, p.body)
	}
}

func TestSharedEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if p := w.get(w.browser(), "/common/oauth2/v2.0/authorize", w.desktopRequest()); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50194: ") {
		t.Errorf("single-tenant application: %d %s", p.status, p.body)
	}
	w.change(w.desktop.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMultipleOrgs" })
	client := w.browser()
	p := w.signIn(client, w.get(client, "/organizations/oauth2/v2.0/authorize", w.desktopRequest()), w.ada.UserPrincipalName, password)
	a := w.tokenAt("/organizations/oauth2/v2.0/token", w.desktopRedemption(p.location.Query().Get("code")))
	if c := w.claims(a.text("id_token")); c["iss"] != w.origin+"/"+w.tid()+"/v2.0" {
		t.Errorf("issuer %v", c["iss"])
	}
}

func TestResponseModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, password)

	p := w.get(client, w.authorizePath(), w.desktopRequest("response_mode", "fragment"))
	q, err := url.ParseQuery(p.location.EscapedFragment())
	if err != nil || p.location.RawQuery != "" || q.Get("code") == "" || q.Get("state") != "a state & more" {
		t.Errorf("fragment: %v", p.location)
	}

	p = w.get(client, w.authorizePath(), w.desktopRequest("response_mode", "form_post"))
	action := actionPattern.FindStringSubmatch(p.body)
	fields := hiddenFields(p.body)
	if p.status != http.StatusOK || action == nil || html.UnescapeString(action[1]) != "http://localhost:5555" || fields.Get("code") == "" || fields.Get("state") != "a state & more" {
		t.Errorf("form_post: %d %v %v", p.status, action, fields)
	}
	if !strings.Contains(p.body, "<script>"+script+"</script>") {
		t.Error("form_post: the script is not the one that the policy admits")
	}

	p = w.get(client, w.authorizePath(), w.desktopRequest("state", "-", "client_info", "1"))
	if p.location.Path != "/" || p.location.Query().Has("state") || p.location.Query().Get("client_info") == "" {
		t.Errorf("query: %v", p.location)
	}
}

func TestAuthorizationByPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	p := w.signIn(client, w.post(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, password)
	if p.location == nil || p.location.Query().Get("code") == "" {
		t.Errorf("%d %s", p.status, p.body)
	}
}

func TestRedirectURIs(t *testing.T) {
	t.Parallel()
	app := &directory.Application{
		AppID:        "an-app",
		Web:          directory.WebApplication{RedirectURIs: []string{"https://site.example/Callback", "https://bare.example", "https://query.example/?a=b", "https://*.wild.example/cb", "https://folder.example/a/*", "https://*.both.example/*"}},
		SPA:          directory.RedirectURIs{RedirectURIs: []string{"http://localhost:3000/spa"}},
		PublicClient: directory.RedirectURIs{RedirectURIs: []string{"http://localhost", "http://127.0.0.1/native", "vscode://contoso.projects"}},
	}
	for asked, want := range map[string]platform{
		"https://site.example/Callback":          web,
		"HTTPS://SITE.example/Callback":          web,
		"https://bare.example/":                  web,
		"https://query.example/?a=b":             web,
		"http://localhost:3000/spa":              spa,
		"http://localhost:4000/spa":              spa,
		"http://localhost":                       publicInstall,
		"http://localhost/":                      publicInstall,
		"http://localhost:53211":                 publicInstall,
		"http://127.0.0.1:53211/native":          publicInstall,
		"vscode://contoso.projects":              publicInstall,
		"https://shop.wild.example/cb":           web,
		"https://SHOP.Wild.example/cb":           web,
		"https://wild.example/cb":                "",
		"https://.wild.example/cb":               "",
		"https://*.wild.example/cb":              "",
		"https://folder.example/a/":              "web",
		"https://folder.example/a/b/c?d=e":       "web",
		"https://folder.example/a":               "",
		"https://folder.example/ab":              "",
		"https://folder.example/a/../b":          "",
		"https://folder.example/a/%2e%2e/b":      "",
		"https://folder.example/a/*":             "",
		"https://folder.example.evil.example/a/": "",
		"http://folder.example/a/b":              "",
		"https://x.both.example/in":              "web",
		"https://x.y.both.example/in":            "",
		"https://a.b.wild.example/cb":            "",
		"https://shop.wild.example/cb/x":         "",
		"https://shop.wild.example:444/cb":       "",
		"http://shop.wild.example/cb":            "",
		"https://evil.example/.wild.example/cb":  "",
		"https://evilwild.example/cb":            "",
		"https://site.example/callback":          "",
		"https://site.example/Callback/":         "",
		"https://site.example:444/Callback":      "",
		"https://site.example/Callback?x=y":      "",
		"https://site.example/Callback#":         "",
		"https://evil.example/Callback":          "",
		"https://site.example@evil.example":      "",
		"http://localhost:53211/elsewhere":       "",
		"https://localhost:53211":                "",
		"http://127.0.0.1:53211":                 "",
		"http://[::1]:53211":                     "",
		"http://localhost:80@evil.example":       "",
		"http://localhost.evil.example":          "",
		"http://localhost:53211\\@evil":          "",
		"vscode://contoso.projects/":             "",
		"://":                                    "",
	} {
		got, err := findRedirect(app, asked)
		if got.Platform != want || (err == nil) != (want != "") || err == nil && got.URI != asked {
			t.Errorf("%s: %v, %v; want %q", asked, got, err, want)
		}
	}
	if _, err := findRedirect(app, ""); err == nil || err.Code != 900971 {
		t.Errorf("none of several: %v", err)
	}
	only := &directory.Application{Web: directory.WebApplication{RedirectURIs: []string{"https://site.example/"}}}
	if got, err := findRedirect(only, ""); err != nil || got.URI != "https://site.example/" {
		t.Errorf("the only one: %v, %v", got, err)
	}
}
