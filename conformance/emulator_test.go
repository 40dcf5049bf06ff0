package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"provision/emulator/emulatortest"
	"provision/stack"
)

// local is a local tenant that plain Graph requests set up.
type local struct {
	t      *testing.T
	tenant *emulatortest.Tenant
	http   *http.Client
	token  string
}

func startLocal(t *testing.T) *local {
	t.Helper()
	l := &local{t: t, tenant: emulatortest.Start(t)}
	l.http = l.tenant.HTTPClient()
	administrator := Client{ID: l.tenant.ClientID, Secret: l.tenant.ClientSecret}
	grant, err := l.authority().ClientCredentials(t.Context(), administrator, l.tenant.Origin+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	l.token = grant.AccessToken
	return l
}

func (l *local) authority() *Authority {
	return &Authority{URL: l.tenant.Origin + "/" + l.tenant.TenantID, HTTPClient: l.http}
}

type object = map[string]any

// send posts JSON and returns the answer.
func (l *local) send(method, address, token string, body any) object {
	l.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(l.t.Context(), method, address, bytes.NewReader(encoded))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	response, err := l.http.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode > 299 {
		l.t.Fatalf("%s %s: %d %s %v", method, address, response.StatusCode, answer, err)
	}
	decoded := object{}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &decoded); err != nil {
			l.t.Fatal(err)
		}
	}
	return decoded
}

func (l *local) post(path string, body object) object {
	l.t.Helper()
	return l.send("POST", l.tenant.Origin+"/v1.0"+path, l.token, body)
}

// sign signs with the management API.
func (l *local) sign(_ context.Context, header, claims map[string]any) (string, error) {
	signed, ok := l.send("POST", l.tenant.ManagementURL+"/sign", l.tenant.ManagementKey, object{"header": header, "claims": claims})["token"].(string)
	if !ok {
		return "", fmt.Errorf("sign: no token")
	}
	return signed, nil
}

func (l *local) signPayload(_ context.Context, header map[string]any, payload []byte) (string, error) {
	signed, ok := l.send("POST", l.tenant.ManagementURL+"/sign", l.tenant.ManagementKey, object{"header": header, "payload": string(payload)})["token"].(string)
	if !ok {
		return "", fmt.Errorf("sign: no token")
	}
	return signed, nil
}

// application registers an application with its service principal.
func (l *local) application(body object) (id, appID, principal string) {
	l.t.Helper()
	app := l.post("/applications", body)
	sp := l.post("/servicePrincipals", object{"appId": app["appId"]})
	return app["id"].(string), app["appId"].(string), sp["id"].(string)
}

const (
	scopeID  = "8f1e2d3c-0000-4000-8000-000000000001"
	adminID  = "8f1e2d3c-0000-4000-8000-000000000002"
	devopsID = "8f1e2d3c-0000-4000-8000-000000000003"
	readerID = "8f1e2d3c-0000-4000-8000-000000000004"
)

// quickstart registers the API of the quickstart in the tenant and returns its suite, without a
// target.
func (l *local) quickstart(version int) *Suite {
	role := func(id, value string) object {
		return object{"id": id, "value": value, "displayName": value, "description": value, "isEnabled": true, "allowedMemberTypes": []string{"User", "Application"}}
	}
	id, apiAppID, api := l.application(object{
		"displayName": "api",
		"api": object{
			"requestedAccessTokenVersion": version,
			"oauth2PermissionScopes": []object{{
				"id": scopeID, "value": "read_data", "type": "User", "isEnabled": true,
				"adminConsentDisplayName": "Read", "adminConsentDescription": "Read",
			}},
		},
		"appRoles": []object{role(adminID, "Admin"), role(devopsID, "DevOps"), role(readerID, "Reader")},
	})
	uri := "api://" + apiAppID
	l.send("PATCH", l.tenant.Origin+"/v1.0/applications/"+id, l.token, object{"identifierUris": []string{uri}})
	_, extensionID, extension := l.application(object{
		"displayName": "extension", "isFallbackPublicClient": true, "publicClient": object{"redirectUris": []string{"http://localhost"}},
	})
	l.post("/oauth2PermissionGrants", object{"clientId": extension, "resourceId": api, "consentType": "AllPrincipals", "scope": "read_data"})
	serviceObject, serviceID, service := l.application(object{"displayName": "service"})
	secretText := l.post("/applications/"+serviceObject+"/addPassword", object{})["secretText"].(string)

	assign := func(principal, role string) {
		l.post("/servicePrincipals/"+api+"/appRoleAssignedTo", object{"principalId": principal, "resourceId": api, "appRoleId": role})
	}
	assign(service, devopsID)
	accounts := make(map[string]Account)
	ids := make(map[string]string)
	for _, name := range []string{"ada", "grace", "rita", "nora"} {
		upn := name + "@" + l.tenant.Domain
		ids[name] = l.post("/users", object{
			"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": upn,
			"passwordProfile": object{"password": "Quickstart-" + name + "-1!", "forceChangePasswordNextSignIn": false},
		})["id"].(string)
		accounts[name] = Account{upn, "Quickstart-" + name + "-1!"}
	}
	operators := l.post("/groups", object{"displayName": "Operators", "mailEnabled": false, "mailNickname": "operators", "securityEnabled": true})["id"].(string)
	l.post("/groups/"+operators+"/members/$ref", object{"@odata.id": l.tenant.Origin + "/v1.0/directoryObjects/" + ids["grace"]})
	assign(ids["ada"], adminID)
	assign(operators, devopsID)
	assign(ids["rita"], readerID)

	issuer, audiences := l.tenant.Origin+"/"+l.tenant.TenantID+"/v2.0", []string{apiAppID}
	if version == 1 {
		issuer, audiences = l.tenant.Origin+"/"+l.tenant.TenantID+"/", []string{uri, apiAppID}
	}
	return &Suite{
		Document: &stack.Conformance{
			Name: "secure", Resource: "api", Client: "extension",
			Endpoints: []stack.Endpoint{
				{Request: "GET /health", Public: true},
				requires("GET /secure", stack.Requires{Scopes: []string{"read_data"}, AnyRole: []string{"Admin", "DevOps"}}),
				requires("POST /jobs", stack.Requires{AllRoles: []string{"DevOps"}, Callers: []string{applications}}),
			},
		},
		Issuer:   Issuer{TenantID: l.tenant.TenantID, URL: issuer},
		Resource: Resource{Name: "api", AppID: apiAppID, TokenVersion: version, Audiences: audiences, Scopes: []string{"read_data"}, Roles: []string{"Admin", "DevOps", "Reader"}},
		Users: []User{
			{Name: "ada", Roles: []string{"Admin"}},
			{Name: "grace", Roles: []string{"DevOps"}, GroupRoles: []string{"DevOps"}},
			{Name: "rita", Roles: []string{"Reader"}},
			{Name: "nora"},
		},
		Applications: []Application{
			{Name: "extension", AppID: extensionID, Scopes: []string{"read_data"}, SignsIn: true},
			{Name: "service", AppID: serviceID, Roles: []string{"DevOps"}, Credential: true},
		},
		Tokens: &Tenant{
			Authority: l.authority(), Resource: uri, Accounts: accounts, Signer: l.sign, PayloadSigner: l.signPayload,
			Clients: map[string]Client{
				"extension": {ID: extensionID, RedirectURI: "http://localhost", Public: true},
				"service":   {ID: serviceID, Secret: secretText},
			},
		},
	}
}

// The complete run: real sign-ins at the local tenant, and the reference API.
func TestLocalTenant(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			l := startLocal(t)
			suite := l.quickstart(version)
			target := referenceFor(t, suite, l.tenant.Origin+"/"+l.tenant.TenantID+"/discovery/v2.0/keys", l.http)
			suite.Target = Target{URL: target.URL, HTTPClient: target.Client()}
			r := run(t, suite)
			// The stack has no application without a role, and none with a wrong role; tests of
			// the command line run the cases that change the tenant.
			skips := map[string]bool{"POST /jobs: application-no-role": true, "POST /jobs: application-wrong-role": true}
			changes := regexp.MustCompile("^(keys-|retired-key|role-removed)")
			for _, result := range r.results {
				if want := skips[result.ID] || changes.MatchString(result.Name); (result.Outcome == Skip) != want || !want && result.Outcome != Pass && result.Outcome != Note {
					t.Errorf("%s: %s: %s %s", result.ID, result.Outcome, result.Reason, result.Cause)
				}
			}
			if r.summary.Planned < 40 || len(r.summary.Unproven) > 0 {
				t.Errorf("summary %+v", r.summary)
			}
		})
	}
}

// Errors of the tenant are reported with their codes.
func TestLocalTenantRefuses(t *testing.T) {
	t.Parallel()
	l := startLocal(t)
	suite := l.quickstart(2)
	tokens := suite.Tokens.(*Tenant)
	tokens.Accounts["ada"] = Account{tokens.Accounts["ada"].UserPrincipalName, "wrong"}
	_, _, err := tokens.User(t.Context(), "extension", "ada", []string{"read_data"})
	if err == nil || !strings.HasPrefix(err.Error(), "AADSTS50126: ") {
		t.Errorf("wrong password: %v", err)
	}
	_, _, err = tokens.User(t.Context(), "extension", "nora", []string{"no_such_scope"})
	if err == nil || !strings.HasPrefix(err.Error(), "AADSTS65") {
		t.Errorf("unknown scope: %v", err)
	}
	// If consent is missing, the sign-in reports it and does not grant consent.
	for range 2 {
		_, err = l.authority().SignIn(t.Context(), tokens.Clients["extension"], tokens.Accounts["nora"], []string{"https://graph.microsoft.com/User.Read"})
		var refused *AADSTSError
		if !errors.As(err, &refused) || refused.Code != notConsented {
			t.Errorf("no consent: %v", err)
		}
	}
	_, err = l.authority().SignIn(t.Context(), tokens.Clients["extension"], tokens.Accounts["nora"], []string{"https://graph.microsoft.com/Directory.Read.All"})
	if err == nil || !strings.HasPrefix(err.Error(), "AADSTS90094: ") {
		t.Errorf("no consent of an administrator: %v", err)
	}
	client := tokens.Clients["service"]
	client.Secret = "wrong"
	tokens.Clients["service"] = client
	if _, err = tokens.Application(t.Context(), "service"); err == nil || !strings.HasPrefix(err.Error(), "AADSTS7000215: ") {
		t.Errorf("wrong secret: %v", err)
	}
}
