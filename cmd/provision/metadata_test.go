package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"provision/emulator/emulatortest"
	"provision/internal/microsoft"
)

// wire sends requests for Microsoft's hosts to a local tenant, and refuses requests for a
// metadata endpoint.
type wire struct {
	next  http.RoundTripper
	mu    sync.Mutex
	asked []string // the requested hosts
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.asked = append(w.asked, r.URL.Host)
	w.mu.Unlock()
	if !strings.Contains(r.URL.Host, "microsoft") {
		return nil, errors.New("no route to " + r.URL.Host)
	}
	return w.next.RoundTrip(r)
}

// TestDefaultCredential: if a credential of the environment is refused or invalid, the sign-in
// ends with its error. Without such a credential, the metadata endpoint is requested; this shows
// that the test would detect such a request.
func TestDefaultCredential(t *testing.T) {
	tenant := emulatortest.Start(t)
	proxy, err := url.Parse(tenant.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(tenant.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("not a token"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir()) // without az, azd and pwsh
	for _, variable := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE",
		"AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_AUTHORITY_HOST", "AZURE_USERNAME", "AZURE_PASSWORD"} {
		t.Setenv(variable, "")
		os.Unsetenv(variable)
	}
	application := map[string]string{"AZURE_TENANT_ID": tenant.TenantID, "AZURE_CLIENT_ID": tenant.ClientID}
	for _, test := range []struct {
		name  string
		set   map[string]string
		want  string // part of the error; "" means a token
		asked bool   // whether the metadata endpoint is requested
	}{
		{name: "a good secret", set: map[string]string{"AZURE_CLIENT_SECRET": tenant.ClientSecret}},
		{name: "a wrong secret", set: map[string]string{"AZURE_CLIENT_SECRET": "wrong"}, want: "ClientSecretCredential: AADSTS7000215: Invalid client secret"},
		{name: "an unknown application", set: map[string]string{"AZURE_CLIENT_ID": "11111111-2222-3333-4444-555555555555", "AZURE_CLIENT_SECRET": "x"}, want: "AADSTS700016"},
		{name: "a secret without a tenant", set: map[string]string{"AZURE_CLIENT_SECRET": "x", "AZURE_TENANT_ID": ""}, want: "AZURE_CLIENT_SECRET is set: missing environment variable AZURE_TENANT_ID"},
		{name: "a secret without an application", set: map[string]string{"AZURE_CLIENT_SECRET": "x", "AZURE_CLIENT_ID": ""}, want: "missing environment variable AZURE_CLIENT_ID"},
		{name: "a certificate that does not exist", set: map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": "missing.pem"}, want: "AZURE_CLIENT_CERTIFICATE_PATH is set: "},
		{name: "a certificate that is none", set: map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": tokenFile}, want: "AZURE_CLIENT_CERTIFICATE_PATH is set: "},
		{name: "a federated token that does not exist", set: map[string]string{"AZURE_FEDERATED_TOKEN_FILE": "missing"}, want: "AZURE_FEDERATED_TOKEN_FILE: "},
		{name: "a wrong federated token", set: map[string]string{"AZURE_FEDERATED_TOKEN_FILE": tokenFile}, want: "AADSTS"},
		{name: "a federated token without an application", set: map[string]string{"AZURE_FEDERATED_TOKEN_FILE": tokenFile, "AZURE_CLIENT_ID": ""}, want: "AZURE_FEDERATED_TOKEN_FILE is set: "},
		{name: "a chain of tools", set: map[string]string{"AZURE_TOKEN_CREDENTIALS": "dev", "AZURE_CLIENT_SECRET": "x", "AZURE_TENANT_ID": ""}, want: "AzureCLICredential"},
		{name: "nothing", set: map[string]string{"AZURE_CLIENT_ID": "", "AZURE_TENANT_ID": ""}, want: "no credential was found; tried: EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential, AzureCLICredential, AzureDeveloperCLICredential, AzurePowerShellCredential", asked: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, set := range []map[string]string{application, test.set} {
				for name, value := range set {
					t.Setenv(name, value)
					if value == "" {
						os.Unsetenv(name)
					}
				}
			}
			w := &wire{next: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}}}
			said := ""
			credential, err := credentialTypes["default"](signInOptions{tenantID: tenant.TenantID,
				options: azcore.ClientOptions{Cloud: credentialCloud(microsoft.Clouds[0]), Transport: w, Retry: policy.RetryOptions{MaxRetries: -1}}})
			if err == nil {
				_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
			}
			if err != nil {
				said = err.Error()
			}
			if strings.Contains(said, "\n") || len(said) > 300 {
				t.Errorf("the error is not one short line: %q", said)
			}
			if (test.want == "") != (said == "") || !strings.Contains(said, test.want) {
				t.Errorf("error %q, want %q", said, test.want)
			}
			asked := false
			for _, host := range w.asked {
				asked = asked || !strings.Contains(host, "microsoft")
			}
			if asked != test.asked {
				t.Errorf("asked %v", w.asked)
			}
		})
	}
}
