package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"provision/emulator/directory"
)

func TestGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	guest := b.invite(w.ada)
	w.change(w.api.ID, func(app *directory.Application) {
		app.OptionalClaims = &directory.OptionalClaims{AccessToken: []directory.OptionalClaim{
			{Name: "acct"}, {Name: "upn", AdditionalProperties: []string{"include_externally_authenticated_upn_without_hash"}},
		}}
	})
	client := w.browser()
	a := w.redeemed(b.tid(), w.at(client, b.tid(), w.desktopRequest(), w.ada), "client_info", "1")
	want := map[string]any{
		"tid": b.tid(), "iss": w.origin + "/" + b.tid() + "/v2.0", "oid": guest.ID, "idp": w.origin + "/" + w.tid() + "/",
		"preferred_username": *w.ada.Mail, "email": *w.ada.Mail,
	}
	tokens := map[string]map[string]any{"access": w.claims(a.text("access_token")), "id": w.claims(a.text("id_token"))}
	for name, claims := range tokens {
		for claim, value := range want {
			if claims[claim] != value {
				t.Errorf("%s token: %s %v, want %v", name, claim, claims[claim], value)
			}
		}
	}
	if c := tokens["access"]; c["acct"] != 1.0 || c["upn"] != "ada_mail.example_EXT_@fabrikam.onmicrosoft.com" {
		t.Errorf("claims %v", c)
	}
	var account struct{ UID, UTID string }
	info, err := base64.RawURLEncoding.DecodeString(a.text("client_info"))
	w.must(err)
	w.must(json.Unmarshal(info, &account))
	if account.UID != w.ada.ID || account.UTID != w.tid() {
		t.Errorf("client_info %+v: an account is named by its home", account)
	}
	if u, _ := b.dir.User(guest.ID); *u.ExternalUserState != "Accepted" {
		t.Errorf("invitation %s", *u.ExternalUserState)
	}

	// One sign-in is valid in both tenants, and so is one refresh token.
	if p := w.get(client, w.authorizePath(), w.desktopRequest()); p.location == nil || w.claims(w.redeemed(w.tid(), p).text("id_token"))["oid"] != w.ada.ID {
		t.Errorf("at home: %d %s", p.status, p.body)
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.desktop.AppID, "refresh_token", a.text("refresh_token"))
	for tenant, oid := range map[string]string{w.tid(): w.ada.ID, b.tid(): guest.ID, "organizations": w.ada.ID} {
		if again := w.tokenAt("/"+tenant+"/oauth2/v2.0/token", refresh); w.claims(again.text("access_token"))["oid"] != oid {
			t.Errorf("refreshed at %s: %d %s", tenant, again.status, again.text("error_description"))
		}
	}
	// The claims of v1 tokens have other names.
	old := w.tokenAt("/"+b.tid()+"/oauth2/token", form(refresh, "resource", "api://orders")).text("id_token")
	if c := w.claims(old); c["unique_name"] != *w.ada.Mail || c["upn"] != nil || c["idp"] != w.origin+"/"+w.tid()+"/" {
		t.Errorf("v1 ID token: %v", c)
	}

	b.update(func(tx *directory.Tx) {
		u, _ := tx.User(guest.ID)
		u = u.Clone()
		u.AccountEnabled = false
		w.must(tx.UpdateUser(u))
	})
	w.tokenAt("/"+b.tid()+"/oauth2/v2.0/token", refresh).expect(t, "disabled guest", 400, "invalid_grant", 50057)
	w.tokenAt(w.tokenPath(), refresh).ok(t, "at home all the same")
	w.update(func(tx *directory.Tx) { w.must(tx.DeleteUser(w.ada.ID)) })
	w.tokenAt("/"+b.tid()+"/oauth2/v2.0/token", refresh).expect(t, "deleted at home", 400, "invalid_grant", 50034)
}

// TestMSALGuestInTwoTenants: an account that is in the cache from a
// sign-in at home gets tokens of the other tenant without another sign-in.
func TestMSALGuestInTwoTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	guest := b.invite(w.ada)
	b.update(func(tx *directory.Tx) {
		principals := map[string]*directory.ServicePrincipal{}
		for _, app := range []*directory.Application{w.desktop, w.api} {
			sp, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: app.AppID, AccountEnabled: true})
			w.must(err)
			principals[app.AppID] = sp
		}
		w.grant(tx, principals[w.desktop.AppID], principals[w.api.AppID], "read_data")
	})
	client, err := public.New(w.desktop.AppID, public.WithAuthority(w.origin+"/organizations"),
		public.WithHTTPClient(w.server.Client()), public.WithInstanceDiscovery(false))
	w.must(err)
	scopes := []string{"api://orders/read_data"}
	code := w.at(w.browser(), "organizations", w.desktopRequest("scope", scopes[0]), w.ada).location.Query().Get("code")
	home, err := client.AcquireTokenByAuthCode(context.Background(), code, "http://localhost:5555", scopes, public.WithChallenge(verifier))
	if err != nil {
		t.Fatal(err)
	}
	away, err := client.AcquireTokenSilent(context.Background(), scopes, public.WithSilentAccount(home.Account), public.WithTenantID(b.tid()))
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(away.AccessToken); c["tid"] != b.tid() || c["oid"] != guest.ID {
		t.Errorf("claims %v", c)
	}
	if away.Account.HomeAccountID != w.ada.ID+"."+w.tid() {
		t.Errorf("account %+v", away.Account)
	}
	if accounts, err := client.Accounts(context.Background()); err != nil || len(accounts) == 0 {
		t.Errorf("accounts %v %v", accounts, err)
	}
}

func TestInvitationIsRedeemed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	guest := b.invite(w.ada)
	address := func(user, to string) page {
		return w.get(w.browser(), "/"+b.tid()+"/redeem", url.Values{"user": {user}, "rd": {to}})
	}
	const to = "https://app.example/?welcome=1"
	b.update(func(tx *directory.Tx) {
		b.must(tx.SetInviteRedirect(guest.ID, to))
		b.must(tx.SetInviteRedirect(guest.ID, "javascript:alert(1)"))
	})
	for name, p := range map[string]page{"nobody": address(w.ada.ID, to), "not invited": address(b.fred.ID, to), "a script": address(guest.ID, "javascript:alert(1)"),
		"where no invitation leads": address(guest.ID, "https://evil.example/"), "a longer address": address(guest.ID, to+"&x=1"), "a host besides": address(guest.ID, "https://app.example@evil.example/?welcome=1")} {
		if p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS90023") {
			t.Errorf("%s: %d %s", name, p.status, p.body)
		}
	}
	client := w.browser()
	invited := url.Values{"user": {guest.ID}, "rd": {to}}
	p := w.get(client, "/"+b.tid()+"/redeem", invited)
	if !strings.Contains(p.body, `value="ada@mail.example"`) {
		t.Errorf("page %s", p.body)
	}
	if wrong := w.signIn(client, p, w.bob.UserPrincipalName, password); !strings.Contains(wrong.body, "AADSTS50020") {
		t.Errorf("somebody else: %d %v", wrong.status, wrong.location)
	}
	p = w.signIn(client, w.get(client, "/"+b.tid()+"/redeem", invited), w.ada.UserPrincipalName, password)
	if p.location == nil || p.location.String() != to {
		t.Fatalf("%d %v", p.status, p.location)
	}
	if u, found := b.dir.GuestOf(directory.HomeAccount{TenantID: w.tid(), ObjectID: w.ada.ID}); !found || u.ID != guest.ID {
		t.Error("the invitation is not accepted")
	}
	if p = w.get(client, "/"+b.tid()+"/redeem", invited); p.location == nil || p.location.String() != to {
		t.Errorf("again: %d %v", p.status, p.location)
	}
}

func TestOnBehalfOfInTheOtherTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.beside()
	guest := b.invite(w.ada)
	var secret string
	w.update(func(tx *directory.Tx) { secret = w.secret(tx, w.api.ID, directory.PasswordCredential{}) })
	token := w.redeemed(b.tid(), w.at(w.browser(), b.tid(), w.desktopRequest(), w.ada)).text("access_token")
	graph, _ := b.dir.ServicePrincipalByAppID(directory.MicrosoftGraphAppID)
	api, _ := b.dir.ServicePrincipalByAppID(w.api.AppID)
	b.update(func(tx *directory.Tx) { w.grant(tx, api, graph, "User.Read") })
	ask := func(tenant string) answer {
		return w.tokenAt("/"+tenant+"/oauth2/v2.0/token", url.Values{
			"grant_type": {jwtBearer}, "requested_token_use": {"on_behalf_of"}, "client_id": {w.api.AppID}, "client_secret": {secret},
			"assertion": {token}, "scope": {"User.Read"},
		})
	}
	for _, tenant := range []string{b.tid(), "organizations"} {
		if c := w.claims(ask(tenant).text("access_token")); c["tid"] != b.tid() || c["oid"] != guest.ID || c["idp"] != w.origin+"/"+w.tid()+"/" {
			t.Errorf("%s: claims %v", tenant, c)
		}
	}
	ask(w.tid()).expect(t, "a token of another tenant", 400, "invalid_grant", 50013)
}
