package emulatortest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"provision/emulator/emulatortest"
	"provision/internal/browsertest"
)

// webApp is a registered web application with a user who has not consented to it, and the site of
// its redirect URI.
type webApp struct {
	client
	site         *httptest.Server // answers with the request's content
	clientID     string
	user, secret string
}

func newWebApp(t *testing.T) *webApp {
	tenant := emulatortest.Start(t)
	a := &webApp{client: client{t, tenant, tenant.HTTPClient()}, secret: "Str0ng-enough-for-a-test"}
	a.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<link rel="icon" href="data:,"><p>Back at the application: ` + r.Method + ` ` + url.QueryEscape(r.Form.Encode())))
	}))
	t.Cleanup(a.site.Close)
	_, token := a.graphToken(tenant.ClientID, tenant.ClientSecret)
	graph := func(path, body string) map[string]any {
		status, answer := a.do("POST", tenant.Origin+"/v1.0/"+path, token, "application/json", body)
		if status != http.StatusCreated {
			t.Fatalf("POST %s: %d %v", path, status, answer)
		}
		return answer
	}
	a.user = "ada@" + tenant.Domain
	graph("users", `{"accountEnabled":true,"displayName":"Ada","mailNickname":"ada","userPrincipalName":"`+a.user+`",
		"passwordProfile":{"password":"`+a.secret+`","forceChangePasswordNextSignIn":false}}`)
	a.clientID = graph("applications", `{"displayName":"Order desk","web":{"redirectUris":["`+a.site.URL+`/back"]}}`)["appId"].(string)
	graph("servicePrincipals", `{"appId":"`+a.clientID+`"}`)
	return a
}

// authorizeURL returns the address that requests a code with access to the user's profile.
func (a *webApp) authorizeURL(pairs ...string) string {
	q := url.Values{
		"client_id": {a.clientID}, "response_type": {"code"}, "redirect_uri": {a.site.URL + "/back"},
		"scope": {"openid User.Read"}, "state": {"s-1"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return a.tenant.Origin + "/" + a.tenant.TenantID + "/oauth2/v2.0/authorize?" + q.Encode()
}

// look writes a screenshot of the page to the folder that PROVISION_TEST_SCREENSHOTS names.
func look(b *browsertest.Browser, name string) {
	if dir := os.Getenv("PROVISION_TEST_SCREENSHOTS"); dir != "" {
		b.Screenshot(filepath.Join(dir, name+".png"))
	}
}

// mustStandAlone checks that the pages work in a closed network and a strict browser: they load
// no other resources and cause no messages in the console.
func (a *webApp) mustStandAlone(b *browsertest.Browser) {
	a.Helper()
	for _, address := range b.Requested() {
		if !strings.HasPrefix(address, a.tenant.Origin+"/") && !strings.HasPrefix(address, a.site.URL+"/") && !strings.HasPrefix(address, "data:") {
			a.Errorf("a page asked for %s", address)
		}
	}
	for _, message := range b.Messages() {
		a.Errorf("a page complained: %s", message)
	}
}

func TestBrowserByKeyboard(t *testing.T) {
	t.Parallel()
	a := newWebApp(t)
	b := browsertest.Open(t, browsertest.Trust(a.tenant.CAFile))
	b.Visit(a.authorizeURL())
	b.See("to Order desk with your Contoso account")
	look(b, "signin")
	// The focus is on the first field to fill in.
	b.Press(a.user + browsertest.Tab + "wrong" + browsertest.Enter)
	b.See("AADSTS50126")
	look(b, "signin-wrong")
	b.Press(a.secret + browsertest.Enter)
	b.See("Permissions requested")
	b.See("Order desk")
	b.See("User.Read")
	look(b, "consent")
	b.Press(browsertest.Enter) // Accept has the focus
	b.See("Back at the application: GET")
	if text := b.Text("body"); !strings.Contains(text, "code%3D") || !strings.Contains(text, "state%3Ds-1") {
		t.Errorf("the application got %s", text)
	}
	a.mustStandAlone(b)
}

func TestBrowserOnAPhone(t *testing.T) {
	t.Parallel()
	a := newWebApp(t)
	b := browsertest.Open(t, browsertest.Trust(a.tenant.CAFile))
	b.Phone()
	readable := func(page string) {
		t.Helper()
		look(b, "phone-"+page)
		if wide := browsertest.Evaluate[int](b, "document.documentElement.scrollWidth - window.innerWidth"); wide > 0 {
			t.Errorf("%s: %d pixels wider than the phone", page, wide)
		}
		if small := browsertest.Evaluate[float64](b, `Math.min(...[...document.querySelectorAll("main *")].filter(e => e.innerText && e.offsetHeight).map(e => parseFloat(getComputedStyle(e).fontSize)))`); small < 13 {
			t.Errorf("%s: text of %v pixels", page, small)
		}
		if low := browsertest.Evaluate[float64](b, `Math.min(...[...document.querySelectorAll("button, input:not([type=hidden]):not([type=checkbox])")].map(e => e.getBoundingClientRect().height), 99)`); low < 40 {
			t.Errorf("%s: something to touch is %v pixels high", page, low)
		}
	}
	b.Visit(a.authorizeURL("response_mode", "form_post"))
	b.See("Sign in")
	readable("signin")
	b.Fill("#i0116", a.user)
	b.Fill("#i0118", a.secret)
	b.Click("#idSIButton9")
	b.See("Permissions requested")
	readable("consent")
	b.Click("#idBtn_Accept")
	b.See("Back at the application: POST") // the page submits its form
	a.mustStandAlone(b)                    // before the browser reports the status of the error page in its console
	b.Visit(a.authorizeURL("redirect_uri", "https://elsewhere.example/"))
	b.See("AADSTS50011")
	readable("error")
}
