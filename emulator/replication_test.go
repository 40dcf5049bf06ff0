package emulator_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"provision/emulator/emulatortest"
)

// TestReplicationLag checks a registration during the time in which Entra does not show it.
func TestReplicationLag(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.manage("PUT", "/replication-lag", `{"lag":"30s"}`, 200)
	answer, text := s.graph("POST", "/v1.0/applications", `{"displayName":"orders","uniqueName":"orders"}`)
	var app struct{ ID, AppID string }
	if err := json.Unmarshal([]byte(text), &app); err != nil || answer.StatusCode != 201 {
		t.Fatalf("create an application: %d %s", answer.StatusCode, text)
	}
	byID := "/v1.0/applications/" + app.ID
	reads := func(status int, listed bool) {
		t.Helper()
		for _, path := range []string{byID, "/v1.0/applications(appId='" + app.AppID + "')", "/v1.0/applications(uniqueName='orders')"} {
			if answer, text := s.graph("GET", path, ""); answer.StatusCode != status {
				t.Errorf("GET %s: %d %s, want %d", path, answer.StatusCode, text, status)
			}
		}
		for _, path := range []string{"/v1.0/applications", "/v1.0/applications?$filter=" + url.QueryEscape("appId eq '"+app.AppID+"'")} {
			if _, text := s.graph("GET", path, ""); strings.Contains(text, app.ID) != listed {
				t.Errorf("GET %s: %s, want the application in it: %t", path, text, listed)
			}
		}
		_, text := s.graph("POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/applications/`+app.ID+`"}]}`)
		if strings.Contains(text, `"status":200`) != listed {
			t.Errorf("in a batch: %s, want the application in it: %t", text, listed)
		}
	}
	refused := func(method, path, body string, status int, want string) {
		t.Helper()
		if answer, text := s.graph(method, path, body); answer.StatusCode != status || !strings.Contains(text, want) {
			t.Errorf("%s %s: %d %s, want %d %q", method, path, answer.StatusCode, text, status, want)
		}
	}
	reads(404, false)
	refused("PATCH", byID, `{"displayName":"x"}`, 404, "Request_ResourceNotFound")
	refused("DELETE", byID, "", 404, "Request_ResourceNotFound")
	refused("POST", byID+"/addPassword", `{}`, 404, "Request_ResourceNotFound")
	refused("POST", "/v1.0/servicePrincipals", `{"appId":"`+app.AppID+`"}`, 400, "does not reference a valid application object")
	refused("POST", "/v1.0/applications", `{"displayName":"orders","uniqueName":"orders"}`, 400, "already exists")

	upsert := `{"requests":[{"id":"1","method":"PATCH","url":"/applications(uniqueName='orders')","headers":{"Prefer":"create-if-missing","Content-Type":"application/json"},"body":{"displayName":"x"}}]}`
	if _, text := s.graph("POST", "/v1.0/$batch", upsert); !strings.Contains(text, `"status":400`) || !strings.Contains(text, "already exists") {
		t.Errorf("an upsert of what is not seen: %s, want the conflict that Entra answers", text)
	}

	s.manage("PUT", "/clock", `{"offset":"30s"}`, 200)
	reads(200, true)
	if _, text := s.graph("POST", "/v1.0/$batch", upsert); !strings.Contains(text, `"status":204`) {
		t.Errorf("an upsert of what is seen: %s, want 204", text)
	}
	answer, text = s.graph("POST", byID+"/addPassword", `{}`)
	var secret struct{ SecretText string }
	if err := json.Unmarshal([]byte(text), &secret); err != nil || answer.StatusCode != 200 {
		t.Fatalf("add a secret: %d %s", answer.StatusCode, text)
	}
	if answer, text := s.graph("POST", "/v1.0/servicePrincipals", `{"appId":"`+app.AppID+`"}`); answer.StatusCode != 201 {
		t.Fatalf("create a service principal: %d %s", answer.StatusCode, text)
	}
	if answer, text := s.graph("DELETE", byID, ""); answer.StatusCode != 204 {
		t.Fatalf("delete: %d %s", answer.StatusCode, text)
	}
	reads(200, true)
	refused("DELETE", byID, "", 404, "")
	refused("DELETE", "/v1.0/directory/deletedItems/"+app.ID, "", 404, "Request_ResourceNotFound")
	s.manage("PUT", "/clock", `{"offset":"60s"}`, 200)
	reads(404, false)
	if answer, text := s.graph("DELETE", "/v1.0/directory/deletedItems/"+app.ID, ""); answer.StatusCode != 204 {
		t.Errorf("purge: %d %s", answer.StatusCode, text)
	}

	s.manage("PUT", "/replication-lag", `{"lag":"-1s"}`, 400)
	s.manage("PUT", "/replication-lag", `{"lag":"0s"}`, 200)
	if text := s.manage("GET", "/replication-lag", "", 200); strings.TrimSpace(text) != `{"lag":"0s"}` {
		t.Errorf("the lag is %s, want none", text)
	}
}

// TestASecretIsNewToTheTokenEndpoint: Entra's token endpoint does not know a
// registration or a secret for some seconds.
func TestASecretIsNewToTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.manage("PUT", "/replication-lag", `{"lag":"30s"}`, 200)
	var app, secret struct{ ID, AppID, SecretText string }
	if _, text := s.graph("POST", "/v1.0/applications", `{"displayName":"orders"}`); json.Unmarshal([]byte(text), &app) != nil {
		t.Fatal(text)
	}
	signIn := func() string { return s.signIn(app.AppID, secret.SecretText) }
	secret.SecretText = "unknown"
	if code := signIn(); code != "AADSTS700016" {
		t.Errorf("a new application: %s, want AADSTS700016", code)
	}
	s.manage("PUT", "/clock", `{"offset":"30s"}`, 200)
	if _, text := s.graph("POST", "/v1.0/servicePrincipals", `{"appId":"`+app.AppID+`"}`); !strings.Contains(text, app.AppID) {
		t.Fatal(text)
	}
	if _, text := s.graph("POST", "/v1.0/applications/"+app.ID+"/addPassword", `{}`); json.Unmarshal([]byte(text), &secret) != nil {
		t.Fatal(text)
	}
	if code := signIn(); code != "AADSTS7000215" {
		t.Errorf("a new secret: %s, want AADSTS7000215", code)
	}
	s.manage("PUT", "/clock", `{"offset":"60s"}`, 200)
	if code := signIn(); code != "" {
		t.Errorf("a secret that is seen: %s, want a token", code)
	}
}

func TestReplicationLagFromTheStart(t *testing.T) {
	t.Parallel()
	s := newStation(t, emulatortest.WithReplicationLag(time.Hour))
	if _, text := s.graph("GET", "/v1.0/applications", ""); !strings.Contains(text, "provision administrator") {
		t.Errorf("a lagging tenant does not show what it began with: %s", text)
	}
	s.graph("POST", "/v1.0/groups", group)
	if _, text := s.graph("GET", "/v1.0/groups", ""); strings.Contains(text, `"displayName":"G"`) {
		t.Errorf("a new group is visible immediately: %s", text)
	}
}

// TestReadYourWrites: Graph shows a caller its own writes, and the token
// endpoint and other callers only after the lag.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.manage("PUT", "/replication-lag", `{"lag":"30s","readYourWrites":true}`, 200)
	answer, text := s.graph("POST", "/v1.0/applications", `{"displayName":"orders"}`)
	var app struct{ ID, AppID string }
	if err := json.Unmarshal([]byte(text), &app); err != nil || answer.StatusCode != 201 {
		t.Fatalf("create an application: %d %s", answer.StatusCode, text)
	}
	if answer, text := s.graph("GET", "/v1.0/applications/"+app.ID, ""); answer.StatusCode != 200 {
		t.Errorf("read it: %d %s", answer.StatusCode, text)
	}
	if answer, text := s.graph("POST", "/v1.0/servicePrincipals", `{"appId":"`+app.AppID+`"}`); answer.StatusCode != 201 {
		t.Errorf("make its service principal: %d %s", answer.StatusCode, text)
	}
	answer, text = s.graph("POST", "/v1.0/applications/"+app.ID+"/addPassword", `{}`)
	var secret struct{ SecretText string }
	if err := json.Unmarshal([]byte(text), &secret); err != nil || answer.StatusCode != 200 {
		t.Fatalf("add a secret: %d %s", answer.StatusCode, text)
	}
	if code := s.signIn(app.AppID, secret.SecretText); code != "AADSTS700016" {
		t.Errorf("a token without the lag: %s, want AADSTS700016", code)
	}
	s.manage("PUT", "/clock", `{"offset":"30s"}`, 200)
	if code := s.signIn(app.AppID, secret.SecretText); code != "" {
		t.Errorf("a token after the lag: %s", code)
	}
}

// signIn requests an application's token and returns the AADSTS code, or "" if it gets a token.
func (s *station) signIn(clientID, secret string) string {
	s.t.Helper()
	answer, err := s.client.PostForm(s.tenant.Origin+"/"+s.tenant.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
		"scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var refusal struct {
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&refusal); err != nil {
		s.t.Fatal(err)
	}
	code, _, _ := strings.Cut(refusal.Description, ":")
	return code
}
