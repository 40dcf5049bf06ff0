package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// under sends a request to a host name.
func (w *world) under(host, path string, form url.Values, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.login.Handler().ServeHTTP(recorder, r)
	a := answer{page: page{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}}
	if err := json.Unmarshal([]byte(a.body), &a.fields); err != nil {
		w.t.Fatalf("%s%s: %d %s", host, path, a.status, a.body)
	}
	return a
}

func TestPublicHostsUseNamesOfThePublicCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tid := w.tid()
	for _, host := range []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net", "LOGIN.microsoftonline.com:443"} {
		origin := "https://" + strings.TrimSuffix(strings.ToLower(host), ":443")
		for path, want := range map[string][3]string{
			"/" + tid + "/v2.0": {"https://login.microsoftonline.com/" + tid + "/v2.0", origin + "/" + tid + "/oauth2/v2.0/token", origin + "/" + tid + "/discovery/v2.0/keys"},
			"/common/v2.0":      {"https://login.microsoftonline.com/{tenantid}/v2.0", origin + "/common/oauth2/v2.0/token", origin + "/common/discovery/v2.0/keys"},
			"/" + tid:           {"https://sts.windows.net/" + tid + "/", origin + "/" + tid + "/oauth2/token", origin + "/" + tid + "/discovery/keys"},
		} {
			a := w.under(host, path+"/.well-known/openid-configuration", nil)
			if got := [3]string{a.text("issuer"), a.text("token_endpoint"), a.text("jwks_uri")}; got != want {
				t.Errorf("%s%s: %q, want %q", host, path, got, want)
			}
			if a.text("msgraph_host") != "graph.microsoft.com" || a.text("userinfo_endpoint") != "https://graph.microsoft.com/oidc/userinfo" {
				t.Errorf("%s%s: Graph is %s, UserInfo %s", host, path, a.text("msgraph_host"), a.text("userinfo_endpoint"))
			}
			keys, err := url.Parse(want[2])
			w.must(err)
			set := w.under(host, keys.Path, nil)
			if key := set.fields["keys"].([]any)[0].(map[string]any); key["issuer"] != want[0] {
				t.Errorf("%s%s: a key's issuer is %v, want %s", host, keys.Path, key["issuer"], want[0])
			}
		}
	}
	if a := w.under("login.microsoftonline.com:8443", "/"+tid+"/v2.0/.well-known/openid-configuration", nil); a.text("issuer") != w.origin+"/"+tid+"/v2.0" {
		t.Errorf("under another port the issuer is %s", a.text("issuer"))
	}
}

func TestIssuerOfPublicHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.tokenPath()
	admin := w.dir.Administrator()
	forGraph := w.daemonRequest("client_id", admin.ClientID, "client_secret", admin.Secret, "scope", "https://graph.microsoft.com/.default")
	for host, want := range map[string]string{
		"login.microsoftonline.com":              "https://sts.windows.net/" + w.tid() + "/",
		"login.windows.net":                      "https://sts.windows.net/" + w.tid() + "/",
		strings.TrimPrefix(w.origin, "https://"): w.origin + "/" + w.tid() + "/",
	} {
		token := w.under(host, path, forGraph).text("access_token")
		if iss := w.claims(token)["iss"]; iss != want {
			t.Errorf("%s: the issuer is %v, want %s", host, iss, want)
		}
		if _, err := w.login.VerifyGraphToken("", token); err != nil {
			t.Errorf("%s: Graph says %v", host, err)
		}
	}
	foreign, err := w.login.Sign(nil, map[string]any{"iss": "https://sts.windows.net/99999999-0000-4000-8000-000000000000/", "tid": w.tid(), "aud": "https://graph.microsoft.com"})
	w.must(err)
	if _, err := w.login.VerifyGraphToken("", foreign); err == nil {
		t.Error("Graph takes the token of another tenant of the public cloud")
	}
}

// A user can sign in under one name of the tenant, and their programs can use another name.
func TestCodesAndRefreshTokensWorkUnderEveryName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(w.siteRequest("scope", "openid profile offline_access"), w.ada)
	a := w.under("login.microsoftonline.com", w.tokenPath(), w.siteRedemption(code))
	if a.status != http.StatusOK {
		t.Fatalf("redeemed under the public name: %d %s", a.status, a.body)
	}
	if iss := w.claims(a.text("id_token"))["iss"]; iss != "https://login.microsoftonline.com/"+w.tid()+"/v2.0" {
		t.Errorf("the ID token's issuer is %v", iss)
	}
	info := w.under("graph.microsoft.com", "/oidc/userinfo", nil, "Authorization", "Bearer "+a.text("access_token"))
	if info.text("name") != w.ada.DisplayName || info.text("picture") != "https://graph.microsoft.com/v1.0/me/photo/$value" {
		t.Errorf("UserInfo is %v", info.fields)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {w.site.AppID}, "client_secret": {w.siteSecret}, "refresh_token": {a.text("refresh_token")}}
	b := w.token(refresh)
	if b.status != http.StatusOK || w.claims(b.text("id_token"))["iss"] != w.origin+"/"+w.tid()+"/v2.0" {
		t.Errorf("refreshed under the tenant's own name: %d %s", b.status, b.body)
	}
}

func TestInstanceDiscoveryKnowsBothClouds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := strings.TrimPrefix(w.origin, "https://")
	for _, host := range []string{own, "login.microsoftonline.com"} {
		for asked, alias := range map[string]string{w.origin: own, "https://login.microsoftonline.com": "login.windows.net"} {
			a := w.under(host, "/common/discovery/instance?api-version=1.1&authorization_endpoint="+asked+"/common/oauth2/v2.0/authorize", nil)
			if a.text("tenant_discovery_endpoint") != asked+"/common/v2.0/.well-known/openid-configuration" {
				t.Errorf("%s asked for %s: %d %s", host, asked, a.status, a.body)
				continue
			}
			aliases := a.fields["metadata"].([]any)[0].(map[string]any)["aliases"].([]any)
			if !slices.Contains(aliases, any(alias)) {
				t.Errorf("%s asked for %s: the aliases are %v", host, asked, aliases)
			}
		}
	}
}

func TestManagementTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for scope, want := range map[string]error{
		"https://management.core.windows.net//.default": nil,
		"https://management.azure.com/.default":         nil,
		w.origin + "/.default":                          nil,
		"https://graph.microsoft.com/.default":          ErrAudience,
		"api://orders/.default":                         ErrIssuer, // of version 2.0
	} {
		token := w.granted(w.daemonRequest("scope", scope)).text("access_token")
		if _, err := w.login.VerifyManagementToken("", token); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", scope, err, want)
		}
	}
}
