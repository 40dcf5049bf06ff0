package login

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"provision/emulator/directory"
)

// arrived signs a user in and returns the next page or redirect.
func (w *world) arrived(client *http.Client, request url.Values, user *directory.User) page {
	w.t.Helper()
	return w.signIn(client, w.get(client, w.authorizePath(), request), user.UserPrincipalName, password)
}

// decide presses a button of a consent page.
func (w *world) decide(client *http.Client, p page, decision string, pairs ...string) page {
	w.t.Helper()
	action := actionPattern.FindStringSubmatch(p.body)
	if p.status != http.StatusOK || action == nil || !strings.Contains(p.body, `content="ConvergedConsent"`) {
		w.t.Fatalf("no consent page: %d %v %s", p.status, p.location, p.body)
	}
	return w.post(client, html.UnescapeString(action[1]), form(hiddenFields(p.body), append(pairs, "decision", decision)...))
}

// grantsOf lists a client's consent as "consentType principal resource: scope".
func (w *world) grantsOf(client *directory.ServicePrincipal) []string {
	var all []string
	for _, g := range w.dir.GrantsOf(client.ID) {
		who := "everybody"
		if g.PrincipalID != nil {
			u, _ := w.dir.User(*g.PrincipalID)
			who = u.DisplayName
		}
		r, _ := w.dir.ServicePrincipal(g.ResourceID)
		all = append(all, who+" "+r.DisplayName+": "+g.Scope)
	}
	return all
}

func (w *world) mustGrant(client *directory.ServicePrincipal, want string) {
	w.t.Helper()
	for _, got := range w.grantsOf(client) {
		if got == want {
			return
		}
	}
	w.t.Errorf("grants %q, want %q among them", w.grantsOf(client), want)
}

func TestExistingConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.code(w.pageRequest(), w.bob)                                                    // pre-authorized
	w.code(w.desktopRequest("scope", "openid profile email offline_access"), w.bob)   // needs no consent
	w.code(w.desktopRequest("scope", "api://orders/.default"), w.bob)                 // some consent exists
	w.code(w.desktopRequest("scope", w.api.AppID+"/READ_DATA offline_access"), w.bob) // named by appId, in any case
	w.code(w.siteRequest("scope", "api://orders/read_data user.read"), w.bob)         // two resources
	w.update(func(tx *directory.Tx) {
		_, err := tx.CreateGrant(&directory.OAuth2PermissionGrant{
			ClientID: w.desktopSP.ID, ResourceID: w.apiSP.ID, ConsentType: "Principal", PrincipalID: &w.bob.ID, Scope: "write_data",
		})
		w.must(err)
	})
	w.code(w.desktopRequest("scope", "api://orders/write_data"), w.bob) // the user's own consent
	if p := w.arrived(w.browser(), w.desktopRequest("scope", "api://orders/write_data"), w.ada); p.location != nil {
		t.Errorf("bob's consent serves ada: %v", p.location)
	}
	w.change(w.api.ID, func(app *directory.Application) { app.API.OAuth2PermissionScopes[0].IsEnabled = false })
	if q := w.authorized(w.desktopRequest(), w.ada); q.Get("error") != "invalid_client" {
		t.Errorf("disabled scope: %v", q)
	}
}

func TestConsentPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(w.api.ID, func(app *directory.Application) {
		s := &app.API.OAuth2PermissionScopes[1]
		s.UserConsentDisplayName, s.UserConsentDescription = ptr("Change <your> orders"), ptr("Lets the app write.")
	})
	p := w.arrived(w.browser(), w.desktopRequest("scope", "api://orders/write_data api://orders/read_data user.read offline_access"), w.bob)
	for _, want := range []string{
		"<title>Permissions requested</title>", "<strong>Desktop</strong>", w.bob.UserPrincipalName, "<h2>API</h2>", "<h2>Microsoft Graph</h2>",
		"Change &lt;your&gt; orders", "Lets the app write.", "User.Read", "Maintain access to data", `name="viewport"`,
		`<button id="idBtn_Accept" type="submit" name="decision" value="accept"`, `value="cancel"`,
	} {
		if !strings.Contains(p.body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	for _, mistake := range []string{"<script", "http://", "https://", "src=", "read_data", "<your>", `name="everybody"`, "AADSTS"} {
		if strings.Contains(p.body, mistake) {
			t.Errorf("page has %s", mistake)
		}
	}
	if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
}

func TestConsentIsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	request := w.desktopRequest("scope", "api://orders/write_data user.read openid")
	p := w.decide(client, w.arrived(client, request, w.bob), "accept")
	if p.location == nil || p.location.Query().Get("code") == "" || p.location.Query().Get("state") != "a state & more" {
		t.Fatalf("after consent: %d %v %s", p.status, p.location, p.body)
	}
	w.mustGrant(w.desktopSP, "Bob API: write_data")
	w.mustGrant(w.desktopSP, "Bob Microsoft Graph: User.Read")
	a := w.granted(w.desktopRedemption(p.location.Query().Get("code"), "scope", "api://orders/write_data"))
	if c := w.claims(a.text("access_token")); c["scp"] != "read_data write_data" {
		t.Errorf("scp %v", c["scp"])
	}
	if p := w.get(client, w.authorizePath(), request); p.location == nil || p.location.Query().Get("code") == "" {
		t.Errorf("asked again: %d %s", p.status, p.body)
	}
	// More consent is added to the existing grant.
	w.change(w.api.ID, func(app *directory.Application) {
		app.API.OAuth2PermissionScopes = append(app.API.OAuth2PermissionScopes, scope("11111111-0000-4000-8000-000000000009", "erase_data"))
	})
	w.decide(client, w.get(client, w.authorizePath(), w.desktopRequest("scope", "api://orders/erase_data")), "accept")
	w.mustGrant(w.desktopSP, "Bob API: write_data erase_data")
	// Grants of other users do not change.
	if p := w.arrived(w.browser(), request, w.ada); p.location != nil {
		t.Errorf("bob's consent serves ada: %v", p.location)
	}
}

func TestConsentToAllRequiredPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(w.page.ID, func(app *directory.Application) {
		app.RequiredResourceAccess = []directory.RequiredResourceAccess{
			{ResourceAppID: w.ledger.AppID, ResourceAccess: []directory.ResourceAccess{{ID: w.ledger.API.OAuth2PermissionScopes[0].ID, Type: "Scope"}}},
			{ResourceAppID: w.api.AppID, ResourceAccess: []directory.ResourceAccess{{ID: readID, Type: "Scope"}, {ID: writeID, Type: "Scope"}, {ID: adminID, Type: "Role"}}},
		}
	})
	client := w.browser()
	p := w.arrived(client, w.pageRequest("scope", "https://ledger."+w.dir.Tenant().Domain+"//.default"), w.bob)
	if p = w.decide(client, p, "accept"); p.location == nil || p.location.Query().Get("code") == "" {
		t.Fatalf("%d %v", p.status, p.location)
	}
	w.mustGrant(w.pageSP, "Bob Ledger: read")
	w.mustGrant(w.pageSP, "Bob API: write_data") // read_data is pre-authorized
}

func TestConsentIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	request := w.desktopRequest("scope", "api://orders/write_data", "response_mode", "fragment")
	p := w.decide(client, w.arrived(client, request, w.bob), "cancel")
	q, err := url.ParseQuery(p.location.EscapedFragment())
	w.must(err)
	if q.Get("error") != "access_denied" || q.Get("error_subcode") != "cancel" || q.Get("state") != "a state & more" ||
		!strings.HasPrefix(q.Get("error_description"), "AADSTS65004: User declined") {
		t.Errorf("after refusal: %v", q)
	}
	if got := w.grantsOf(w.desktopSP); len(got) != 2 {
		t.Errorf("grants %q", got)
	}
}

func TestConsentWithoutAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	w.arrived(client, w.desktopRequest(), w.bob)
	p := w.get(client, w.authorizePath(), w.desktopRequest("scope", "api://orders/write_data", "prompt", "none"))
	if q := p.location.Query(); q.Get("error") != "consent_required" || !strings.HasPrefix(q.Get("error_description"), "AADSTS65001: ") {
		t.Errorf("prompt=none: %v", q)
	}
}

func TestPromptForConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	p := w.arrived(client, w.desktopRequest("prompt", "consent"), w.bob)
	if !strings.Contains(p.body, "read_data") {
		t.Errorf("page does not name what is granted: %s", p.body)
	}
	if p = w.decide(client, p, "accept"); p.location == nil || p.location.Query().Get("code") == "" {
		t.Errorf("%d %s", p.status, p.body)
	}
	if got := w.grantsOf(w.desktopSP); len(got) != 2 {
		t.Errorf("granted twice: %q", got)
	}
	// A pre-authorized client needs no consent.
	if p = w.get(client, w.authorizePath(), w.pageRequest("prompt", "consent")); p.location == nil || p.location.Query().Get("code") == "" {
		t.Errorf("pre-authorized: %d %s", p.status, p.body)
	}
	// A sign-in without other scopes also requires consent.
	p = w.get(client, w.authorizePath(), w.desktopRequest("prompt", "consent", "scope", "openid profile"))
	if !strings.Contains(p.body, "View your basic profile") {
		t.Errorf("sign-in alone: %s", p.body)
	}
}

func TestConsentOfAnAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, cloudApplicationAdministrator)
	w.change(w.api.ID, func(app *directory.Application) { app.API.OAuth2PermissionScopes[1].Type = "Admin" })
	request := w.desktopRequest("scope", "api://orders/write_data")

	bob := w.browser()
	p := w.arrived(bob, request, w.bob)
	if !strings.Contains(p.body, "Need admin approval") || !strings.Contains(p.body, `id="error">AADSTS90094: Desktop needs permission`) {
		t.Fatalf("page for bob: %d %s", p.status, p.body)
	}
	link := regexp.MustCompile(`<a href="([^"]*)"`).FindStringSubmatch(p.body)
	if link == nil || !strings.HasPrefix(link[1], w.origin) || !strings.Contains(link[1], "prompt=login") {
		t.Errorf("no way to another account: %v", link)
	}
	for _, decision := range []string{"cancel", "accept"} { // whatever the form contains
		back := w.decide(bob, p, decision).location.Query()
		if back.Get("error") != "access_denied" || !strings.HasPrefix(back.Get("error_description"), "AADSTS90094: ") {
			t.Errorf("%s: %v", decision, back)
		}
	}

	ada := w.browser()
	p = w.arrived(ada, request, w.ada)
	if !strings.Contains(p.body, `type="checkbox" name="everybody"`) {
		t.Errorf("page for an administrator: %s", p.body)
	}
	w.decide(ada, p, "accept")
	w.mustGrant(w.desktopSP, "Ada Lovelace API: write_data")
	p = w.get(ada, w.authorizePath(), form(request, "prompt", "consent", "scope", "api://orders/write_data user.read"))
	w.decide(ada, p, "accept", "everybody", "1")
	w.mustGrant(w.desktopSP, "everybody Microsoft Graph: User.Read")
	w.code(form(request, "scope", "user.read"), w.bob)
}

func TestConsentFormIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.desktopRequest("scope", "api://orders/write_data")
	bob := w.browser()
	shown := w.arrived(bob, request, w.bob)
	// The check box gives no administrator rights.
	w.decide(bob, shown, "accept", "everybody", "1")
	w.mustGrant(w.desktopSP, "Bob API: write_data")
	// A page is valid only in the session to which it was shown.
	carol := w.browser()
	w.arrived(carol, w.desktopRequest(), w.carol)
	if p := w.decide(carol, shown, "accept"); !strings.Contains(p.body, `content="ConvergedSignIn"`) {
		t.Errorf("another's page: %d %v", p.status, p.location)
	}
	for _, g := range w.grantsOf(w.desktopSP) {
		if strings.HasPrefix(g, "Carol") {
			t.Errorf("carol has consented: %s", g)
		}
	}
	for name, ctx := range map[string]string{"none": "", "junk": "1.AAAA", "a sign-in page's": hiddenFields(w.get(w.browser(), w.authorizePath(), request).body).Get("ctx")} {
		p := w.post(bob, "/"+w.tid()+"/consent", url.Values{"ctx": {ctx}, "decision": {"accept"}})
		if p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS9002313") {
			t.Errorf("ctx %s: %d", name, p.status)
		}
	}
	p := w.post(bob, "/"+w.tid()+"/consent", form(hiddenFields(shown.body), "decision", "accept"), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if p.status != http.StatusBadRequest {
		t.Errorf("from another site: %d", p.status)
	}
	w.clock.advance(consentTime + 1)
	if p := w.decide(bob, shown, "accept"); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50089") {
		t.Errorf("left open too long: %d", p.status)
	}
}

func TestConsentMakesTheServicePrincipal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) { w.must(tx.DeleteServicePrincipal(w.desktopSP.ID)) })
	client := w.browser()
	p := w.decide(client, w.arrived(client, w.desktopRequest(), w.bob), "accept")
	if p.location == nil || p.location.Query().Get("code") == "" {
		t.Fatalf("%d %s", p.status, p.body)
	}
	made, found := w.dir.ServicePrincipalByAppID(w.desktop.AppID)
	if !found {
		t.Fatal("the client has no service principal")
	}
	w.mustGrant(made, "Bob API: read_data")
}
