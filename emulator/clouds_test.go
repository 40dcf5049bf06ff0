package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/emulator/emulatortest"
	"provision/internal/microsoft"
)

// TestEveryCloud: a client that uses only the hosts of a cloud signs in, requests the cloud's
// instance discovery, and uses Graph and Resource Manager.
func TestEveryCloud(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	client := led(t, tenant)
	for _, c := range microsoft.Clouds {
		for _, login := range c.Login {
			if strings.HasPrefix(login, "sts.") {
				continue // an issuer at which clients do not sign in
			}
			t.Run(c.Name+" "+login, func(t *testing.T) {
				t.Parallel()
				credential, err := azidentity.NewClientSecretCredential(tenant.TenantID, tenant.ClientID, tenant.ClientSecret, &azidentity.ClientSecretCredentialOptions{
					ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: "https://" + login + "/"}, Transport: client},
				})
				if err != nil {
					t.Fatal(err)
				}
				bearer := func(scope string) string {
					token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
					if err != nil {
						t.Fatal(err)
					}
					return token.Token
				}
				token := bearer(c.GraphURL() + "/.default")
				if got := claim(t, token, "iss"); got != "https://"+c.STS+"/"+tenant.TenantID+"/" {
					t.Errorf("the issuer is %v", got)
				}
				if got := claim(t, token, "aud"); got != c.GraphURL() {
					t.Errorf("the audience is %v", got)
				}
				if status, body := get(t, client, c.GraphURL()+"/v1.0/applications", token); status != http.StatusOK || body["@odata.context"] != c.GraphURL()+"/v1.0/$metadata#applications" {
					t.Errorf("Graph: %d %v", status, body)
				}
				if status, body := get(t, client, "https://"+c.Manager+"/tenants?api-version=2019-11-01", bearer("https://"+c.Manager+"/.default")); status != http.StatusOK {
					t.Errorf("Resource Manager: %d %v", status, body)
				}
				if status, body := get(t, client, "https://"+c.Manager+"/metadata/endpoints?api-version=2022-09-01", ""); status != http.StatusOK || body["name"] != c.Environment ||
					body["authentication"].(map[string]any)["loginEndpoint"] != c.Authority() {
					t.Errorf("the metadata of Resource Manager: %d %v", status, body)
				}
				status, body := get(t, client, "https://"+login+"/"+tenant.TenantID+"/v2.0/.well-known/openid-configuration", "")
				want := map[string]any{"issuer": c.Authority() + "/" + tenant.TenantID + "/v2.0", "cloud_instance_name": c.Instance, "token_endpoint": "https://" + login + "/" + tenant.TenantID + "/oauth2/v2.0/token"}
				for name, value := range want {
					if body[name] != value {
						t.Errorf("%s is %v, want %v (%d)", name, body[name], value, status)
					}
				}
				asked := url.Values{"api-version": {"1.1"}, "authorization_endpoint": {"https://" + login + "/common/oauth2/v2.0/authorize"}}
				if status, body := get(t, client, "https://login.microsoftonline.com/common/discovery/instance?"+asked.Encode(), ""); status != http.StatusOK ||
					len(body["metadata"].([]any)) != 3 || body["metadata"].([]any)[0].(map[string]any)["preferred_network"] != c.Login[0] {
					t.Errorf("instance discovery: %d %v", status, body)
				}
			})
		}
	}
}

// claim reads a claim of a token that is already verified.
func claim(t *testing.T, token, name string) any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims[name]
}
