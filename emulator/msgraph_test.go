package emulator_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"

	"provision/emulator"
	"provision/emulator/emulatortest"
)

const (
	readApplications = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" // Application.Read.All, of an application
	secretOfAda      = "Correct-Horse-7"
	exchange         = "api://AzureADTokenExchange"
	workload         = "system:serviceaccount:shop:orders"
	ordersName       = "orders"
)

// made creates an object with POST and returns it.
func (s *station) made(path string, body any) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, text := s.graph("POST", "/v1.0/"+path, string(raw))
	if answer.StatusCode/100 != 2 {
		s.t.Fatalf("POST %s: %d %s", path, answer.StatusCode, text)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		s.t.Fatal(err)
	}
	return object
}

// allowed permits a service principal to read applications: for itself, and for users.
func (s *station) allowed(principal string) {
	s.t.Helper()
	_, text := s.graph("GET", "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id", "")
	var graph struct{ ID string }
	if err := json.Unmarshal([]byte(text), &graph); err != nil {
		s.t.Fatal(err)
	}
	s.made("servicePrincipals/"+principal+"/appRoleAssignments", map[string]string{"principalId": principal, "resourceId": graph.ID, "appRoleId": readApplications})
	s.made("oauth2PermissionGrants", map[string]string{"clientId": principal, "consentType": "AllPrincipals", "resourceId": graph.ID, "scope": "Application.Read.All"})
}

// certificate creates a key and its certificate.
func certificate(t *testing.T) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orders"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, parsed
}

// cluster serves the keys of an issuer of workload tokens on this machine.
func cluster(t *testing.T, authority *emulator.Authority, key *rsa.PrivateKey) (issuer string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}}
		if r.URL.Path == "/.well-known/openid-configuration" {
			body = map[string]string{"issuer": "https://" + r.Host, "jwks_uri": "https://" + r.Host + "/keys"}
		}
		_ = json.NewEncoder(w).Encode(body)
	}))
	server.TLS = authority.TLSConfig()
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// tokenFile returns the token file in a workload's container.
func tokenFile(t *testing.T, issuer string, key *rsa.PrivateKey) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{"iss": issuer, "sub": workload, "aud": exchange, "exp": time.Now().Add(time.Hour).Unix()}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// applicationsBy reads applications with Microsoft's Graph SDK.
func (s *station) applicationsBy(t *testing.T, credential azcore.TokenCredential) []string {
	t.Helper()
	auth, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(credential, []string{s.tenant.Origin + "/.default"}, []string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		auth, core.GraphClientOptions{GraphServiceLibraryVersion: "1.89.0"}, nil, nil, s.client)
	if err != nil {
		t.Fatal(err)
	}
	adapter.SetBaseUrl(s.tenant.Origin + "/v1.0")
	answer, err := applications.NewApplicationsRequestBuilderInternal(map[string]string{"baseurl": adapter.GetBaseUrl()}, adapter).Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, app := range answer.GetValue() {
		names = append(names, *app.GetDisplayName())
	}
	return names
}

// TestEveryCredentialOfAzidentity reads Graph with msgraph-sdk-go and each credential. It sets
// the environment of a managed identity, so it is not parallel.
func TestEveryCredentialOfAzidentity(t *testing.T) {
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory {
		return jsonserialization.NewJsonSerializationWriterFactory()
	})
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory {
		return jsonserialization.NewJsonParseNodeFactory()
	})
	dir := t.TempDir()
	s := newStation(t, emulatortest.InDir(dir))
	authority, err := emulator.OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, cert := certificate(t)
	issuer := cluster(t, authority, key)
	ada := "ada@" + s.tenant.Domain
	s.made("users", map[string]any{"accountEnabled": true, "displayName": "Ada", "mailNickname": "ada", "userPrincipalName": ada,
		"passwordProfile": map[string]any{"password": secretOfAda, "forceChangePasswordNextSignIn": false}})
	app := s.made("applications", map[string]any{"displayName": ordersName, "isFallbackPublicClient": true,
		"keyCredentials": []any{map[string]string{"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.StdEncoding.EncodeToString(cert.Raw)}}})
	id, clientID := app["id"].(string), app["appId"].(string)
	s.allowed(s.made("servicePrincipals", map[string]string{"appId": clientID})["id"].(string))
	secret := s.made("applications/"+id+"/addPassword", map[string]any{})["secretText"].(string)
	s.made("applications/"+id+"/federatedIdentityCredentials", map[string]any{"name": "orders", "issuer": issuer, "subject": workload, "audiences": []string{exchange}})
	var identity emulator.ManagedIdentity
	if err := json.Unmarshal([]byte(s.manage("POST", "/managed-identities", `{"name":"orders"}`, 201)), &identity); err != nil {
		t.Fatal(err)
	}
	s.allowed(identity.PrincipalID)
	for name, value := range identity.Environment {
		t.Setenv(name, value)
	}

	tenantID := s.tenant.TenantID
	options := azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.tenant.Origin}, Transport: s.client}
	for name, made := range map[string]func() (azcore.TokenCredential, error){
		"client secret": func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(tenantID, clientID, secret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		},
		"client certificate": func() (azcore.TokenCredential, error) {
			return azidentity.NewClientCertificateCredential(tenantID, clientID, []*x509.Certificate{cert}, key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		},
		"workload identity": func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, TenantID: tenantID, ClientID: clientID, TokenFilePath: tokenFile(t, issuer, key)})
		},
		"managed identity": func() (azcore.TokenCredential, error) {
			return azidentity.NewManagedIdentityCredential(nil)
		},
		"device code": func() (azcore.TokenCredential, error) {
			return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, TenantID: tenantID, ClientID: clientID,
				UserPrompt: func(ctx context.Context, shown azidentity.DeviceCodeMessage) error {
					_, err := emulatortest.FillForms(s.client.Transport, shown.VerificationURL,
						url.Values{"otc": {shown.UserCode}}, url.Values{"loginfmt": {ada}, "passwd": {secretOfAda}})
					return err
				}})
		},
		"user name and password": func() (azcore.TokenCredential, error) {
			//lint:ignore SA1019 people still use it, so it must work
			options := &azidentity.UsernamePasswordCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true}
			return azidentity.NewUsernamePasswordCredential(tenantID, clientID, ada, secretOfAda, options)
		},
	} {
		t.Run(name, func(t *testing.T) {
			credential, err := made()
			if err != nil {
				t.Fatal(err)
			}
			if names := s.applicationsBy(t, credential); !strings.Contains(strings.Join(names, "\n"), ordersName) {
				t.Errorf("applications %v", names)
			}
		})
	}
}
