package login

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"provision/emulator/directory"
)

// middle makes the API a client of the ledger: it has a secret and the consent.
func (w *world) middle() (secret string) {
	w.t.Helper()
	w.update(func(tx *directory.Tx) {
		secret = w.secret(tx, w.api.ID, directory.PasswordCredential{})
		w.grant(tx, w.apiSP, w.ledgerSP, "read")
	})
	return secret
}

func (w *world) behalf(secret, assertion string, pairs ...string) url.Values {
	return form(url.Values{
		"grant_type": {jwtBearer}, "requested_token_use": {"on_behalf_of"}, "client_id": {w.api.AppID}, "client_secret": {secret},
		"assertion": {assertion}, "scope": {"https://ledger." + w.dir.Tenant().Domain + "//read"},
	}, pairs...)
}

func TestOnBehalfOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.middle()
	first := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
	a := w.granted(w.behalf(secret, first, "scope", "https://ledger."+w.dir.Tenant().Domain+"//.default openid offline_access", "client_info", "1"))
	c := w.claims(a.text("access_token"))
	if c["appid"] != w.api.AppID || c["oid"] != w.ada.ID || c["scp"] != "read" || c["appidacr"] != "1" || c["unique_name"] != w.ada.UserPrincipalName {
		t.Errorf("claims %v", c)
	}
	if a.text("id_token") == "" || a.text("refresh_token") == "" || a.text("client_info") == "" {
		t.Errorf("answer %v", a.fields)
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", w.api.AppID, "refresh_token", a.text("refresh_token"))
	w.token(refresh).expect(t, "the API's refresh token without its secret", 401, "invalid_client", 7000218)
	w.granted(form(refresh, "client_secret", secret))
	// At a v1 endpoint, the parameter is resource.
	v1 := w.tokenAt("/"+w.tid()+"/oauth2/token", w.behalf(secret, first, "scope", "-", "resource", "https://ledger."+w.dir.Tenant().Domain+"/"))
	if v1.status != 200 || w.claims(v1.text("access_token"))["scp"] != "read" {
		t.Errorf("v1: %v", v1.fields)
	}
	// A v1 token names the API by its URI.
	own := "api://" + w.api.AppID
	w.change(w.api.ID, func(app *directory.Application) {
		app.API.RequestedAccessTokenVersion, app.IdentifierUris = nil, []string{own}
	})
	scope := own + "/read_data openid"
	first = w.granted(w.desktopRedemption(w.code(w.desktopRequest("scope", scope), w.ada), "scope", scope)).text("access_token")
	if c := w.claims(first); c["aud"] != own {
		t.Fatalf("claims %v", c)
	}
	w.granted(w.behalf(secret, first))
}

func TestOnBehalfOfIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.middle()
	signedIn := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada)))
	first := signedIn.text("access_token")
	graph := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "User.Read"), w.ada))).text("access_token")
	own := w.granted(w.daemonRequest()).text("access_token")
	idToken := w.granted(w.siteRedemption(w.code(w.siteRequest(), w.ada))).text("id_token")
	foreign, err := w.login.Sign(nil, map[string]any{"iss": "https://evil.example", "aud": w.api.AppID, "azp": "x", "exp": w.clock.Now().Unix() + 60, "scp": "a", "oid": w.ada.ID})
	w.must(err)
	parts := strings.Split(first, ".")
	for name, test := range map[string]struct {
		request url.Values
		status  int
		oauth   string
		code    int
	}{
		"no assertion":                {w.behalf(secret, "", "assertion", "-"), 400, "invalid_request", 900144},
		"no use":                      {w.behalf(secret, first, "requested_token_use", "-"), 400, "invalid_request", 900144},
		"another use":                 {w.behalf(secret, first, "requested_token_use", "fun"), 400, "invalid_request", 90023},
		"no secret":                   {w.behalf(secret, first, "client_secret", "-"), 401, "invalid_client", 7000218},
		"no scope":                    {w.behalf(secret, first, "scope", "-"), 400, "invalid_request", 900144},
		"junk":                        {w.behalf(secret, "junk"), 400, "invalid_grant", 50027},
		"tampered":                    {w.behalf(secret, parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2]))), 400, "invalid_grant", 50013},
		"another issuer's":            {w.behalf(secret, foreign), 400, "invalid_grant", 50013},
		"a token for Microsoft Graph": {w.behalf(secret, graph), 400, "invalid_grant", 500131},
		"another API's token":         {w.behalf("", first, "client_id", w.site.AppID, "client_secret", w.siteSecret), 400, "invalid_grant", 500131},
		"an application's own":        {w.behalf(secret, own), 400, "invalid_grant", 7000114},
		"an ID token":                 {w.behalf("", idToken, "client_id", w.site.AppID, "client_secret", w.siteSecret), 400, "invalid_grant", 240002},
		"no consent":                  {w.behalf(secret, first, "scope", "User.Read"), 400, "invalid_grant", 65001},
		"not assigned":                {w.behalf(secret, first, "scope", "api://guarded/.default"), 400, "invalid_grant", 50105},
	} {
		w.token(test.request).expect(t, name, test.status, test.oauth, test.code)
	}
	if a := w.token(w.behalf(secret, first, "scope", "User.Read")); a.text("suberror") != "consent_required" {
		t.Errorf("no consent: %v", a.fields)
	}
	w.update(func(tx *directory.Tx) {
		ada := w.ada.Clone()
		ada.AccountEnabled = false
		w.must(tx.UpdateUser(ada))
	})
	w.token(w.behalf(secret, first)).expect(t, "a disabled user's", 400, "invalid_grant", 50057)
	w.clock.advance(2 * time.Hour)
	w.token(w.behalf(secret, first)).expect(t, "expired", 400, "invalid_grant", 500133)
}

func TestMSALOnBehalfOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	credential, err := confidential.NewCredFromSecret(w.middle())
	w.must(err)
	client, err := confidential.New(w.origin+"/"+w.tid(), w.api.AppID, credential,
		confidential.WithHTTPClient(w.server.Client()), confidential.WithInstanceDiscovery(false))
	w.must(err)
	first := w.granted(w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
	result, err := client.AcquireTokenOnBehalfOf(context.Background(), first, []string{"https://ledger." + w.dir.Tenant().Domain + "//read"})
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); c["oid"] != w.ada.ID || c["appid"] != w.api.AppID {
		t.Errorf("claims %v", c)
	}
	_, err = client.AcquireTokenOnBehalfOf(context.Background(), first, []string{"User.Read"})
	if err == nil || !strings.Contains(err.Error(), "AADSTS65001") {
		t.Errorf("no consent: %v", err)
	}
}
