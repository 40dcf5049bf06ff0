package login

import (
	"context"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

func TestMSALConfidentialClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	credential, err := confidential.NewCredFromSecret(w.siteSecret)
	w.must(err)
	client, err := confidential.New(w.origin+"/"+w.tid(), w.site.AppID, credential,
		confidential.WithHTTPClient(w.server.Client()), confidential.WithInstanceDiscovery(false))
	w.must(err)
	own, err := client.AcquireTokenByCredential(context.Background(), []string{"api://orders/.default"})
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(own.AccessToken); c["oid"] != w.siteSP.ID {
		t.Errorf("claims %v", c)
	}

	scopes := []string{"api://orders/read_data"}
	to := "https://site.example/callback"
	code := w.code(w.siteRequest("scope", scopes[0]), w.ada)
	result, err := client.AcquireTokenByAuthCode(context.Background(), code, to, scopes)
	if err != nil {
		t.Fatal(err)
	}
	if result.Account.PreferredUsername != w.ada.UserPrincipalName || result.Account.HomeAccountID != w.ada.ID+"."+w.tid() {
		t.Errorf("account %+v", result.Account)
	}
	if silent, err := client.AcquireTokenSilent(context.Background(), scopes, confidential.WithSilentAccount(result.Account)); err != nil || silent.AccessToken != result.AccessToken {
		t.Errorf("from the cache: %v", err)
	}
	if other, err := client.AcquireTokenSilent(context.Background(), []string{"User.Read"}, confidential.WithSilentAccount(result.Account)); err != nil {
		t.Errorf("by the refresh token: %v", err)
	} else if c := w.claims(other.AccessToken); !strings.Contains(c["scp"].(string), "User.Read") {
		t.Errorf("claims %v", c)
	}
	if _, err := client.AcquireTokenByAuthCode(context.Background(), code, to, scopes); err == nil || !strings.Contains(err.Error(), "AADSTS54005") {
		t.Errorf("the code again: %v", err)
	}
}

func TestMSALPublicClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, err := public.New(w.desktop.AppID, public.WithAuthority(w.origin+"/"+w.tid()),
		public.WithHTTPClient(w.server.Client()), public.WithInstanceDiscovery(false))
	w.must(err)
	scopes := []string{"api://orders/read_data"}
	//lint:ignore SA1019 people still use the flow, so its client must work
	result, err := client.AcquireTokenByUsernamePassword(context.Background(), scopes, w.carol.UserPrincipalName, password)
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); c["oid"] != w.carol.ID {
		t.Errorf("claims %v", c)
	}
	code := w.code(w.desktopRequest("scope", scopes[0]), w.ada)
	result, err = client.AcquireTokenByAuthCode(context.Background(), code, "http://localhost:5555", scopes, public.WithChallenge(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if result.IDToken.Name != "Ada Lovelace" || len(result.DeclinedScopes) != 0 {
		t.Errorf("name %q, declined %v", result.IDToken.Name, result.DeclinedScopes)
	}
}

func TestMSALDeviceCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, err := public.New(w.desktop.AppID, public.WithAuthority(w.origin+"/"+w.tid()),
		public.WithHTTPClient(w.server.Client()), public.WithInstanceDiscovery(false))
	w.must(err)
	scopes := []string{"api://orders/read_data"}
	device, err := client.AcquireTokenByDeviceCode(context.Background(), scopes)
	w.must(err)
	browser := w.browser()
	w.signIn(browser, w.typed(browser, device.Result.UserCode), w.ada.UserPrincipalName, password)
	result, err := device.AuthenticationResult(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if c := w.claims(result.AccessToken); c["oid"] != w.ada.ID || result.Account.PreferredUsername != w.ada.UserPrincipalName {
		t.Errorf("claims %v, account %+v", c, result.Account)
	}
	if silent, err := client.AcquireTokenSilent(context.Background(), scopes, public.WithSilentAccount(result.Account)); err != nil || silent.AccessToken != result.AccessToken {
		t.Errorf("from the cache: %v", err)
	}
}
