package emulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"provision/emulator/emulatortest"
)

// station is a tenant with the fault rules of a test.
type station struct {
	t      *testing.T
	tenant *emulatortest.Tenant
	client *http.Client
	token  string
}

func newStation(t *testing.T, options ...emulatortest.Option) *station {
	t.Helper()
	s := &station{t: t, tenant: emulatortest.Start(t, options...)}
	s.client = s.tenant.HTTPClient()
	answer, err := s.client.PostForm(s.tenant.Origin+"/"+s.tenant.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.tenant.ClientID}, "client_secret": {s.tenant.ClientSecret},
		"scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	s.token = token.AccessToken
	return s
}

func (s *station) send(method, address, key, body string) (*http.Response, string, error) {
	s.t.Helper()
	r, err := http.NewRequest(method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	return answer, string(raw), err
}

func (s *station) graph(method, path, body string) (*http.Response, string) {
	s.t.Helper()
	answer, text, err := s.send(method, s.tenant.Origin+path, s.token, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, text
}

func (s *station) faults(method, rules string) string {
	s.t.Helper()
	answer, text, err := s.send(method, s.tenant.ManagementURL+"/faults", s.tenant.ManagementKey, rules)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		s.t.Fatalf("%s /faults: %d %s", method, answer.StatusCode, text)
	}
	return text
}

const group = `{"displayName":"G","mailEnabled":false,"mailNickname":"g","securityEnabled":true}`

func TestThrottledTwice(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"status": 429, "retryAfter": "2s", "path": "/v1.0/*", "next": 2}]`)
	for i, want := range []int{429, 429, 200} {
		answer, text := s.graph("GET", "/v1.0/organization", "")
		if answer.StatusCode != want {
			t.Errorf("request %d: %d %s, want %d", i, answer.StatusCode, text, want)
		}
		if want == 429 && (answer.Header.Get("Retry-After") != "2" || !strings.Contains(text, `"code":"TooManyRequests"`)) {
			t.Errorf("request %d: Retry-After %q, %s", i, answer.Header.Get("Retry-After"), text)
		}
	}
	if report := s.faults("GET", ""); !strings.Contains(report, `"fired":2,"spent":true`) {
		t.Errorf("report %s, want the rule fired twice and spent", report)
	}
}

func TestAmbiguousWrites(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"status": 504, "done": true, "method": "POST", "path": "/v1.0/groups", "next": 1}]`)
	if answer, text := s.graph("POST", "/v1.0/groups", group); answer.StatusCode != 504 {
		t.Fatalf("create a group: %d %s, want 504", answer.StatusCode, text)
	}
	if _, text := s.graph("GET", "/v1.0/groups", ""); !strings.Contains(text, `"displayName":"G"`) {
		t.Errorf("groups %s, want the one that was denied", text)
	}
}

func TestOneItemOfABatch(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"status": 429, "retryAfter": "1s", "path": "/v1.0/users", "next": 1}]`)
	answer, text := s.graph("POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users"},{"id":"2","method":"GET","url":"/groups"}]}`)
	var batch struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]string
		}
	}
	if err := json.Unmarshal([]byte(text), &batch); err != nil || answer.StatusCode != 200 {
		t.Fatalf("batch: %d %s", answer.StatusCode, text)
	}
	for _, r := range batch.Responses {
		switch {
		case r.ID == "1" && (r.Status != 429 || r.Headers["Retry-After"] != "1"):
			t.Errorf("the first item: %d, Retry-After %q; want 429 and 1", r.Status, r.Headers["Retry-After"])
		case r.ID == "2" && r.Status != 200:
			t.Errorf("the second item: %d, want 200", r.Status)
		}
	}
}

func TestADroppedConnection(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"drop": true, "path": "/v1.0/organization", "next": 1}]`)
	// An HTTP client may repeat a GET automatically; therefore the test uses POST.
	if _, text, err := s.send("POST", s.tenant.Origin+"/v1.0/organization", s.token, "{}"); err == nil {
		t.Errorf("a dropped request was answered: %s", text)
	}
}

func TestFaultsOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"status": 503, "path": "/*/oauth2/v2.0/token", "next": 1}]`)
	answer, text, err := s.send("POST", s.tenant.Origin+"/"+s.tenant.TenantID+"/oauth2/v2.0/token", "", "")
	if err != nil || answer.StatusCode != 503 || !strings.Contains(text, "AADSTS90033") {
		t.Errorf("token endpoint: %v %s, %v; want 503 AADSTS90033", answer, text, err)
	}
}

func TestFaultsAreResetAndChecked(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	s.faults("POST", `[{"status": 500}]`)
	s.faults("DELETE", "")
	if answer, _ := s.graph("GET", "/v1.0/organization", ""); answer.StatusCode != 200 {
		t.Errorf("after the reset: %d, want 200", answer.StatusCode)
	}
	answer, text, err := s.send("POST", s.tenant.ManagementURL+"/faults", s.tenant.ManagementKey, `[{"stats": 500}]`)
	if err != nil || answer.StatusCode != 400 || !strings.Contains(text, "unknown field") {
		t.Errorf("a misspelt rule: %v %s, %v; want 400", answer, text, err)
	}
}

// The fault answers instead of the tenant, whatever the path, until its rule is removed.
func TestFaultWithABody(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	keys := s.tenant.Origin + "/" + s.tenant.TenantID + "/discovery/v2.0/keys"
	s.faults("POST", `[{"name":"page","path":"*/discovery/*","body":"<h1>moved</h1>"},{"name":"other","path":"/v1.0/*","latency":"1ns"}]`)
	if answer, text, err := s.send("GET", keys, "", ""); err != nil || answer.StatusCode != 200 || text != "<h1>moved</h1>" {
		t.Errorf("%v %s %v", answer, text, err)
	}
	if answer, text, err := s.send("DELETE", s.tenant.ManagementURL+"/faults/page", s.tenant.ManagementKey, ""); err != nil || answer.StatusCode != 204 {
		t.Fatalf("%v %s %v", answer, text, err)
	}
	if _, text, err := s.send("GET", keys, "", ""); err != nil || !strings.Contains(text, `"kid"`) {
		t.Errorf("keys: %s %v", text, err)
	}
	if left := s.faults("GET", ""); !strings.Contains(left, `"other"`) || strings.Contains(left, `"page"`) {
		t.Errorf("left: %s", left)
	}
	s.faults("DELETE", "")
}
