package emulator_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"provision/emulator"
	"provision/emulator/emulatortest"
)

// led returns a client that knows only Microsoft's hosts, and a proxy.
func led(t *testing.T, tenant *emulatortest.Tenant) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(tenant.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	address, err := url.Parse(tenant.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// answer returns a response's status and JSON body.
func answer(t *testing.T, client *http.Client, r *http.Request) (int, map[string]any) {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body) // the status shows an answer that is not JSON
	return response.StatusCode, body
}

func get(t *testing.T, client *http.Client, address, token string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return answer(t, client, r)
}

func token(t *testing.T, client *http.Client, tenant *emulatortest.Tenant, authority, scope string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {tenant.ClientID}, "client_secret": {tenant.ClientSecret}, "scope": {scope}}
	r, err := http.NewRequest(http.MethodPost, authority+"/"+tenant.TenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body := answer(t, client, r)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", authority, status, body)
	}
	return body["access_token"].(string)
}

func TestTenantUnderItsTwoNames(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	public, local := led(t, tenant), tenant.HTTPClient()
	// A token of one name of the tenant is accepted under both names.
	tokens := map[string]string{
		"public": token(t, public, tenant, "https://login.microsoftonline.com", "https://graph.microsoft.com/.default"),
		"local":  token(t, local, tenant, tenant.Origin, "https://graph.microsoft.com/.default"),
	}
	for name, bearer := range tokens {
		for graph, client := range map[string]*http.Client{"https://graph.microsoft.com": public, tenant.Origin: local} {
			status, body := get(t, client, graph+"/v1.0/applications", bearer)
			if status != http.StatusOK || body["@odata.context"] != graph+"/v1.0/$metadata#applications" {
				t.Errorf("%s token, %s: %d %v", name, graph, status, body)
			}
		}
	}
	manager := token(t, public, tenant, "https://login.windows.net", "https://management.core.windows.net//.default")
	for origin, client := range map[string]*http.Client{"https://management.azure.com": public, tenant.Origin: local} {
		if status, body := get(t, client, origin+"/tenants?api-version=2019-11-01", manager); status != http.StatusOK {
			t.Errorf("tenants of %s: %d %v", origin, status, body)
		}
		if status, _ := get(t, client, origin+"/subscriptions?api-version=2019-11-01", tokens["public"]); origin != tenant.Origin && status != http.StatusUnauthorized {
			t.Errorf("subscriptions of %s with a token for Graph: %d", origin, status)
		}
		if status, body := get(t, client, origin+"/metadata/endpoints?api-version=2022-09-01", ""); status != http.StatusOK || body["resourceManager"] != origin+"/" {
			t.Errorf("metadata of %s: %d %v", origin, status, body)
		}
	}
}

func TestPublicHostsServeOnlyTheirOwnPaths(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	public, local := led(t, tenant), tenant.HTTPClient()
	for address, want := range map[string]int{
		"https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration":   200,
		"https://login.microsoftonline.com/v1.0/applications":                              404,
		"https://login.microsoftonline.com/metadata/endpoints?api-version=2022-09-01":      404,
		"https://graph.microsoft.com/v1.0/applications":                                    401,
		"https://graph.microsoft.com/oidc/userinfo":                                        401,
		"https://graph.microsoft.com/common/v2.0/.well-known/openid-configuration":         400,
		"https://management.azure.com/common/v2.0/.well-known/openid-configuration":        404,
		"https://sts.windows.net/" + tenant.TenantID + "/.well-known/openid-configuration": 200,
	} {
		if status, body := get(t, public, address, ""); status != want {
			t.Errorf("%s: %d %v, want %d", address, status, body, want)
		}
	}
	for path, want := range map[string]int{"/oidc/userinfo": 401, "/v1.0/users": 401, "/subscriptions?api-version=1": 401, "/metadata/endpoints?api-version=2015-01-01": 200} {
		if status, body := get(t, local, tenant.Origin+path, ""); status != want {
			t.Errorf("%s: %d %v, want %d", path, status, body, want)
		}
	}
}

// The public listener also has certificates for the public hosts, because a hosts file can send
// clients to it that ignore proxies.
func TestPublicHostsWithoutProxy(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	client := tenant.HTTPClient()
	for _, host := range emulator.MicrosoftHosts {
		client.Transport.(*http.Transport).TLSClientConfig.ServerName = host
		r, err := http.NewRequest(http.MethodGet, tenant.Origin+"/metadata/endpoints?api-version=2022-09-01", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		status, body := answer(t, client, r)
		if manager := host == "management.azure.com"; manager != (status == http.StatusOK && body["name"] == "AzureCloud") {
			t.Errorf("%s: %d %v", host, status, body)
		}
		client.CloseIdleConnections()
	}
}

// For listeners on every address, the reported address is one that this machine reaches.
func TestListenersOnEveryAddress(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Config{Origin: "https://localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var listeners [2]net.Listener
	for i, address := range []string{"0.0.0.0:0", "127.0.0.1:0"} {
		if listeners[i], err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
	}
	server := e.ServeOn(emulator.Listeners{Proxy: listeners[0], Management: listeners[1]})
	for _, address := range []string{server.ProxyURL, server.ManagementURL} {
		if !strings.HasPrefix(address, "http://127.0.0.1:") {
			t.Errorf("%s", address)
		}
		response, err := http.Get(address + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[address == server.ManagementURL]; response.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, response.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
