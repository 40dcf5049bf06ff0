package stack

import (
	"strings"
	"testing"
)

// TestRedirectURI: a redirect URI is refused with a reason exactly if Entra refuses it on that
// platform.
func TestRedirectURI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ platform, uri, want string }{
		{"web", "https://contoso.com/signin-oidc", ""},
		{"web", "https://contoso.com", ""},
		{"web", "http://localhost:5000/signin", ""},
		{"web", "http://127.0.0.1/signin", ""},
		{"web", "http://contoso.com/signin", "http on a host other than localhost"},
		{"web", "http://localhost.contoso.com", "http on a host other than localhost"},
		{"web", "https://*.contoso.com/signin", ""},
		{"web", "https://*.com/signin", "whole top-level domain"},
		{"web", "https://app.*.contoso.com", "at a place where Entra accepts none"},
		{"web", "https://contoso.com/*", ""},
		{"web", "https://contoso.com/*/in", "at a place where Entra accepts none"},
		{"spa", "https://contoso.com/*", "at a place where Entra accepts none"},
		{"spa", "https://*.contoso.com", "only web.redirectUris"},
		{"publicClient", "https://*.contoso.com", "only web.redirectUris"},
		{"spa", "https://contoso.com/app", ""},
		{"spa", "http://localhost:5173", ""},
		{"spa", "brk-multihub://app.contoso.com", ""},
		{"spa", "brk-multihub://localhost:3000", ""},
		{"spa", "brk-multihub://app.contoso.com/path", "an origin only"},
		{"spa", "brk-multihub://app.contoso.com?x=1", "an origin only"},
		{"web", "brk-multihub://app.contoso.com", "nested app authentication"},
		{"publicClient", "vscode://contoso.orders/callback", ""},
		{"publicClient", "msauth.com.contoso.orders://auth", ""},
		{"publicClient", "urn:ietf:wg:oauth:2.0:oob", ""},
		{"web", "urn:ietf:wg:oauth:2.0:oob", ""},
		{"web", "orders://callback", "only public clients"},
		{"spa", "orders://callback", "only public clients"},
		{"web", "javascript:alert(1)", "cannot be redirected to"},
		{"publicClient", "data:text/html,x", "cannot be redirected to"},
		{"publicClient", "file:///etc/passwd", "cannot be redirected to"},
		{"web", "https://contoso.com/a#b", "a fragment"},
		{"web", "https://contoso.com/a b", "a space"},
		{"web", "https://contoso.com/a(b)", "has one of the characters"},
		{"web", "https://ada@contoso.com/", "a user name"},
		{"web", "https:///signin", "no host"},
		{"web", "contoso.com/signin", "no scheme"},
		{"web", "https://[::1", "is not a URI"},
		{"web", "https://${parameters.host}/signin", ""},
		{"web", "${terraform.hosting.url}/signin", ""},
	} {
		got, hint := redirectURI(c.platform, c.uri, false)
		if (hint == "") != (got == "") {
			t.Errorf("%s under %s: %q with the hint %q", c.uri, c.platform, got, hint)
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s under %s: %q, want %q", c.uri, c.platform, got, c.want)
		}
	}
	if got, _ := redirectURI("web", "https://*.contoso.com/signin", true); !strings.Contains(got, "personal accounts") {
		t.Errorf("a wildcard of an application for personal accounts: %q", got)
	}
}

// TestIdentifierURI: an identifier URI is refused with a reason exactly if Entra refuses its
// form.
func TestIdentifierURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"api://${appId}":                     "",
		"api://${appId}/orders":              "",
		"api://${tenant.id}/orders":          "",
		"api://orders":                       "",
		"https://contoso.com/orders":         "",
		"https://${tenant.domain}":           "",
		"http://contoso.com/orders":          "",
		"urn:contoso:orders":                 "",
		"ms-appx-web://orders":               "scheme other than",
		"ms-appx://orders":                   "",
		"spn://orders":                       "",
		"ftp://contoso.com":                  "scheme other than",
		"orders":                             "not an absolute URI",
		"//contoso.com":                      "not an absolute URI",
		"https://[::1":                       "not an absolute URI",
		"api://":                             "nothing after its scheme",
		"https:///orders":                    "nothing after its scheme",
		"https://contoso.com/orders#read":    "a fragment",
		"https://contoso.com/orders?x=1":     "a query",
		"https://*.contoso.com":              "a wildcard",
		"https://contoso.com/my orders":      "a space",
		"api://orders/":                      "ends in a slash",
		"https://contoso.com/":               "",
		"https://contoso.onmicrosoft.com/v1": "",
	} {
		if got := identifierURI(uri); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}
