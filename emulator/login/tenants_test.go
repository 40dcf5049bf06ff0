package login

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

// branch is a second tenant for a world, with one user, fred.
type branch struct {
	*world
	dir  *directory.Directory
	fred *directory.User
}

// beside creates Fabrikam. The world's desktop and API become multi-tenant, and the desktop is a
// known client of the API.
func (w *world) beside() *branch {
	w.t.Helper()
	d, err := w.tenants.Create(directory.Seed{Domain: "fabrikam.onmicrosoft.com"})
	w.must(err)
	w.change(w.desktop.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMultipleOrgs" })
	w.change(w.api.ID, func(app *directory.Application) {
		app.SignInAudience = "AzureADMultipleOrgs"
		app.API.KnownClientApplications = []string{w.desktop.AppID}
	})
	b := &branch{world: w, dir: d}
	b.update(func(tx *directory.Tx) {
		b.fred, err = tx.CreateUser(&directory.User{
			AccountEnabled: true, DisplayName: "Fred", MailNickname: "fred", UserPrincipalName: "fred@fabrikam.onmicrosoft.com",
		}, password)
		w.must(err)
	})
	return b
}

func (b *branch) update(change func(*directory.Tx)) {
	b.t.Helper()
	b.must(b.dir.Update(func(tx *directory.Tx) error { change(tx); return nil }))
}

func (b *branch) tid() string { return b.dir.Tenant().ID }

// invite invites a user of the home tenant to the branch.
func (b *branch) invite(user *directory.User) (guest *directory.User) {
	b.t.Helper()
	b.update(func(tx *directory.Tx) {
		var err error
		guest, err = tx.InviteUser(*user.Mail, user.DisplayName, false)
		b.must(err)
	})
	return guest
}

// at signs a user in under a tenant's name, accepts the consent page if there is one, and returns
// the answer.
func (w *world) at(client *http.Client, name string, request url.Values, user *directory.User) page {
	w.t.Helper()
	p := w.signIn(client, w.get(client, "/"+name+"/oauth2/v2.0/authorize", request), user.UserPrincipalName, password)
	if strings.Contains(p.body, `content="ConvergedConsent"`) {
		return w.decide(client, p, "accept")
	}
	return p
}

// redeemed redeems the code of a redirect under a tenant's name.
func (w *world) redeemed(name string, p page, pairs ...string) answer {
	w.t.Helper()
	if p.location == nil || p.location.Query().Get("code") == "" {
		w.t.Fatalf("no code: %d %v %s", p.status, p.location, p.body)
	}
	return w.tokenAt("/"+name+"/oauth2/v2.0/token", w.desktopRedemption(p.location.Query().Get("code"), pairs...))
}

func TestMSALSignsInUsersOfTwoTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	scopes := []string{"api://orders/read_data"}
	for name, test := range map[string]struct {
		user *directory.User
		tid  string
	}{"home": {w.ada, w.tid()}, "fabrikam": {b.fred, b.tid()}} {
		client, err := public.New(w.desktop.AppID, public.WithAuthority(w.origin+"/organizations"),
			public.WithHTTPClient(w.server.Client()), public.WithInstanceDiscovery(false))
		w.must(err)
		p := w.at(w.browser(), "organizations", w.desktopRequest("scope", scopes[0]), test.user)
		if p.location == nil {
			t.Fatalf("%s: %d %s", name, p.status, p.body)
		}
		result, err := client.AcquireTokenByAuthCode(context.Background(), p.location.Query().Get("code"), "http://localhost:5555", scopes, public.WithChallenge(verifier))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := w.claims(result.AccessToken)
		if c["tid"] != test.tid || c["iss"] != w.origin+"/"+test.tid+"/v2.0" || c["oid"] != test.user.ID || c["scp"] != "read_data" || c["idp"] != nil {
			t.Errorf("%s: claims %v", name, c)
		}
		if result.Account.HomeAccountID != test.user.ID+"."+test.tid || result.IDToken.TenantID != test.tid {
			t.Errorf("%s: account %+v", name, result.Account)
		}
	}
	made, found := b.dir.ServicePrincipalByAppID(w.desktop.AppID)
	if !found || *made.AppOwnerOrganizationID != w.tid() {
		t.Fatal("consent has made no service principal")
	}
	if _, found := b.dir.ServicePrincipalByAppID(w.api.AppID); !found {
		t.Error("nor one of the API that knows the client")
	}
	client, err := public.New(w.desktop.AppID, public.WithAuthority(w.origin+"/organizations"), public.WithHTTPClient(w.server.Client()), public.WithInstanceDiscovery(false))
	w.must(err)
	//lint:ignore SA1019 people still use the flow, so its client must work
	result, err := client.AcquireTokenByUsernamePassword(context.Background(), scopes, b.fred.UserPrincipalName, password)
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); c["tid"] != b.tid() {
		t.Errorf("by password: %v", c)
	}
}

func TestMSALClientCredentialsInTwoTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	ask := func(tenant, secret string) (string, error) {
		credential, err := confidential.NewCredFromSecret(secret)
		w.must(err)
		client, err := confidential.New(w.origin+"/"+tenant, w.daemon.AppID, credential,
			confidential.WithHTTPClient(w.server.Client()), confidential.WithInstanceDiscovery(false))
		w.must(err)
		result, err := client.AcquireTokenByCredential(context.Background(), []string{"api://orders/.default"})
		return result.AccessToken, err
	}
	refused := func(name, code, secret string) {
		t.Helper()
		if _, err := ask(b.tid(), secret); err == nil || !strings.Contains(err.Error(), "AADSTS"+code+": ") {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	refused("single-tenant", "700016", w.daemonSecret)
	w.change(w.daemon.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMultipleOrgs" })
	refused("not taken in", "7000229", w.daemonSecret)
	refused("wrong secret", "7000215", "wrong")
	var principal *directory.ServicePrincipal
	b.update(func(tx *directory.Tx) {
		var err error
		principal, err = tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: w.daemon.AppID, AccountEnabled: true})
		w.must(err)
	})
	refused("the API is not taken in", "650052", w.daemonSecret)
	b.update(func(tx *directory.Tx) {
		api, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: w.api.AppID, AccountEnabled: true})
		w.must(err)
		w.assign(tx, principal.ID, api, jobID)
	})
	token, err := ask(b.tid(), w.daemonSecret)
	if err != nil {
		t.Fatal(err)
	}
	c := w.claims(token)
	if roles, _ := c["roles"].([]any); c["tid"] != b.tid() || c["oid"] != principal.ID || len(roles) != 1 || roles[0] != "Job" {
		t.Errorf("claims %v", c)
	}
	if token, err = ask(w.tid(), w.daemonSecret); err != nil || w.claims(token)["oid"] != w.daemonSP.ID {
		t.Errorf("at home: %v", err)
	}
	w.update(func(tx *directory.Tx) { w.must(tx.DeleteApplication(w.daemon.ID)) })
	refused("without its registration", "700016", w.daemonSecret)
}

func TestWrongTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	unknownUser := func(code string, user *directory.User, from, to *directory.Directory, app *directory.Application) string {
		return "AADSTS" + code + ": User account '" + user.UserPrincipalName + "' from identity provider '" + w.origin + "/" + from.Tenant().ID + "/' does not exist in tenant '" +
			to.Tenant().DisplayName + "' and cannot access the application '" + app.AppID + "'(" + app.DisplayName + ") in that tenant."
	}
	text := func(p page) string { return strings.NewReplacer("&#39;", "'").Replace(p.body) }

	p := w.at(w.browser(), w.tid(), w.siteRequest(), b.fred)
	if p.status != http.StatusBadRequest || !strings.Contains(text(p), unknownUser("50020", b.fred, b.dir, w.dir, w.site)) {
		t.Errorf("a user of another tenant at a single-tenant application: %d %s", p.status, p.body)
	}
	ada := w.browser()
	p = w.at(ada, b.tid(), w.desktopRequest(), w.ada)
	if p.status != http.StatusBadRequest || !strings.Contains(text(p), unknownUser("50020", w.ada, w.dir, b.dir, w.desktop)) {
		t.Errorf("a user of another tenant at a multi-tenant application: %d %s", p.status, p.body)
	}
	silent := w.get(ada, "/"+b.tid()+"/oauth2/v2.0/authorize", w.desktopRequest("prompt", "none")).location.Query()
	if silent.Get("error") != "interaction_required" || !strings.HasPrefix(silent.Get("error_description"), unknownUser("16000", w.ada, w.dir, b.dir, w.desktop)) {
		t.Errorf("prompt=none: %v", silent)
	}
	if p = w.get(ada, "/"+b.tid()+"/oauth2/v2.0/authorize", w.desktopRequest()); !strings.Contains(p.body, `content="ConvergedSignIn"`) {
		t.Errorf("signed in elsewhere: %d %v", p.status, p.location)
	}
	if p = w.get(ada, "/organizations/oauth2/v2.0/authorize", w.desktopRequest("domain_hint", "fabrikam.onmicrosoft.com")); !strings.Contains(p.body, "work or school account") {
		t.Errorf("another domain is meant: %d %v", p.status, p.location)
	}
	if p = w.get(ada, "/organizations/oauth2/v2.0/authorize", w.desktopRequest("domain_hint", "contoso.onmicrosoft.com")); p.location == nil {
		t.Errorf("the own domain is meant: %d %s", p.status, p.body)
	}
	if p = w.get(w.browser(), "/"+b.tid()+"/oauth2/v2.0/authorize", w.siteRequest()); !strings.Contains(text(p), "AADSTS700016: Application with identifier '"+w.site.AppID+"' was not found in the directory 'Fabrikam'.") {
		t.Errorf("a single-tenant application elsewhere: %d %s", p.status, p.body)
	}
	if p = w.at(w.browser(), "organizations", w.desktopRequest("scope", "openid"), &directory.User{UserPrincipalName: "x@nowhere.example"}); !strings.Contains(p.body, "AADSTS50034: ") {
		t.Errorf("nobody's domain: %d %s", p.status, p.body)
	}

	w.change(w.ledger.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMultipleOrgs" })
	scope := w.ledger.AppID + "/read"
	for name, p := range map[string]page{
		"known tenant":  w.get(w.browser(), "/"+b.tid()+"/oauth2/v2.0/authorize", w.desktopRequest("scope", scope)),
		"after sign-in": w.at(w.browser(), "organizations", w.desktopRequest("scope", scope), b.fred),
	} {
		if q := p.location.Query(); q.Get("error") != "invalid_client" || !strings.HasPrefix(q.Get("error_description"), "AADSTS650052: The app is trying to access a service '"+w.ledger.AppID+"'(Ledger)") {
			t.Errorf("an API that was not taken in, %s: %v", name, q)
		}
	}

	home := w.redeemed("organizations", w.get(ada, "/organizations/oauth2/v2.0/authorize", w.desktopRequest()))
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", home.text("refresh_token"))
	w.tokenAt("/"+b.tid()+"/oauth2/v2.0/token", refresh).expect(t, "refresh elsewhere", 400, "invalid_grant", 50020)
	w.tokenAt("/organizations/oauth2/v2.0/token", refresh).ok(t, "refresh")
	code := w.get(ada, w.authorizePath(), w.desktopRequest()).location.Query().Get("code")
	w.tokenAt("/"+b.tid()+"/oauth2/v2.0/token", w.desktopRedemption(code)).expect(t, "code elsewhere", 400, "invalid_grant", 700005)

	byPassword := func(tenant string, user *directory.User) answer {
		return w.tokenAt("/"+tenant+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"password"}, "client_id": {w.desktop.AppID}, "scope": {"api://orders/read_data"},
			"username": {user.UserPrincipalName}, "password": {password},
		})
	}
	byPassword(b.tid(), w.ada).expect(t, "the password of a user of another tenant", 400, "invalid_grant", 50034)
	byPassword("common", w.ada).expect(t, "password at common", 400, "invalid_request", 9001023)
	byPassword("organizations", b.fred).expect(t, "before consent", 400, "invalid_grant", 65001)
	byPassword("organizations", w.ada).ok(t, "by password")
}

// ok fails the test for a request that was refused.
func (a answer) ok(t *testing.T, name string) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Errorf("%s: %d %s", name, a.status, a.text("error_description"))
	}
}

func TestConsentInTheOtherTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	// Even a client that requests only the sign-in requires consent.
	request := w.desktopRequest("scope", "openid profile")
	client := w.browser()
	p := w.signIn(client, w.get(client, "/organizations/oauth2/v2.0/authorize", request), b.fred.UserPrincipalName, password)
	if !strings.Contains(p.body, "View your basic profile") || !strings.Contains(p.body, "contoso.onmicrosoft.com") {
		t.Fatalf("no consent page: %d %v %s", p.status, p.location, p.body)
	}
	if q := w.get(client, "/"+b.tid()+"/oauth2/v2.0/authorize", form(request, "prompt", "none")).location.Query(); q.Get("error") != "consent_required" {
		t.Errorf("prompt=none: %v", q)
	}
	if p = w.decide(client, p, "accept"); p.location == nil || p.location.Query().Get("code") == "" {
		t.Fatalf("after consent: %d %v", p.status, p.location)
	}
	if c := w.claims(w.redeemed("organizations", p, "scope", "openid").text("id_token")); c["tid"] != b.tid() {
		t.Errorf("claims %v", c)
	}
	if _, found := w.dir.UserByUPN(b.fred.UserPrincipalName); found {
		t.Error("fred has come to the home tenant")
	}
	// A change of the application in its home tenant appears in this tenant.
	w.change(w.desktop.ID, func(app *directory.Application) { app.DisplayName = "Renamed" })
	if sp, _ := b.dir.ServicePrincipalByAppID(w.desktop.AppID); sp.DisplayName != "Renamed" {
		t.Errorf("display name %q", sp.DisplayName)
	}
	w.change(w.desktop.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMyOrg" })
	if p := w.get(client, "/"+b.tid()+"/oauth2/v2.0/authorize", request); !strings.Contains(p.body, "AADSTS700016") {
		t.Errorf("no longer multi-tenant: %d %v", p.status, p.location)
	}
}

func TestDeviceOfEveryTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	asked := func(tenant string) answer {
		return w.tokenAt("/"+tenant+"/oauth2/v2.0/devicecode", form(nil, "client_id", w.desktop.AppID, "scope", "api://orders/read_data openid"))
	}
	poll := func(tenant string, d answer) answer {
		return w.tokenAt("/"+tenant+"/oauth2/v2.0/token", form(nil, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id", w.desktop.AppID, "device_code", d.text("device_code")))
	}
	signIn := func(d answer, user *directory.User) page {
		client := w.browser()
		p := w.get(client, "/common/deviceauth", nil) // with the code of either tenant
		p = w.post(client, actionPattern.FindStringSubmatch(p.body)[1], form(hiddenFields(p.body), "otc", d.text("user_code")))
		p = w.signIn(client, p, user.UserPrincipalName, password)
		if strings.Contains(p.body, `content="ConvergedConsent"`) {
			p = w.decide(client, p, "accept")
		}
		return p
	}
	d := asked("organizations")
	signIn(d, b.fred)
	if c := w.claims(poll("organizations", d).text("access_token")); c["tid"] != b.tid() || c["oid"] != b.fred.ID {
		t.Errorf("claims %v", c)
	}
	d = asked(b.tid())
	if p := signIn(d, w.ada); !strings.Contains(p.body, "AADSTS50020") {
		t.Errorf("a user of another tenant: %d %s", p.status, p.body)
	}
	signIn(d, b.fred)
	poll(w.tid(), d).expect(t, "polled elsewhere", 400, "bad_verification_code", 70018)
	poll(b.tid(), d).ok(t, "polled")
}

func TestMetadataOfEveryTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	var m struct {
		Issuer   string `json:"issuer"`
		Endpoint string `json:"token_endpoint"`
		JWKSURI  string `json:"jwks_uri"`
	}
	w.document("/Fabrikam.onmicrosoft.com/v2.0/.well-known/openid-configuration", &m)
	if m.Issuer != w.origin+"/"+b.tid()+"/v2.0" || m.Endpoint != w.origin+"/"+b.tid()+"/oauth2/v2.0/token" {
		t.Errorf("metadata %+v", m)
	}
	keys := map[string]string{} // the issuer by kid: every tenant has the same keys
	for _, tenant := range []string{w.tid(), b.tid()} {
		var set struct {
			Keys []struct{ Kid, Issuer string }
		}
		w.document("/"+tenant+"/discovery/v2.0/keys", &set)
		if set.Keys[0].Issuer != w.origin+"/"+tenant+"/v2.0" {
			t.Errorf("issuer of the key %s", set.Keys[0].Issuer)
		}
		keys[set.Keys[0].Kid] = tenant
	}
	if len(keys) != 1 {
		t.Errorf("keys %v", keys)
	}
	var realm map[string]string
	w.document("/common/userrealm/fred@fabrikam.onmicrosoft.com", &realm)
	if realm["account_type"] != "Managed" || realm["domain_name"] != "fabrikam.onmicrosoft.com" {
		t.Errorf("realm %v", realm)
	}
	info := w.claims(w.redeemed("organizations", w.at(w.browser(), "organizations", w.desktopRequest("scope", "openid User.Read"), b.fred), "scope", "User.Read openid profile").text("access_token"))
	if got, err := w.login.VerifyGraphToken("", w.signed(info)); err != nil || got.TenantID != b.tid() || got.ObjectID != b.fred.ID {
		t.Errorf("Graph token: %+v %v", got, err)
	}
}

// signed signs claims with the tenant's key.
func (w *world) signed(claims map[string]any) string {
	w.t.Helper()
	token, err := w.login.Sign(nil, claims)
	w.must(err)
	return token
}

// TestConfidentialClientUnderASharedName: under common and organizations, a token of every grant
// states how the client has authenticated, and the credentials of its service principal are
// valid.
func TestConfidentialClientUnderASharedName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.middle()
	w.beside()
	id := clientIdentity()
	w.changePrincipal(w.apiSP.ID, func(sp *directory.ServicePrincipal) {
		sp.KeyCredentials = append(sp.KeyCredentials, directory.KeyCredential{
			Type: "AsymmetricX509Cert", Usage: "Verify", Key: id.der,
			StartDateTime: w.clock.Now().Add(-time.Hour), EndDateTime: w.clock.Now().AddDate(1, 0, 0),
		})
	})
	principals := ""
	w.update(func(tx *directory.Tx) { principals = w.secret(tx, w.apiSP.ID, directory.PasswordCredential{}) })
	signed := func(name string) []string {
		return []string{"client_secret", "-", "client_assertion_type", assertionType, "client_assertion",
			id.sign(t, jose.PS256, map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(id.sha256())}, w.daemonClaims("iss", w.api.AppID, "sub", w.api.AppID, "aud", w.origin+"/"+name+"/oauth2/v2.0/token"))}
	}
	users := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
	for _, name := range []string{"common", "organizations", w.tid()} {
		path := "/" + name + "/oauth2/v2.0/"
		for credential, test := range map[string]struct {
			pairs []string
			want  string
		}{
			"secret":                       {[]string{"client_secret", secret}, "1"},
			"secret of the principal":      {[]string{"client_secret", principals}, "1"},
			"certificate of the principal": {signed(name), "2"},
		} {
			behalf := w.tokenAt(path+"token", w.behalf(secret, users, test.pairs...))
			asked := w.tokenAt(path+"devicecode", url.Values{"client_id": {w.api.AppID}, "scope": {"https://ledger." + w.dir.Tenant().Domain + "//read"}})
			client := w.browser()
			w.signIn(client, w.typed(client, asked.text("user_code")), w.ada.UserPrincipalName, password)
			device := w.tokenAt(path+"token", form(url.Values{"grant_type": {"device_code"}, "client_id": {w.api.AppID}, "device_code": {asked.text("device_code")}}, test.pairs...))
			for grant, a := range map[string]answer{"on behalf of": behalf, "device": device} {
				if a.status != http.StatusOK {
					t.Errorf("%s at %s with %s: %s", grant, name, credential, a.body)
					continue
				}
				if got := w.claims(a.text("access_token"))["appidacr"]; got != test.want {
					t.Errorf("%s at %s with %s: appidacr %v, want %s", grant, name, credential, got, test.want)
				}
			}
		}
	}
}
