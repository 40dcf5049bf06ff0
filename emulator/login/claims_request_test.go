package login

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"provision/emulator/directory"
)

// acceptClaims declares optional claims of the API.
func (w *world) acceptClaims(claims ...string) {
	w.t.Helper()
	var declared []directory.OptionalClaim
	for _, name := range claims {
		declared = append(declared, directory.OptionalClaim{Name: name})
	}
	w.change(w.api.ID, func(app *directory.Application) {
		app.OptionalClaims = &directory.OptionalClaims{AccessToken: declared}
	})
}

func TestClaimsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const both = `{"access_token":{"xms_cc":{"values":["CP1","foo"]},"acrs":{"essential":true,"value":"c25"},"nbf":{"essential":true,"value":"1600000000"}},"id_token":{"auth_time":null}}`
	claims := func(atAuthorize, atToken string) map[string]any {
		code := w.code(w.desktopRequest("claims", atAuthorize), w.ada)
		return w.claims(w.granted(w.desktopRedemption(code, "claims", atToken)).text("access_token"))
	}
	is := func(name string, c map[string]any, claim string, want ...any) {
		t.Helper()
		got, _ := c[claim].([]any)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s %v, want %v", name, claim, c[claim], want)
		}
	}
	c := claims(both, "-")
	is("the API asks for neither", c, "xms_cc")
	is("the API asks for neither", c, "acrs")
	w.acceptClaims("xms_cc", "acrs")
	c = claims(both, "-")
	is("sent to authorize", c, "xms_cc", "CP1")
	is("sent to authorize", c, "acrs", "c25")
	c = claims("-", both)
	is("sent for the token", c, "acrs", "c25")
	c = claims(both, `{"access_token":{"acrs":{"values":["c1","c2","c100","cp1",7]}}}`)
	is("sent twice", c, "acrs", "c1", "c2")
	is("sent twice", c, "xms_cc")
	is("not sent", claims("-", "-"), "acrs")

	for _, wrong := range []string{`{`, `[]`, `"x"`, `null`, `{"access_token":{"acrs":"c1"}}`, `{"access_token":{"acrs":{"essential":"yes"}}}`} {
		q := w.get(w.browser(), w.authorizePath(), w.desktopRequest("claims", wrong)).location.Query()
		if q.Get("error") != "invalid_request" || !strings.HasPrefix(q.Get("error_description"), "AADSTS90100: claims parameter is empty or not valid.") {
			t.Errorf("%s: %v", wrong, q)
		}
		w.token(w.daemonRequest("claims", wrong)).expect(t, wrong, 400, "invalid_request", 90100)
	}
}

func TestClientCapabilitiesOfRealClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acceptClaims("xms_cc", "acrs")
	credential, err := azidentity.NewClientSecretCredential(w.tid(), w.daemon.AppID, w.daemonSecret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions:            azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: w.origin}, Transport: w.server.Client()},
		DisableInstanceDiscovery: true,
	})
	w.must(err)
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"api://orders/.default"}, EnableCAE: true})
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(token.Token); !reflect.DeepEqual(c["xms_cc"], []any{"CP1"}) || c["acrs"] != nil {
		t.Errorf("azidentity: xms_cc %v, acrs %v", c["xms_cc"], c["acrs"])
	}

	secret, err := confidential.NewCredFromSecret(w.siteSecret)
	w.must(err)
	client, err := confidential.New(w.origin+"/"+w.tid(), w.site.AppID, secret, confidential.WithHTTPClient(w.server.Client()),
		confidential.WithInstanceDiscovery(false), confidential.WithClientCapabilities([]string{"cp1"}))
	w.must(err)
	scopes := []string{"api://orders/read_data"}
	result, err := client.AcquireTokenByAuthCode(context.Background(), w.code(w.siteRequest(), w.ada), "https://site.example/callback", scopes)
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); !reflect.DeepEqual(c["xms_cc"], []any{"cp1"}) {
		t.Errorf("MSAL: xms_cc %v", c["xms_cc"])
	}
	// A claims challenge of the API, which another sign-in answers.
	result, err = client.AcquireTokenByAuthCode(context.Background(), w.code(w.siteRequest(), w.ada), "https://site.example/callback", scopes,
		confidential.WithClaims(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); !reflect.DeepEqual(c["acrs"], []any{"c1"}) || !reflect.DeepEqual(c["xms_cc"], []any{"cp1"}) {
		t.Errorf("after a challenge: acrs %v, xms_cc %v", c["acrs"], c["xms_cc"])
	}
}
