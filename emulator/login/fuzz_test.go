package login

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"provision/emulator/directory"
)

// FuzzTokenForm: the token endpoint answers every form with JSON: tokens or an AADSTS error, and
// never an internal error.
func FuzzTokenForm(f *testing.F) {
	w := newWorld(f)
	code := w.code(w.desktopRequest(), w.ada)
	for _, seed := range []string{
		w.daemonRequest().Encode(), w.desktopRedemption(code).Encode(), w.siteRedemption(code).Encode(),
		"grant_type=refresh_token&client_id=" + w.desktop.AppID + "&refresh_token=" + code,
		"grant_type=password&client_id=" + w.desktop.AppID + "&username=ada&password=x&scope=openid",
		w.daemonRequest("client_assertion_type", assertionType, "client_assertion", "e30.e30.").Encode(),
		"grant_type=device_code&client_id=" + w.desktop.AppID + "&device_code=" + code,
		"grant_type=client_credentials&client_id=%00&scope=//&client_secret=%ff", "%", "a;b", "scope=a/&scope=b", "",
	} {
		f.Add(seed, "", "")
	}
	f.Add(w.daemonRequest().Encode(), "Basic Og==", "null")
	f.Add("grant_type=client_credentials", "Basic JTolOg==", "https://x")
	handler := w.login.Handler()
	f.Fuzz(func(t *testing.T, body, authorization, origin string) {
		for _, path := range []string{"/oauth2/v2.0/token", "/oauth2/token"} {
			r := httptest.NewRequest(http.MethodPost, "/"+w.tid()+path, strings.NewReader(body))
			r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
			r.Header["Authorization"] = []string{authorization}
			r.Header["Origin"] = []string{origin}
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			if answer.Code >= 500 {
				t.Fatalf("%d %s", answer.Code, answer.Body)
			}
			var fields map[string]any
			if err := json.Unmarshal(answer.Body.Bytes(), &fields); err != nil {
				t.Fatalf("%d %s: %v", answer.Code, answer.Body, err)
			}
			if answer.Code == http.StatusOK && fields["access_token"] == nil || answer.Code != http.StatusOK && fields["error_codes"] == nil {
				t.Fatalf("%d %v", answer.Code, fields)
			}
		}
	})
}

// FuzzClaimsRequest: for every claims parameter, the claims of the token are lists of permitted
// values.
func FuzzClaimsRequest(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":{"xms_cc":{"values":["cp1","x"]},"acrs":{"essential":true,"value":"c1"}}}`, `{"access_token":{"acrs":null}}`,
		`{"id_token":{"auth_time":{"essential":true}}}`, `[]`, `{`, `{"access_token":[]}`, `{"access_token":{"acrs":{"value":{"a":1}}}}`, " ", "null",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		requestedClaims, err := parseClaimsRequest(text)
		if err != nil {
			if err.Code != 90100 {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
		token := claims{}
		(&tenantCall{call: &call{}}).addRequestedClaims(token, issuance{requestedClaims: requestedClaims, user: &directory.User{}})
		for claim, value := range token {
			for _, text := range value.([]string) {
				if claim == "acrs" && !authenticationContext.MatchString(text) || claim == "xms_cc" && !strings.EqualFold(text, "cp1") {
					t.Fatalf("%s: %v", claim, value)
				}
			}
		}
	})
}

// FuzzAuthorize: every query is answered with a page or a redirect to a registered address.
func FuzzAuthorize(f *testing.F) {
	w := newWorld(f)
	f.Add(w.desktopRequest().Encode())
	f.Add(w.siteRequest("response_mode", "form_post").Encode())
	f.Add(w.pageRequest("redirect_uri", "http://localhost:1@evil.example/").Encode())
	f.Add(w.desktopRequest("prompt", "none", "domain_hint", "%00", "claims", "{}").Encode())
	f.Add("user=" + w.ada.ID + "&rd=https://evil.example")
	f.Add("client_id=" + w.site.AppID + "&scope=.default&state=")
	handler := w.login.Handler()
	paths := []string{
		w.authorizePath(), "/organizations/oauth2/authorize", "/common/oauth2/v2.0/authorize",
		"/" + w.tid() + "/adminconsent", "/organizations/v2.0/adminconsent", "/" + w.tid() + "/redeem",
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range paths {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = query
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			if answer.Code >= 500 {
				t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
			}
			if target := answer.Header().Get("Location"); answer.Code == http.StatusFound && !registeredInWorld(target) {
				t.Fatalf("%s: sent to %s", path, target)
			}
		}
	})
}

func registeredInWorld(target string) bool {
	for _, known := range []string{"http://localhost", "https://site.example/callback?", "https://site.example/callback#", "https://page.example/"} {
		if strings.HasPrefix(strings.ToLower(target), known) {
			return true
		}
	}
	return false
}

// FuzzAssertion: every client assertion that is not valid is refused with an AADSTS error.
func FuzzAssertion(f *testing.F) {
	w := newWorld(f)
	f.Add("e30.e30.e30", "kid", "x5t")
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjFlMzAwLCJhdWQiOlsiYSIsIiJdfQ.AA", "", "")
	f.Fuzz(func(t *testing.T, text, kid, hint string) {
		if sent, err := parseAssertion(text); err == nil {
			_ = sent.claims.Expires.Time()
		}
		thumbprint(jose.Header{KeyID: kid, ExtraHeaders: map[jose.HeaderKey]any{"x5t": hint, "x5t#S256": kid}})
		if w.login.audienceOf(text) != "" {
			t.Fatalf("%q is taken for a token of this tenant's", text)
		}
	})
}
