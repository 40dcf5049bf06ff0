package signin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"provision/conformance"
	"provision/emulator/emulatortest"
)

// tenant is a local tenant with a public client, and two users who are assigned to it.
type tenant struct {
	*emulatortest.Tenant
	t        *testing.T
	http     *http.Client
	token    string
	clientID string
}

const password = "Correct-Horse-7"

func newTenant(t *testing.T) *tenant {
	t.Helper()
	started := emulatortest.Start(t)
	s := &tenant{Tenant: started, t: t, http: started.HTTPClient()}
	grant, err := s.authority().ClientCredentials(t.Context(), conformance.Client{ID: s.ClientID, Secret: s.ClientSecret}, s.Origin+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	s.token = grant.AccessToken
	s.clientID = s.post("applications", map[string]any{"displayName": "Client", "isFallbackPublicClient": true, "publicClient": map[string]any{"redirectUris": []string{"http://localhost"}}})["appId"].(string)
	s.post("servicePrincipals", map[string]any{"appId": s.clientID})
	graph := s.get("servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")["id"]
	client := s.get("servicePrincipals(appId='" + s.clientID + "')")["id"]
	s.post("oauth2PermissionGrants", map[string]any{"clientId": client, "consentType": "AllPrincipals", "resourceId": graph, "scope": "User.Read openid profile offline_access"})
	for _, name := range []string{"ada", "bob"} {
		s.post("users", map[string]any{"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": s.upn(name),
			"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}})
	}
	return s
}

func (s *tenant) upn(name string) string { return name + "@contoso.onmicrosoft.com" }

func (s *tenant) authority() *conformance.Authority {
	return &conformance.Authority{URL: s.Origin + "/" + s.TenantID, HTTPClient: s.http}
}

func (s *tenant) get(path string) map[string]any { return s.send(http.MethodGet, path, nil) }
func (s *tenant) post(path string, body any) map[string]any {
	return s.send(http.MethodPost, path, body)
}

func (s *tenant) send(method, path string, body any) (answer map[string]any) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(method, s.Origin+"/v1.0/"+path, bytes.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %v %v", method, path, response.StatusCode, answer, err)
	}
	return answer
}

// fill fills in forms like a person.
func (s *tenant) fill(address string, forms ...url.Values) {
	if page, err := emulatortest.FillForms(s.http.Transport, address, forms...); err != nil {
		s.t.Errorf("%v: %s", err, page)
	}
}

func (s *tenant) form(name string) url.Values {
	return url.Values{"loginfmt": {s.upn(name)}, "passwd": {password}}
}

// who returns the user of an access token.
func who(t *testing.T, grant conformance.Grant) string {
	t.Helper()
	parts := strings.Split(grant.AccessToken, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %+v", grant)
	}
	return claim(t, parts[1], "upn")
}
