package graph

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCaller: what an access token states about the caller. An unreadable token states nothing.
func TestCaller(t *testing.T) {
	t.Parallel()
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for name, c := range map[string]struct {
		token string
		want  Caller
	}{
		"a user": {token(`{"oid":"o","scp":"User.Read  Directory.AccessAsUser.All","upn":"ada@contoso.com","app_displayname":"Azure CLI","appid":"cli","wids":["w"]}`),
			Caller{ID: "o", Permissions: []string{"User.Read", "Directory.AccessAsUser.All"}, User: "ada@contoso.com", Application: "Azure CLI", AppID: "cli", DirectoryRoles: []string{"w"}}},
		"an application": {token(`{"oid":"o","roles":["Application.ReadWrite.OwnedBy"],"app_displayname":"deployer","appid":"d"}`),
			Caller{ID: "o", Permissions: []string{"Application.ReadWrite.OwnedBy"}, Application: "deployer", AppID: "d"}},
		"an application without roles":  {token(`{"oid":"o"}`), Caller{ID: "o"}},
		"a token that is opaque":        {"opaque", Caller{}},
		"a token of two parts":          {"e30.e30", Caller{}},
		"a token of four parts":         {token(`{"oid":"o"}`) + ".x", Caller{}},
		"claims that are no base64":     {"e30.!.c2ln", Caller{}},
		"claims that are no JSON":       {token(`oid`), Caller{}},
		"claims of an unexpected shape": {token(`{"oid":1}`), Caller{}},
	} {
		got, err := (&Client{credential: signsIn{token: c.token}}).Caller(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Permissions) == 0 {
			got.Permissions = nil
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	refused := errors.New("AADSTS7000215: Invalid client secret")
	if _, err := (&Client{credential: signsIn{err: refused}}).Caller(t.Context()); !errors.Is(err, refused) || err.Error() != "sign in: AADSTS7000215: Invalid client secret" {
		t.Errorf("a refused sign-in: %v", err)
	}
}

// TestNamed: a tenant is identified by its id or by one of its domains.
func TestNamed(t *testing.T) {
	t.Parallel()
	tenant := Tenant{ID: "11111111-AAAA-4111-8111-111111111111", Domain: "contoso.com", Domains: []string{"contoso.com", "contoso.onmicrosoft.com"}}
	for name, want := range map[string]bool{
		"11111111-aaaa-4111-8111-111111111111": true, "contoso.com": true, "Contoso.OnMicrosoft.com": true,
		"fabrikam.com": false, "": false, "contoso": false, "com": false,
	} {
		if got := tenant.Named(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}

// TestInvalidClients: an invalid address, and an address without TLS.
func TestInvalidClients(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://graph.example/%zz": `graph endpoint: parse "https://graph.example/%zz": invalid URL escape "%zz"`,
		"https://graph.example:x/":  `graph endpoint: parse "https://graph.example:x/": invalid port ":x" after host`,
	} {
		if _, err := New(signsIn{}, Options{Endpoint: endpoint}); errorText(err) != want {
			t.Errorf("%s: %v, want %s", endpoint, err, want)
		}
	}
	c, err := New(signsIn{}, Options{Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	if c.endpoint != "https://graph.microsoft.com/v1.0" || c.scope != "https://graph.microsoft.com/.default" || c.limit.width() != 1 || c.Requests() != 0 {
		t.Errorf("the client of the public cloud has %s, %s and %d batches side by side", c.endpoint, c.scope, c.limit.width())
	}
}
