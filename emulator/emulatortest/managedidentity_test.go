package emulatortest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/emulator"
	"provision/emulator/emulatortest"
)

// managedIdentity creates an identity with the management API.
func (c client) managedIdentity(body string, want int) (identity emulator.ManagedIdentity) {
	c.Helper()
	status, answer := c.do("POST", c.tenant.ManagementURL+"/managed-identities", c.tenant.ManagementKey, "application/json", body)
	if status != want {
		c.Fatalf("%s: %d %v", body, status, answer)
	}
	data, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(data, &identity)
	}
	if err != nil {
		c.Fatal(err)
	}
	return identity
}

// managedToken gets a token with azidentity, like a program in App Service.
func managedToken(t *testing.T, id azidentity.ManagedIDKind) (string, error) {
	credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	got, err := credential.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	return got.Token, err
}

// It sets the environment, as App Service does, so it is not parallel.
func TestManagedIdentity(t *testing.T) {
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	identity := c.managedIdentity(`{"name":"orders"}`, 201)
	if again := c.managedIdentity(`{"name":"orders"}`, 200); again.PrincipalID != identity.PrincipalID {
		t.Errorf("made twice: %+v, %+v", identity, again)
	}
	other := c.managedIdentity(`{"name":"other","publicHosts":true}`, 201)

	_, admin := c.graphToken(tenant.ClientID, tenant.ClientSecret)
	_, graph := c.do("GET", tenant.Origin+"/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id", admin, "", "")
	const readApplications = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" // Application.Read.All
	status, answer := c.do("POST", tenant.Origin+"/v1.0/servicePrincipals/"+identity.PrincipalID+"/appRoleAssignments", admin, "application/json",
		`{"principalId":"`+identity.PrincipalID+`","resourceId":"`+graph["id"].(string)+`","appRoleId":"`+readApplications+`"}`)
	if status != http.StatusCreated {
		t.Fatalf("assign a role: %d %v", status, answer)
	}

	for name, value := range identity.Environment {
		t.Setenv(name, value)
	}
	for name, id := range map[string]azidentity.ManagedIDKind{
		"by itself": nil, "by client id": azidentity.ClientID(identity.ClientID), "by object id": azidentity.ObjectID(identity.PrincipalID),
	} {
		raw, err := managedToken(t, id)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		claims := decodeClaims(t, raw)
		if claims["appid"] != identity.ClientID || claims["oid"] != identity.PrincipalID || claims["appidacr"] != "2" || claims["idtyp"] != "app" {
			t.Errorf("%s: %v", name, claims)
		}
		if status, answer := c.do("GET", tenant.Origin+"/v1.0/applications", raw, "", ""); status != 200 {
			t.Errorf("%s: applications: %d %v", name, status, answer)
		}
	}
	if _, err := managedToken(t, azidentity.ClientID(other.ClientID)); err == nil || !strings.Contains(err.Error(), "No User Assigned") {
		t.Errorf("another identity's client id: %v", err)
	}
}

func TestIdentityEndpoint(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	c.managedIdentity(`{"name":""}`, 400)
	local, public := c.managedIdentity(`{"name":"a"}`, 201), c.managedIdentity(`{"name":"b","publicHosts":true}`, 201)
	ask := func(identity emulator.ManagedIdentity, header, query string) (int, map[string]any) {
		r, err := http.NewRequest("GET", identity.Environment["IDENTITY_ENDPOINT"]+"?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-IDENTITY-HEADER", header)
		response, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, answer
	}
	const good = "api-version=2019-08-01&resource=https://graph.microsoft.com"
	for identity, issuer := range map[*emulator.ManagedIdentity]string{&local: tenant.Origin, &public: "https://sts.windows.net"} {
		status, answer := ask(*identity, identity.Environment["IDENTITY_HEADER"], good)
		if status != 200 || answer["token_type"] != "Bearer" || answer["client_id"] != identity.ClientID {
			t.Fatalf("%s: %d %v", identity.Name, status, answer["message"])
		}
		if claims := decodeClaims(t, answer["access_token"].(string)); claims["iss"] != issuer+"/"+tenant.TenantID+"/" {
			t.Errorf("%s: issuer %v", identity.Name, claims["iss"])
		}
	}
	header := local.Environment["IDENTITY_HEADER"]
	for _, test := range []struct {
		header, query string
		status        int
	}{
		{"", good, 401},
		{"wrong", good, 401},
		{tenant.ManagementKey, good, 401},
		{header, "resource=https://graph.microsoft.com", 400},
		{header, "api-version=2019-08-01", 400},
		{header, "api-version=2019-08-01&resource=api://nowhere", 400},
		{header, good + "&client_id=" + public.ClientID, 400},
		{header, good + "&mi_res_id=" + public.ClientID, 400},
	} {
		if status, answer := ask(local, test.header, test.query); status != test.status || answer["message"] == "" {
			t.Errorf("%s: %d %v, want %d", test.query, status, answer, test.status)
		}
	}
}

// TestIdentityEndpointOfACloud: each cloud has its identity endpoint. Without a cloud the
// resource determines it.
func TestIdentityEndpointOfACloud(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	c.managedIdentity(`{"name":"a"}`, http.StatusCreated)
	c.managedIdentity(`{"name":"a","cloud":"usgov"}`, 400)
	c.managedIdentity(`{"name":"a","publicHosts":true,"cloud":"mars"}`, 400)
	const usgov, public, china = "https://login.microsoftonline.us/", "https://login.microsoftonline.com/", "https://login.partner.microsoftonline.cn/"
	for _, test := range []struct{ cloud, resource, issuer string }{
		{"", "api://AzureADTokenExchange", public},
		{"", "api://AzureADTokenExchangeUSGov", usgov},
		{"", "api://AzureADTokenExchangeChina", china},
		{"", "https://graph.microsoft.us", "https://sts.windows.net/"},
		{"", "https://microsoftgraph.chinacloudapi.cn", "https://sts.chinacloudapi.cn/"},
		{"", "https://management.chinacloudapi.cn/", "https://sts.chinacloudapi.cn/"},
		{"usgov", "api://AzureADTokenExchangeUSGov", usgov},
		{"usgov-dod", "https://dod-graph.microsoft.us", "https://sts.windows.net/"},
		{"usgov", "api://AzureADTokenExchange", ""},
		{"usgov", "https://graph.microsoft.com", ""},
		{"china", "https://management.azure.com/", ""},
		{"public", "https://graph.microsoft.us", ""},
	} {
		identity := c.managedIdentity(`{"name":"a","publicHosts":true,"cloud":"`+test.cloud+`"}`, http.StatusOK)
		r, err := http.NewRequest("GET", identity.Environment["IDENTITY_ENDPOINT"]+"?api-version=2019-08-01&resource="+test.resource, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-IDENTITY-HEADER", identity.Environment["IDENTITY_HEADER"])
		response, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]any
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		issuer := ""
		if token, given := answer["access_token"].(string); given {
			issuer = decodeClaims(t, token)["iss"].(string)
		}
		want := test.issuer
		if strings.HasPrefix(want, "https://login") {
			want += tenant.TenantID + "/v2.0"
		} else if want != "" {
			want += tenant.TenantID + "/"
		}
		if issuer != want {
			t.Errorf("%s of cloud %q: issuer %q, want %q (%v)", test.resource, test.cloud, issuer, want, answer["message"])
		}
	}
}
