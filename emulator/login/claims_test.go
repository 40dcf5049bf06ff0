package login

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/emulator/directory"
)

// stable checks and removes the claims of a token that always differ.
func stable(t *testing.T, w *world, c map[string]any, opaqueClaims ...string) map[string]any {
	t.Helper()
	c = maps.Clone(c)
	now := float64(w.clock.Now().Unix())
	iat, _ := c["iat"].(float64)
	nbf, _ := c["nbf"].(float64)
	exp, _ := c["exp"].(float64)
	if iat != now || nbf != iat || exp < iat+3600 || exp > iat+5400 {
		t.Errorf("iat %v, nbf %v, exp %v", c["iat"], c["nbf"], c["exp"])
	}
	for _, name := range append(opaqueClaims, "iat", "nbf", "exp", "aio", "rh", "uti") {
		if c[name] == nil || c[name] == "" {
			t.Errorf("no %s", name)
		}
		delete(c, name)
	}
	return c
}

func TestApplicationTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v2iss, v1iss := w.origin+"/"+w.tid()+"/v2.0", w.origin+"/"+w.tid()+"/"

	header, c := w.decode(w.granted(w.daemonRequest()).text("access_token"))
	if header.KeyID != w.login.keys.current().id || header.ExtraHeaders["typ"] != "JWT" || header.ExtraHeaders["x5t"] != nil {
		t.Errorf("v2 header %+v", header)
	}
	want := map[string]any{
		"aud": w.api.AppID, "iss": v2iss, "azp": w.daemon.AppID, "azpacr": "1", "oid": w.daemonSP.ID, "sub": w.daemonSP.ID,
		"tid": w.tid(), "ver": "2.0", "roles": []any{"Job"},
	}
	if diff := cmp.Diff(want, stable(t, w, c)); diff != "" {
		t.Errorf("v2 token (-want +got):\n%s", diff)
	}

	header, c = w.decode(w.granted(w.daemonRequest("scope", w.ledger.IdentifierUris[0]+"/.default")).text("access_token"))
	if header.ExtraHeaders["x5t"] != header.KeyID {
		t.Errorf("v1 header %+v", header)
	}
	want = map[string]any{
		"aud": w.ledger.IdentifierUris[0], "iss": v1iss, "idp": v1iss, "appid": w.daemon.AppID, "appidacr": "1",
		"oid": w.daemonSP.ID, "sub": w.daemonSP.ID, "tid": w.tid(), "ver": "1.0",
	}
	if diff := cmp.Diff(want, stable(t, w, c)); diff != "" {
		t.Errorf("v1 token (-want +got):\n%s", diff)
	}

	admin := w.dir.Administrator()
	c = w.claims(w.granted(w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", w.origin+"/.default")).text("access_token"))
	if c["aud"] != w.origin || c["ver"] != "1.0" || c["idtyp"] != "app" || c["app_displayname"] == nil || !slices.Contains(c["roles"].([]any), any("Application.ReadWrite.All")) {
		t.Errorf("graph token %v", c)
	}
	if c["scp"] != nil {
		t.Errorf("an application's token has scp %v", c["scp"])
	}
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.granted(w.daemonRequest()).text("access_token"), w.granted(w.daemonRequest()).text("access_token")
	if first == second || w.claims(first)["uti"] == w.claims(second)["uti"] {
		t.Error("two tokens of one second are the same")
	}
}

func TestUserTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v2iss, v1iss := w.origin+"/"+w.tid()+"/v2.0", w.origin+"/"+w.tid()+"/"
	upn := w.ada.UserPrincipalName

	// v2: scp contains all granted scopes, although fewer were requested.
	a := w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada)))
	api := w.claims(a.text("access_token"))
	want := map[string]any{
		"aud": w.api.AppID, "iss": v2iss, "azp": w.site.AppID, "azpacr": "1", "name": "Ada Lovelace", "oid": w.ada.ID,
		"preferred_username": upn, "scp": "read_data write_data", "roles": []any{"Admin"}, "tid": w.tid(), "ver": "2.0",
	}
	if diff := cmp.Diff(want, stable(t, w, api, "sub")); diff != "" {
		t.Errorf("v2 access token (-want +got):\n%s", diff)
	}

	id := w.claims(a.text("id_token"))
	want = map[string]any{
		"aud": w.site.AppID, "iss": v2iss, "name": "Ada Lovelace", "nonce": "n-1", "oid": w.ada.ID,
		"preferred_username": upn, "tid": w.tid(), "ver": "2.0",
	}
	if diff := cmp.Diff(want, stable(t, w, id, "sub", "sid")); diff != "" {
		t.Errorf("v2 ID token (-want +got):\n%s", diff)
	}

	// v1
	a = w.granted(w.siteRedemption(w.code(w.siteRequest("scope", w.ledger.AppID+"/read"), w.ada)))
	ledger := w.claims(a.text("access_token"))
	want = map[string]any{
		"aud": w.ledger.AppID, "iss": v1iss, "appid": w.site.AppID, "appidacr": "1", "acr": "1", "amr": []any{"pwd"},
		"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "ipaddr": "127.0.0.1", "oid": w.ada.ID,
		"upn": upn, "unique_name": upn, "scp": "read", "tid": w.tid(), "ver": "1.0",
	}
	if diff := cmp.Diff(want, stable(t, w, ledger, "sub")); diff != "" {
		t.Errorf("v1 access token (-want +got):\n%s", diff)
	}

	// Microsoft Graph
	a = w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "user.read openid profile email offline_access"), w.ada)))
	graph := w.claims(a.text("access_token"))
	if graph["aud"] != directory.MicrosoftGraphAppID || graph["scp"] != "email openid profile User.Read" || graph["ver"] != "1.0" || graph["idtyp"] != "user" {
		t.Errorf("graph token %v", graph)
	}
	if mail := w.claims(a.text("id_token"))["email"]; mail != "ada@mail.example" {
		t.Errorf("email %v", mail)
	}

	subjects := map[any]bool{api["sub"]: true, id["sub"]: true, ledger["sub"]: true, graph["sub"]: true}
	if len(subjects) != 4 {
		t.Errorf("subjects are not pairwise: %v", subjects)
	}
	again := w.claims(w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada))).text("access_token"))
	if again["sub"] != api["sub"] {
		t.Error("a subject changes")
	}
}

func TestPublicClientTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.claims(w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.bob))).text("access_token"))
	if c["azpacr"] != "0" || c["scp"] != "read_data" {
		t.Errorf("claims %v", c)
	}
	if _, there := c["roles"]; there {
		t.Error("roles is there although empty")
	}
	c = w.claims(w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.carol))).text("access_token"))
	if diff := cmp.Diff([]any{"Admin"}, c["roles"]); diff != "" {
		t.Errorf("role through a group (-want +got):\n%s", diff)
	}
}

func TestNestedGroupsGiveNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) {
		inner, err := tx.CreateGroup(&directory.Group{DisplayName: "inner", MailNickname: "inner", SecurityEnabled: true})
		w.must(err)
		w.must(tx.AddMembers(inner.ID, w.bob.ID))
		w.must(tx.AddMembers(w.operators.ID, inner.ID))
	})
	c := w.claims(w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.bob))).text("access_token"))
	if c["roles"] != nil {
		t.Errorf("roles %v", c["roles"])
	}
}

func TestGroupsClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var inner, unassigned *directory.Group
	w.update(func(tx *directory.Tx) {
		var err error
		inner, err = tx.CreateGroup(&directory.Group{DisplayName: "inner", MailNickname: "inner", SecurityEnabled: true})
		w.must(err)
		unassigned, err = tx.CreateGroup(&directory.Group{DisplayName: "unassigned", MailNickname: "unassigned", SecurityEnabled: true})
		w.must(err)
		w.must(tx.AddMembers(inner.ID, w.carol.ID))
		w.must(tx.AddMembers(unassigned.ID, inner.ID))
	})
	token := func() map[string]any {
		return w.claims(w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.carol))).text("access_token"))
	}
	if c := token(); c["groups"] != nil {
		t.Errorf("groups although not asked for: %v", c["groups"])
	}
	w.change(w.api.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("SecurityGroup") })
	want := []any{w.operators.ID, inner.ID, unassigned.ID}
	slices.SortFunc(want, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if diff := cmp.Diff(want, token()["groups"]); diff != "" {
		t.Errorf("SecurityGroup (-want +got):\n%s", diff)
	}
	w.change(w.api.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("ApplicationGroup") })
	if diff := cmp.Diff([]any{w.operators.ID}, token()["groups"]); diff != "" {
		t.Errorf("ApplicationGroup (-want +got):\n%s", diff)
	}

	w.change(w.api.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("All") })
	w.update(func(tx *directory.Tx) {
		for n := range groupLimit - 2 {
			name := fmt.Sprintf("g%d", n)
			g, err := tx.CreateGroup(&directory.Group{DisplayName: name, MailNickname: name, SecurityEnabled: true})
			w.must(err)
			w.must(tx.AddMembers(g.ID, w.carol.ID))
		}
	})
	c := token()
	sources, _ := c["_claim_sources"].(map[string]any)
	source, _ := sources["src1"].(map[string]any)
	if c["groups"] != nil || source["endpoint"] != w.origin+"/v1.0/users/"+w.carol.ID+"/getMemberObjects" {
		t.Errorf("overage: groups %v, sources %v", c["groups"], sources)
	}
	if diff := cmp.Diff(map[string]any{"groups": "src1"}, c["_claim_names"]); diff != "" {
		t.Errorf("overage (-want +got):\n%s", diff)
	}
}

func TestOptionalClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []directory.OptionalClaim
	for _, name := range []string{"upn", "email", "acct", "family_name", "given_name", "login_hint", "sid", "auth_time", "ipaddr", "idtyp", "unheard_of"} {
		asked = append(asked, directory.OptionalClaim{Name: name})
	}
	w.change(w.api.ID, func(app *directory.Application) { app.OptionalClaims = &directory.OptionalClaims{AccessToken: asked} })
	w.change(w.desktop.ID, func(app *directory.Application) { app.OptionalClaims = &directory.OptionalClaims{IDToken: asked[:1]} })
	w.change(w.ledger.ID, func(app *directory.Application) {
		app.OptionalClaims = &directory.OptionalClaims{AccessToken: []directory.OptionalClaim{{Name: "aud", AdditionalProperties: []string{"use_guid"}}}}
	})
	a := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada)))
	c := w.claims(a.text("access_token"))
	want := map[string]any{
		"upn": w.ada.UserPrincipalName, "email": "ada@mail.example", "acct": 0.0, "family_name": "Lovelace", "given_name": "Ada",
		"login_hint": loginHint(session{UserID: w.ada.ID, TenantID: w.tid()}), "auth_time": float64(w.clock.Now().Unix()), "ipaddr": "127.0.0.1",
	}
	for name, value := range want {
		if c[name] != value {
			t.Errorf("%s: %v, want %v", name, c[name], value)
		}
	}
	if c["sid"] == nil || c["idtyp"] != nil || c["unheard_of"] != nil {
		t.Errorf("sid %v, idtyp %v, unheard_of %v", c["sid"], c["idtyp"], c["unheard_of"])
	}
	if id := w.claims(a.text("id_token")); id["upn"] != w.ada.UserPrincipalName || id["email"] != nil {
		t.Errorf("ID token %v", id)
	}
	if c := w.claims(w.granted(w.daemonRequest()).text("access_token")); c["idtyp"] != "app" || c["upn"] != nil {
		t.Errorf("application's token %v", c)
	}
	if c := w.claims(w.granted(w.daemonRequest("scope", w.ledger.IdentifierUris[0]+"/.default")).text("access_token")); c["aud"] != w.ledger.AppID {
		t.Errorf("aud %v", c["aud"])
	}
}

func TestProfileScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scope := "api://orders/read_data openid"
	a := w.granted(w.desktopRedemption(w.code(w.desktopRequest("scope", scope), w.ada), "scope", scope))
	if c := w.claims(a.text("id_token")); c["oid"] != nil || c["name"] != nil || c["preferred_username"] != nil || c["sub"] == nil {
		t.Errorf("claims without the scope profile: %v", c)
	}
}

func TestNamesOfAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.dir.Administrator()
	ledger := w.ledger.IdentifierUris[0] // it ends with a slash
	for scope, audience := range map[string]string{
		ledger + "/.default":                        ledger,
		strings.ToUpper(ledger) + "/.DEFAULT":       ledger,
		w.ledger.AppID + "/.default":                w.ledger.AppID,
		"https://graph.microsoft.com/.default":      "https://graph.microsoft.com",
		"https://graph.microsoft.com//.default":     "https://graph.microsoft.com/",
		"https://GRAPH.microsoft.com/.default":      "https://graph.microsoft.com",
		directory.MicrosoftGraphAppID + "/.default": directory.MicrosoftGraphAppID,
		".default":              directory.MicrosoftGraphAppID,
		w.origin + "/.default":  w.origin,
		w.origin + "//.default": w.origin + "/",
	} {
		c := w.claims(w.granted(w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", scope)).text("access_token"))
		if c["aud"] != audience {
			t.Errorf("%s: aud %v, want %s", scope, c["aud"], audience)
		}
	}
	w.token(w.daemonRequest("scope", strings.TrimSuffix(ledger, "/")+"/.default")).expect(t, "one slash too few", 400, "invalid_resource", 500011)
}

func TestV1Endpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ledger := w.ledger.IdentifierUris[0]
	path := "/" + w.tid() + "/oauth2/token"

	a := w.tokenAt(path, w.daemonRequest("scope", "-", "resource", ledger))
	if a.text("token_type") != "Bearer" || a.text("resource") != ledger || a.text("expires_in") == "" || a.text("expires_on") == "" || a.text("not_before") == "" {
		t.Errorf("answer %v", a.fields)
	}
	if c := w.claims(a.text("access_token")); c["aud"] != ledger || c["ver"] != "1.0" {
		t.Errorf("claims %v", c)
	}
	// The resource determines the version, not the endpoint.
	if c := w.claims(w.tokenAt(path, w.daemonRequest("scope", "-", "resource", "api://orders")).text("access_token")); c["ver"] != "2.0" || c["aud"] != w.api.AppID {
		t.Errorf("claims %v", c)
	}
	w.tokenAt(path, w.daemonRequest("scope", "-")).expect(t, "no resource", 400, "invalid_request", 900144)

	client := w.browser()
	request := w.siteRequest("scope", "-", "resource", ledger)
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/oauth2/authorize", request), w.ada.UserPrincipalName, password)
	a = w.tokenAt(path, w.siteRedemption(p.location.Query().Get("code")))
	if a.text("scope") != "read" || a.text("resource") != ledger || a.text("refresh_token") == "" {
		t.Errorf("answer %v", a.fields)
	}
	id := w.claims(a.text("id_token"))
	if id["ver"] != "1.0" || id["iss"] != w.origin+"/"+w.tid()+"/" || id["upn"] != w.ada.UserPrincipalName || id["nonce"] != "n-1" || id["aud"] != w.site.AppID {
		t.Errorf("ID token %v", id)
	}
	again := w.tokenAt(path, form(url.Values{
		"grant_type": {"refresh_token"}, "client_id": {w.site.AppID}, "client_secret": {w.siteSecret}, "refresh_token": {a.text("refresh_token")},
	}, "resource", "api://orders"))
	if c := w.claims(again.text("access_token")); c["scp"] != "read_data write_data" {
		t.Errorf("claims %v", c)
	}
}

// TestGroupsOfAToken checks the groups of access tokens and ID tokens for the properties of the
// optional claim groups.
func TestGroupsOfAToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kinds         string
		properties    []string
		groups, roles []string // the groups' content; operators has the role Admin at the API, staff has no role
	}{
		"ids":                                 {"SecurityGroup", nil, []string{"operators", "staff"}, []string{"Admin"}},
		"names on premises of cloud groups":   {"SecurityGroup", []string{"sam_account_name"}, []string{"operators", "staff"}, []string{"Admin"}},
		"domain and name":                     {"SecurityGroup", []string{"dns_domain_and_sam_account_name"}, []string{"operators", "staff"}, []string{"Admin"}},
		"names":                               {"ApplicationGroup", []string{"cloud_displayname"}, []string{"name"}, []string{"Admin"}},
		"names of assigned groups alone":      {"SecurityGroup, ApplicationGroup", []string{"cloud_displayname", "sam_account_name"}, []string{"name", "staff"}, []string{"Admin"}},
		"as roles":                            {"SecurityGroup", []string{"on_premise_security_identifier", "emit_as_roles"}, nil, []string{"operators", "staff"}},
		"names as roles":                      {"ApplicationGroup", []string{"cloud_displayname", "emit_as_roles"}, nil, []string{"name"}},
		"as roles, but no groups asked for":   {"None", []string{"emit_as_roles"}, nil, []string{"Admin"}},
		"as roles, and directory roles alone": {"DirectoryRole", []string{"emit_as_roles"}, nil, []string{"Admin"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var staff *directory.Group
			w.update(func(tx *directory.Tx) {
				var err error
				staff, err = tx.CreateGroup(&directory.Group{DisplayName: "staff", MailNickname: "staff", SecurityEnabled: true})
				w.must(err)
				w.must(tx.AddMembers(staff.ID, w.carol.ID))
				w.assign(tx, w.operators.ID, w.desktopSP, directory.DefaultRole)
			})
			asked := []directory.OptionalClaim{{Name: "groups", AdditionalProperties: test.properties}}
			w.change(w.api.ID, func(app *directory.Application) {
				app.GroupMembershipClaims, app.OptionalClaims = &test.kinds, &directory.OptionalClaims{AccessToken: asked}
			})
			w.change(w.desktop.ID, func(app *directory.Application) {
				app.GroupMembershipClaims, app.OptionalClaims = &test.kinds, &directory.OptionalClaims{IDToken: asked}
			})
			says := map[string]string{"operators": w.operators.ID, "staff": staff.ID, "name": "operators", "Admin": "Admin"}
			holds := func(token map[string]any, claim string, want []string) {
				t.Helper()
				values := []string{}
				list, _ := token[claim].([]any)
				for _, v := range list {
					values = append(values, v.(string))
				}
				wanted := []string{}
				for _, w := range want {
					wanted = append(wanted, says[w])
				}
				slices.Sort(values)
				slices.Sort(wanted)
				if diff := cmp.Diff(wanted, values); diff != "" {
					t.Errorf("%s (-want +got):\n%s", claim, diff)
				}
			}
			a := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.carol)))
			access := w.claims(a.text("access_token"))
			holds(access, "groups", test.groups)
			holds(access, "roles", test.roles)
			id := w.claims(a.text("id_token"))
			holds(id, "groups", test.groups)
			if slices.Contains(test.roles, "Admin") { // which is a role of the API only
				test.roles = nil
			}
			holds(id, "roles", test.roles)
		})
	}
}

// TestTokenForItself: at a v1 endpoint a client requests a token for itself by its appId.
func TestTokenForItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := "api://" + w.desktop.AppID
	w.change(w.desktop.ID, func(app *directory.Application) {
		app.IdentifierUris = []string{own}
		app.API.OAuth2PermissionScopes = []directory.PermissionScope{scope("44444444-0000-4000-8000-000000000001", "self")}
	})
	w.update(func(tx *directory.Tx) { w.grant(tx, w.desktopSP, w.desktopSP, "self") })
	path := "/" + w.tid() + "/oauth2/token"
	login := url.Values{"grant_type": {"password"}, "client_id": {w.desktop.AppID}, "username": {w.ada.UserPrincipalName}, "password": {password}}
	w.tokenAt(path, form(login, "resource", own)).expect(t, "by its URI", 400, "invalid_request", 90009)
	a := w.tokenAt(path, form(login, "resource", w.desktop.AppID))
	if c := w.claims(a.text("access_token")); c["aud"] != w.desktop.AppID || c["scp"] != "self" {
		t.Errorf("by its appId: %v", a.fields)
	}
	p := w.get(w.browser(), "/"+w.tid()+"/oauth2/authorize", w.desktopRequest("scope", "-", "resource", own))
	if p.location == nil || !strings.Contains(p.location.Query().Get("error_description"), "AADSTS90009") {
		t.Errorf("a sign-in by its URI: %d %v", p.status, p.location)
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", a.text("refresh_token"), "resource", own)
	w.tokenAt(path, refresh).expect(t, "a refresh by its URI", 400, "invalid_request", 90009)
	// At v2.0 a sign-in with the URI returns a token.
	request := w.desktopRequest("scope", own+"/self openid offline_access")
	if c := w.claims(w.granted(w.desktopRedemption(w.code(request, w.ada), "scope", own+"/self")).text("access_token")); c["aud"] != own {
		t.Errorf("at v2.0: %v", c)
	}
}
