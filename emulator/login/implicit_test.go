package login

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/url"
	"strings"
	"testing"

	"provision/emulator/directory"
)

// allow permits tokens in the authorization response at the site's redirect URI.
func (w *world) allow(idToken, token bool) {
	w.t.Helper()
	w.change(w.site.ID, func(app *directory.Application) {
		app.Web.ImplicitGrantSettings = directory.ImplicitGrantSettings{EnableIDTokenIssuance: idToken, EnableAccessTokenIssuance: token}
	})
}

// fragment returns the authorization response of a user's sign-in from the fragment.
func (w *world) fragment(request url.Values, user *directory.User) url.Values {
	w.t.Helper()
	p := w.arrived(w.browser(), request, user)
	if p.location == nil || p.location.RawQuery != "" {
		w.t.Fatalf("no fragment: %d %v %s", p.status, p.location, p.body)
	}
	values, err := url.ParseQuery(p.location.EscapedFragment())
	w.must(err)
	return values
}

func half(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func TestImplicitFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.allow(true, true)
	v := w.fragment(w.siteRequest("response_type", "id_token"), w.ada)
	if c := w.claims(v.Get("id_token")); c["aud"] != w.site.AppID || c["nonce"] != "n-1" || c["at_hash"] != nil || c["c_hash"] != nil {
		t.Errorf("id_token: %v", c)
	}
	if v.Get("state") != "s" || v.Get("session_state") == "" || v.Has("code") || v.Has("access_token") {
		t.Errorf("id_token: %v", v)
	}
	v = w.fragment(w.siteRequest("response_type", "token id_token", "client_info", "1"), w.ada)
	if c := w.claims(v.Get("id_token")); c["at_hash"] != half(v.Get("access_token")) || c["c_hash"] != nil {
		t.Errorf("id_token: %v", c)
	}
	if c := w.claims(v.Get("access_token")); c["aud"] != w.api.AppID || c["scp"] != "read_data write_data" || c["azpacr"] != "0" {
		t.Errorf("access_token: %v", c)
	}
	if v.Get("token_type") != "Bearer" || v.Get("expires_in") == "" || !strings.Contains(v.Get("scope"), "api://orders/read_data") || v.Get("client_info") == "" || v.Has("refresh_token") {
		t.Errorf("token id_token: %v", v)
	}
	v = w.fragment(w.siteRequest("response_type", "token", "nonce", "-"), w.ada)
	if v.Get("access_token") == "" || v.Has("id_token") {
		t.Errorf("token: %v", v)
	}
	if v := w.fragment(w.siteRequest("response_type", "token", "scope", "api://orders/read_data user.read"), w.ada); v.Get("error") != "invalid_request" {
		t.Errorf("a token for two resources: %v", v)
	}
}

// A URI has to stay short. Therefore a token in a URI does not list many groups, but contains an
// overage claim.
func TestGroupsInAFragment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.allow(true, true)
	w.change(w.site.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("SecurityGroup") })
	join := func(n int) {
		w.update(func(tx *directory.Tx) {
			for range n {
				g, err := tx.CreateGroup(&directory.Group{DisplayName: "crew", MailNickname: "crew", SecurityEnabled: true})
				w.must(err)
				w.must(tx.AddMembers(g.ID, w.bob.ID))
			}
		})
	}
	join(5)
	request := w.siteRequest("response_type", "id_token")
	if c := w.claims(w.fragment(request, w.bob).Get("id_token")); len(c["groups"].([]any)) != 5 || c["hasgroups"] != nil {
		t.Errorf("five groups: %v", c)
	}
	join(1)
	if c := w.claims(w.fragment(request, w.bob).Get("id_token")); c["groups"] != nil || c["hasgroups"] != true {
		t.Errorf("six groups: %v", c)
	}
	p := w.arrived(w.browser(), w.siteRequest("response_type", "id_token", "response_mode", "form_post"), w.bob)
	if c := w.claims(hiddenFields(p.body).Get("id_token")); len(c["groups"].([]any)) != 6 {
		t.Errorf("six groups in a form: %v", c)
	}
}

func TestHybridFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.allow(true, false)
	v := w.fragment(w.siteRequest("response_type", "code id_token"), w.ada)
	c := w.claims(v.Get("id_token"))
	if c["c_hash"] != half(v.Get("code")) || c["at_hash"] != nil || c["oid"] != w.ada.ID {
		t.Errorf("id_token: %v", c)
	}
	w.granted(w.siteRedemption(v.Get("code")))

	p := w.arrived(w.browser(), w.siteRequest("response_type", "code id_token", "response_mode", "form_post"), w.ada)
	fields := hiddenFields(p.body)
	if action := actionPattern.FindStringSubmatch(p.body); action == nil || html.UnescapeString(action[1]) != "https://site.example/callback" || fields.Get("code") == "" || w.claims(fields.Get("id_token"))["nonce"] != "n-1" {
		t.Errorf("form_post: %v", fields)
	}
}

func TestTokensThatAreNotAllowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		idToken, token bool
		request        []string
		oauth, code    string
	}{
		"no token":                {true, false, []string{"response_type", "id_token token"}, "unsupported_response_type", "AADSTS700051"},
		"no id_token":             {false, true, []string{"response_type", "id_token token"}, "unsupported_response_type", "AADSTS700054"},
		"no id_token with code":   {false, true, []string{"response_type", "code id_token"}, "unsupported_response_type", "AADSTS700054"},
		"nonce left out":          {true, true, []string{"response_type", "id_token", "nonce", "-"}, "invalid_request", "AADSTS900144"},
		"openid left out":         {true, true, []string{"response_type", "id_token", "scope", "api://orders/read_data"}, "unsupported_response_type", "AADSTS70005"},
		"code and token":          {true, true, []string{"response_type", "code token"}, "unsupported_response_type", "AADSTS70005"},
		"a token in the query":    {true, true, []string{"response_type", "token", "response_mode", "query"}, "invalid_request", "AADSTS70007"},
		"a code with it, as well": {true, true, []string{"response_type", "code id_token", "response_mode", "query"}, "invalid_request", "AADSTS70007"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.allow(test.idToken, test.token)
			p := w.get(w.browser(), w.authorizePath(), w.siteRequest(test.request...))
			if p.location == nil {
				t.Fatalf("%d %s", p.status, p.body)
			}
			v, err := url.ParseQuery(p.location.EscapedFragment())
			w.must(err)
			if v.Get("error") != test.oauth || !strings.HasPrefix(v.Get("error_description"), test.code+": ") {
				t.Errorf("%v", p.location)
			}
		})
	}
}

func TestImplicitFlowAtV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.allow(true, true)
	client := w.browser()
	request := w.siteRequest("response_type", "id_token token", "scope", "-", "resource", "https://ledger."+w.dir.Tenant().Domain+"/")
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/oauth2/authorize", request), w.ada.UserPrincipalName, password)
	v, err := url.ParseQuery(p.location.EscapedFragment())
	w.must(err)
	if c := w.claims(v.Get("id_token")); c["ver"] != "1.0" || c["at_hash"] != half(v.Get("access_token")) {
		t.Errorf("id_token: %v", c)
	}
	if c := w.claims(v.Get("access_token")); c["scp"] != "read" {
		t.Errorf("access_token: %v", c)
	}
}
