package status_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/emulator/emulatortest"
	"provision/graph"
	"provision/status"
)

// clientOf signs in to a tenant as an application.
func clientOf(t *testing.T, tenant *emulatortest.Tenant, id, secret string) *graph.Client {
	t.Helper()
	transport := tenant.HTTPClient()
	credential, err := azidentity.NewClientSecretCredential(tenant.TenantID, id, secret, &azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true,
		ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: tenant.Origin + "/"}, Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := graph.New(credential, graph.Options{Endpoint: tenant.Origin + "/v1.0", Transport: transport.Transport})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestReadSignIns: a caller with the permission reads the log; another caller gets the reason.
func TestReadSignIns(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	response, err := tenant.HTTPClient().PostForm(tenant.Origin+"/"+tenant.TenantID+"/oauth2/v2.0/token", url.Values{"client_id": {tenant.ClientID},
		"client_secret": {tenant.ClientSecret}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(response.Body).Decode(&token)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, body object) object {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequest(http.MethodPost, tenant.Origin+"/v1.0"+path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token.AccessToken)
		request.Header.Set("Content-Type", "application/json")
		response, err := tenant.HTTPClient().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		m := object{}
		if err := json.NewDecoder(response.Body).Decode(&m); err != nil || response.StatusCode > 299 {
			t.Fatalf("POST %s: %d %v %v", path, response.StatusCode, m, err)
		}
		return m
	}
	app := post("/applications", object{"displayName": "Reader"})
	post("/servicePrincipals", object{"appId": app["appId"]})
	secret := post("/applications/"+app["id"].(string)+"/addPassword", object{"passwordCredential": object{}})
	stacks := []status.Stack{{Objects: []status.Object{{AppID: app["appId"].(string)}}, Users: []status.User{{ID: app["id"].(string)}}}}

	reason, err := status.ReadSignIns(context.Background(), clientOf(t, tenant, tenant.ClientID, tenant.ClientSecret), stacks)
	if err != nil || reason != "" {
		t.Errorf("as the administrator: %q, %v", reason, err)
	}
	reason, err = status.ReadSignIns(context.Background(), clientOf(t, tenant, app["appId"].(string), secret["secretText"].(string)), stacks)
	if err != nil || !strings.Contains(reason, "AuditLog.Read.All") {
		t.Errorf("without the permission: %q, %v", reason, err)
	}
	if stacks[0].Objects[0].LastSignIn != nil || stacks[0].Users[0].LastSignIn != nil {
		t.Errorf("nobody has signed in: %+v", stacks)
	}
	// The previous request was a sign-in of the application with its own credential.
	if _, err := status.ReadSignIns(context.Background(), clientOf(t, tenant, tenant.ClientID, tenant.ClientSecret), stacks); err != nil || stacks[0].Objects[0].LastSignIn == nil {
		t.Errorf("the sign-in of the application is missing: %+v, %v", stacks, err)
	}
}
