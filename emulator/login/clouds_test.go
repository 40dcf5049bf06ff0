package login

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
	"provision/internal/microsoft"
)

// loginOf returns the host of a cloud's authorization server, and the tenant's own for "local".
func (w *world) loginOf(cloud string) string {
	if c, found := microsoft.CloudNamed(cloud); found {
		return c.Login[0]
	}
	return strings.TrimPrefix(w.origin, "https://")
}

// pageUnder requests a page under a host: with POST if form is not nil.
func (w *world) pageUnder(host, path string, form url.Values) page {
	w.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Host = host
	recorder := httptest.NewRecorder()
	w.login.Handler().ServeHTTP(recorder, r)
	p := page{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
	if target := p.header.Get("Location"); target != "" {
		var err error
		p.location, err = url.Parse(target)
		w.must(err)
	}
	return p
}

// codeUnder signs a user in under a host and returns the authorization code.
func (w *world) codeUnder(host string, request url.Values, user *directory.User) string {
	w.t.Helper()
	fields := hiddenFields(w.pageUnder(host, w.authorizePath()+"?"+request.Encode(), nil).body)
	fields.Set("loginfmt", user.UserPrincipalName)
	fields.Set("passwd", password)
	p := w.pageUnder(host, "/"+w.tid()+"/login", fields)
	if p.location == nil {
		w.t.Fatalf("no code: %d %s", p.status, p.body)
	}
	return p.location.Query().Get("code")
}

// TestACloudAcceptsItsOwnTokens: a request under a cloud's host is a request to this cloud. It
// accepts tokens of this cloud and of the tenant's own origin.
func TestACloudAcceptsItsOwnTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	graph := map[string]string{"local": "", "public": "graph.microsoft.com", "usgov": "graph.microsoft.us", "usgov-dod": "dod-graph.microsoft.us", "china": "microsoftgraph.chinacloudapi.cn"}
	accepts := map[string][]string{ // by the token's cloud: the clouds that accept it
		"local":     {"local", "public", "usgov", "usgov-dod", "china"},
		"public":    {"local", "public"},
		"usgov":     {"usgov", "usgov-dod"},
		"usgov-dod": {"usgov", "usgov-dod"},
		"china":     {"china"},
	}
	admin := w.dir.Administrator()
	for from, host := range graph {
		scope := w.origin + "/.default"
		if host != "" {
			scope = "https://" + host + "/.default"
		}
		request := w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", scope)
		token := w.under(w.loginOf(from), w.tokenPath(), request).text("access_token")
		for at := range graph {
			_, err := w.login.VerifyGraphToken(graph[at], token)
			if accepted, want := err == nil, slices.Contains(accepts[from], at); accepted != want {
				t.Errorf("Graph of %s accepts a token of %s: %t, want %t (%v)", at, from, accepted, want, err)
			}
			// The name of a resource in another cloud is unknown here.
			a := w.under(w.loginOf(at), w.tokenPath(), request)
			if granted, want := a.status == http.StatusOK, from == "local" || slices.Contains(accepts[from], at); granted != want || !want && a.code() != 500011 {
				t.Errorf("%s of %s: granted %t, want %t: %s", scope, at, granted, want, a.body)
			}
		}
	}
}

// TestCloudsWithOneIssuer: the public cloud and the US Government refuse each other's tokens with
// the same issuer and the same audience, as Entra does, whose clouds have different keys.
func TestCloudsWithOneIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := "" // of an API with version 1.0 tokens
	w.update(func(tx *directory.Tx) {
		secret = w.secret(tx, w.ledger.ID, directory.PasswordCredential{})
		w.grant(tx, w.ledgerSP, w.apiSP, "read_data")
		w.grant(tx, w.desktopSP, w.ledgerSP, "read")
	})
	admin := w.dir.Administrator()
	manager := map[string]string{"public": "management.azure.com", "usgov": "management.usgovcloudapi.net"}
	graph := map[string]string{"public": "graph.microsoft.com", "usgov": "graph.microsoft.us", "usgov-dod": "dod-graph.microsoft.us"}
	for from := range manager {
		at := w.loginOf(from)
		users := w.under(at, w.tokenPath(), w.siteRedemption(w.codeUnder(at, w.siteRequest("scope", "User.Read openid"), w.ada), "scope", "User.Read")).text("access_token")
		app := w.under(at, w.tokenPath(), w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", directory.MicrosoftGraphAppID+"/.default")).text("access_token")
		managers := w.under(at, w.tokenPath(), w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", managementAppID+"/.default")).text("access_token")
		for other, host := range graph {
			for _, token := range []string{users, app} {
				_, err := w.login.VerifyGraphToken(host, token)
				if ok, want := err == nil, strings.HasPrefix(other, from); ok != want || !want && !errors.Is(err, ErrCloud) {
					t.Errorf("Graph of %s accepts a token of %s: %t, want %t (%v)", other, from, ok, want, err)
				}
			}
		}
		read := "https://ledger." + w.dir.Tenant().Domain + "//read"
		ledgers := w.under(at, w.tokenPath(), w.desktopRedemption(w.codeUnder(at, w.desktopRequest("scope", read), w.ada), "scope", read)).text("access_token")
		for other, host := range manager {
			if _, err := w.login.VerifyManagementToken(host, managers); (err == nil) != (from == other) {
				t.Errorf("Resource Manager of %s and a token of %s: %v", other, from, err)
			}
			a := w.under(w.loginOf(other), w.tokenPath(), w.behalf(secret, ledgers, "client_id", w.ledger.AppID, "scope", "api://orders/read_data"))
			if want := from == other; (a.code() == 0) != want || !want && a.code() != 50013 {
				t.Errorf("on behalf of a user of %s at %s: AADSTS%d %s", from, other, a.code(), a.text("error_description"))
			}
		}
	}
}

// TestAssertionOfACloudWithTheSameIssuer: a version 1.0 token of a managed identity is an
// assertion in its cloud only.
func TestAssertionOfACloudWithTheSameIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	identity := w.managedIdentity()
	audience := w.ledger.IdentifierUris[0]
	for _, from := range []string{"public", "usgov"} {
		token, _, err := w.login.ManagedIdentityToken(w.dir, identity, audience, w.loginOf(from))
		w.must(err)
		if from == "public" {
			w.trust(directory.FederatedIdentityCredential{Name: "v1", Issuer: w.claims(token)["iss"].(string), Subject: ptr(identity.ID), Audiences: []string{w.claims(token)["aud"].(string)}})
		}
		for _, at := range []string{"public", "usgov"} {
			a := w.under(w.loginOf(at), w.tokenPath(), w.daemonAssertion(token))
			if want := from == at; (a.code() == 0) != want || !want && a.code() != 700236 {
				t.Errorf("an assertion of %s at %s: AADSTS%d %s", from, at, a.code(), a.text("error_description"))
			}
		}
	}
}

// TestSealedStateStaysInItsCloud: codes, refresh tokens and device codes are accepted in their
// cloud. What the tenant's own origin issues is accepted in every cloud.
func TestSealedStateStaysInItsCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clouds := []string{"local", "public", "usgov", "china"}
	tenant := "/" + w.tid()
	asked := url.Values{"client_id": {w.desktop.AppID}, "scope": {"api://orders/read_data openid"}}
	for _, from := range clouds {
		host := w.loginOf(from)
		refresh := w.under(host, w.tokenPath(), w.desktopRedemption(w.codeUnder(host, w.desktopRequest(), w.ada))).text("refresh_token")
		device := w.under(host, tenant+"/oauth2/v2.0/devicecode", asked)
		for _, at := range clouds {
			accepted := from == at || from == "local" || from == "public" && at == "local"
			code := w.codeUnder(host, w.desktopRequest(), w.ada)
			for name, test := range map[string]struct {
				form    url.Values
				granted int
				refused int
			}{
				"code":          {w.desktopRedemption(code), 0, 70000},
				"refresh token": {url.Values{"grant_type": {"refresh_token"}, "client_id": {w.desktop.AppID}, "refresh_token": {refresh}, "scope": {"api://orders/read_data"}}, 0, 70000},
				"device code":   {url.Values{"grant_type": {"device_code"}, "client_id": {w.desktop.AppID}, "device_code": {device.text("device_code")}}, 70016, 70018},
			} {
				want := test.refused
				if accepted {
					want = test.granted
				}
				if a := w.under(w.loginOf(at), w.tokenPath(), test.form); a.code() != want {
					t.Errorf("%s of %s at %s: AADSTS%d, want %d", name, from, at, a.code(), want)
				}
			}
			page := w.pageUnder(w.loginOf(at), tenant+"/deviceauth", url.Values{"otc": {device.text("user_code")}})
			if found := strings.Contains(page.body, "<strong>Desktop</strong>"); found != accepted {
				t.Errorf("user code of %s at %s: found %t, want %t", from, at, found, accepted)
			}
			state := hiddenFields(w.pageUnder(host, w.authorizePath()+"?"+w.desktopRequest().Encode(), nil).body)
			state.Set("loginfmt", w.ada.UserPrincipalName)
			state.Set("passwd", password)
			signedIn := w.pageUnder(w.loginOf(at), tenant+"/login", state)
			if signedIn.status == http.StatusFound != accepted {
				t.Errorf("sign-in page of %s at %s: %d, want accepted %t", from, at, signedIn.status, accepted)
			}
		}
	}
}

// TestOnBehalfOfStaysInItsCloud: an API exchanges a user's token with the cloud that issued it.
func TestOnBehalfOfStaysInItsCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.middle()
	for _, test := range []struct {
		issuer, at string
		code       int
	}{
		{"public", "public", 0}, {"local", "public", 0}, {"public", "local", 0}, {"local", "china", 0}, {"china", "china", 0},
		{"usgov", "usgov", 0}, {"china", "public", 50013}, {"usgov", "china", 50013}, {"china", "local", 50013},
	} {
		users := w.under(w.loginOf(test.issuer), w.tokenPath(), w.desktopRedemption(w.code(w.desktopRequest(), w.ada))).text("access_token")
		if a := w.under(w.loginOf(test.at), w.tokenPath(), w.behalf(secret, users)); a.code() != test.code {
			t.Errorf("a token of %s at %s: AADSTS%d, want %d: %s", test.issuer, test.at, a.code(), test.code, a.text("error_description"))
		}
	}
}

// TestManagedIdentityOfACloud: the token of a managed identity is a federated credential of its
// cloud, and of no other one.
func TestManagedIdentityOfACloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	identity := w.managedIdentity()
	for _, c := range microsoft.Clouds {
		if c.Name == "usgov-dod" { // the issuer of usgov
			continue
		}
		w.trust(directory.FederatedIdentityCredential{Name: c.Name, Issuer: c.Authority() + "/" + w.tid() + "/v2.0", Subject: ptr(identity.ID), Audiences: []string{c.TokenExchange}})
	}
	for _, from := range microsoft.Clouds {
		for _, other := range microsoft.Clouds {
			_, _, err := w.login.ManagedIdentityToken(w.dir, identity, other.TokenExchange, from.Login[0])
			if given, want := err == nil, from.TokenExchange == other.TokenExchange; given != want {
				t.Errorf("%s for an identity of %s: %t, want %t (%v)", other.TokenExchange, from.Name, given, want, err)
			}
		}
		token, _, err := w.login.ManagedIdentityToken(w.dir, identity, from.TokenExchange, from.Login[0])
		w.must(err)
		if claims := w.claims(token); claims["iss"] != from.Authority()+"/"+w.tid()+"/v2.0" {
			t.Errorf("%s: issuer %v", from.Name, claims["iss"])
		}
		for _, at := range microsoft.Clouds {
			a := w.under(at.Login[0], w.tokenPath(), w.daemonAssertion(token, "scope", at.GraphURL()+"/.default"))
			if want := from.Login[0] == at.Login[0]; (a.code() == 0) != want || !want && a.code() != 700236 {
				t.Errorf("an identity of %s at %s: AADSTS%d %s", from.Name, at.Name, a.code(), a.text("error_description"))
			}
		}
	}
}

// TestResourcesOfACloud: Microsoft's resources have a host in each cloud.
func TestResourcesOfACloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx *directory.Tx) {
		for _, appID := range []string{"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "e406a681-f3d4-42a8-90b6-c2b029497af1"} {
			_, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: appID, AccountEnabled: true})
			w.must(err)
		}
	})
	for _, test := range []struct {
		resource string
		clouds   []string
	}{
		{"https://vault.azure.net", []string{"public"}},
		{"https://vault.usgovcloudapi.net", []string{"usgov"}},
		{"https://vault.azure.cn", []string{"china"}},
		{"https://storage.azure.com", []string{"public", "usgov", "china"}},
		{"https://orders.blob.core.windows.net", []string{"public"}},
		{"https://orders.blob.core.usgovcloudapi.net", []string{"usgov"}},
		{"https://orders.blob.core.chinacloudapi.cn", []string{"china"}},
		{"https://management.azure.com/", []string{"public"}},
		{"https://management.usgovcloudapi.net", []string{"usgov"}},
		{"https://management.core.chinacloudapi.cn/", []string{"china"}},
		{"797f4846-ba00-4fd7-ba43-dac1f8f63013", []string{"public", "usgov", "china"}},
	} {
		for _, cloud := range []string{"public", "usgov", "china"} {
			a := w.under(w.loginOf(cloud), w.tokenPath(), w.daemonRequest("scope", test.resource+"/.default"))
			if given, want := a.status == http.StatusOK, slices.Contains(test.clouds, cloud); given != want {
				t.Errorf("%s at %s: %t, want %t: %s", test.resource, cloud, given, want, a.text("error_description"))
			}
		}
	}
}

// managedIdentity makes a managed identity.
func (w *world) managedIdentity() (identity *directory.ServicePrincipal) {
	w.update(func(tx *directory.Tx) {
		var err error
		identity, _, err = tx.CreateManagedIdentity("orders")
		w.must(err)
	})
	return identity
}
