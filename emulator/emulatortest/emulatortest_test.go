package emulatortest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"provision/emulator/emulatortest"
)

// client sends requests to a tenant and decodes the answers.
type client struct {
	*testing.T
	tenant *emulatortest.Tenant
	http   *http.Client
}

func (c client) do(method, target, token, contentType, body string) (int, map[string]any) {
	c.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		c.Fatal(err)
	}
	decoded := map[string]any{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &decoded); err != nil {
			c.Fatalf("%s %s: %v in %s", method, target, err, data)
		}
	}
	return response.StatusCode, decoded
}

func (c client) graphToken(clientID, secret string) (int, string) {
	c.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
		"scope": {c.tenant.Origin + "/.default"},
	}
	status, answer := c.do("POST", c.tenant.Origin+"/"+c.tenant.TenantID+"/oauth2/v2.0/token", "", "application/x-www-form-urlencoded", form.Encode())
	token, _ := answer["access_token"].(string)
	return status, token
}

func TestAdministratorSetsUpTenant(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var hidden []string
	t.Run("requests", func(t *testing.T) { // the test's end waits for the last line of the log
		tenant := emulatortest.Start(t, emulatortest.WithRequestLog(&log))
		hidden = setUp(client{t, tenant, tenant.HTTPClient()})
	})
	for _, secret := range hidden {
		if strings.Contains(log.String(), secret) {
			t.Error("the request log holds a secret")
		}
	}
	if !strings.Contains(log.String(), `"path":"/v1.0/applications","status":201`) {
		t.Errorf("the request log lacks a request:\n%s", log.String())
	}
}

// setUp registers an application, checks whether it may list applications, and returns the
// secrets that it received.
func setUp(c client) []string {
	t, tenant := c.T, c.tenant

	status, token := c.graphToken(tenant.ClientID, tenant.ClientSecret)
	if status != 200 || token == "" {
		t.Fatalf("token request: %d", status)
	}
	status, app := c.do("POST", tenant.Origin+"/v1.0/applications", token, "application/json", `{"displayName":"orders"}`)
	if status != 201 {
		t.Fatalf("create application: %d %v", status, app)
	}
	id, appID := app["id"].(string), app["appId"].(string)
	status, secret := c.do("POST", tenant.Origin+"/v1.0/applications/"+id+"/addPassword", token, "application/json", `{}`)
	if status != 200 {
		t.Fatalf("add password: %d %v", status, secret)
	}
	if status, _ := c.do("POST", tenant.Origin+"/v1.0/servicePrincipals", token, "application/json", `{"appId":"`+appID+`"}`); status != 201 {
		t.Fatalf("create service principal: %d", status)
	}

	status, plain := c.graphToken(appID, secret["secretText"].(string))
	if status != 200 {
		t.Fatalf("token request of the new application: %d", status)
	}
	for caller, want := range map[string]struct {
		token string
		code  int
	}{
		"nobody":                       {"", 401},
		"somebody with garbage":        {"garbage", 401},
		"an application with no roles": {plain, 403},
		"the administrator":            {token, 200},
	} {
		if status, answer := c.do("GET", tenant.Origin+"/v1.0/applications", want.token, "", ""); status != want.code {
			t.Errorf("%s lists applications: %d, want %d: %v", caller, status, want.code, answer["error"])
		}
	}

	dump, err := tenant.Snapshot()
	if err != nil || !strings.Contains(string(dump), `"displayName": "orders"`) {
		t.Errorf("the snapshot does not show the application: %v", err)
	}
	hidden := []string{tenant.ClientSecret, secret["secretText"].(string), token, plain}
	for _, text := range hidden {
		if bytes.Contains(dump, []byte(text)) {
			t.Error("the snapshot holds a secret")
		}
	}
	return hidden
}

func TestManagement(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	for _, test := range []struct {
		name, method, path, key, body string
		status                        int
	}{
		{"health needs no key", "GET", "/healthz", "", "", 200},
		{"no key", "GET", "/snapshot", "", "", 401},
		{"a wrong key", "GET", "/snapshot", "wrong", "", 401},
		{"no key for an unknown operation", "GET", "/secrets", "", "", 401},
		{"an unknown operation", "GET", "/secrets", tenant.ManagementKey, "", 404},
		{"the snapshot", "GET", "/snapshot", tenant.ManagementKey, "", 200},
		{"the full snapshot", "GET", "/snapshot?format=full", tenant.ManagementKey, "", 200},
		{"an unknown format", "GET", "/snapshot?format=xml", tenant.ManagementKey, "", 400},
		{"claims", "POST", "/sign", tenant.ManagementKey, `{"claims":{"aud":"x"}}`, 200},
		{"no claims", "POST", "/sign", tenant.ManagementKey, `{}`, 400},
		{"a payload", "POST", "/sign", tenant.ManagementKey, `{"payload":"{\"aud\":1,\"aud\":2}"}`, 200},
		{"a payload and claims", "POST", "/sign", tenant.ManagementKey, `{"payload":"{}","claims":{}}`, 400},
		{"a fault that is not set", "DELETE", "/faults/none", tenant.ManagementKey, "", 404},
		{"no JSON", "POST", "/sign", tenant.ManagementKey, `claims`, 400},
		{"something unknown beside claims", "POST", "/sign", tenant.ManagementKey, `{"claims":{},"key":"own"}`, 400},
	} {
		status, answer := c.do(test.method, tenant.ManagementURL+test.path, test.key, "application/json", test.body)
		if status != test.status {
			t.Errorf("%s: %d, want %d: %v", test.name, status, test.status, answer)
		}
	}
}

func TestSignedClaimsAreAccepted(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	_, token := c.graphToken(tenant.ClientID, tenant.ClientSecret)
	claims := decodeClaims(t, token)
	sign := func(change func(map[string]any)) string {
		changed := map[string]any{}
		for name, value := range claims {
			changed[name] = value
		}
		change(changed)
		body, err := json.Marshal(map[string]any{"claims": changed})
		if err != nil {
			t.Fatal(err)
		}
		status, answer := c.do("POST", tenant.ManagementURL+"/sign", tenant.ManagementKey, "application/json", string(body))
		if status != 200 {
			t.Fatalf("sign: %d %v", status, answer)
		}
		return answer["token"].(string)
	}
	for _, test := range []struct {
		name   string
		change func(map[string]any)
		status int
	}{
		{"the same claims", func(map[string]any) {}, 200},
		{"no roles", func(m map[string]any) { delete(m, "roles") }, 403},
		{"expired", func(m map[string]any) { m["exp"] = 1 }, 401},
		{"another audience", func(m map[string]any) { m["aud"] = "api://other" }, 401},
		{"an unknown client", func(m map[string]any) { m["appid"] = "00000000-0000-0000-0000-00000000dead" }, 401},
	} {
		if status, answer := c.do("GET", tenant.Origin+"/v1.0/applications", sign(test.change), "", ""); status != test.status {
			t.Errorf("%s: %d, want %d: %v", test.name, status, test.status, answer["error"])
		}
	}
}

// A payload is signed byte for byte, including forms that JSON encoders do not write.
func TestSignedPayload(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	c := client{t, tenant, tenant.HTTPClient()}
	const payload = `{"aud":"<a>",  "aud":"b"}`
	body, err := json.Marshal(map[string]string{"payload": payload})
	if err != nil {
		t.Fatal(err)
	}
	_, answer := c.do("POST", tenant.ManagementURL+"/sign", tenant.ManagementKey, "application/json", string(body))
	token, _ := answer["token"].(string)
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("no token: %v", answer)
	}
	got, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil || string(got) != payload {
		t.Errorf("signed %s (%v)", got, err)
	}
}

func TestStateDirectoryOutlivesTenant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var first *emulatortest.Tenant
	var token string
	t.Run("first", func(t *testing.T) {
		first = emulatortest.Start(t, emulatortest.InDir(dir))
		c := client{t, first, first.HTTPClient()}
		_, token = c.graphToken(first.ClientID, first.ClientSecret)
		if status, _ := c.do("POST", first.Origin+"/v1.0/applications", token, "application/json", `{"displayName":"kept"}`); status != 201 {
			t.Fatalf("create application: %d", status)
		}
	})
	second := emulatortest.Start(t, emulatortest.InDir(dir))
	if second.TenantID != first.TenantID || second.ClientSecret != first.ClientSecret || second.CAFile != first.CAFile {
		t.Error("the tenant, its administrator or its authority changed")
	}
	if second.ManagementKey == first.ManagementKey {
		t.Error("the management key outlived the process")
	}
	dump, err := second.Snapshot()
	if err != nil || !strings.Contains(string(dump), `"displayName": "kept"`) {
		t.Errorf("the application is gone: %v", err)
	}
}

func decodeClaims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	claims := map[string]any{}
	if err := json.NewDecoder(base64Reader(parts[1])).Decode(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func base64Reader(s string) io.Reader {
	return base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(s))
}
