package login

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-jose/go-jose/v4"
)

func TestAzidentity(t *testing.T) {
	t.Parallel()
	w, c := presentWorld(t), newCluster(t)
	w.federate(c)
	id := clientIdentity()
	w.certify(w.daemon, id.der)
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: w.origin},
		Transport: w.server.Client(),
	}
	file := filepath.Join(t.TempDir(), "token")
	w.must(os.WriteFile(file, []byte(id.sign(t, jose.RS256, map[string]any{"kid": "one"}, w.workloadClaims(c))), 0o600))
	browser := w.browser()

	for name, test := range map[string]struct {
		make  func() (azcore.TokenCredential, error)
		scope string
		want  object
	}{
		"client secret": {func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(w.tid(), w.daemon.AppID, w.daemonSecret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		}, "api://orders/.default", object{"oid": w.daemonSP.ID, "azpacr": "1"}},
		"client certificate": {func() (azcore.TokenCredential, error) {
			return azidentity.NewClientCertificateCredential(w.tid(), w.daemon.AppID, []*x509.Certificate{id.certificate(t)}, id.key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true, SendCertificateChain: true})
		}, "api://orders/.default", object{"oid": w.daemonSP.ID, "azpacr": "2"}},
		"workload identity": {func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, TenantID: w.tid(), ClientID: w.daemon.AppID, TokenFilePath: file,
			})
		}, "api://orders/.default", object{"oid": w.daemonSP.ID, "azpacr": "2"}},
		"device code": {func() (azcore.TokenCredential, error) {
			return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, TenantID: w.tid(), ClientID: w.desktop.AppID,
				UserPrompt: func(_ context.Context, shown azidentity.DeviceCodeMessage) error {
					w.signIn(browser, w.typed(browser, shown.UserCode), w.ada.UserPrincipalName, password)
					return nil
				},
			})
		}, "api://orders/read_data", object{"oid": w.ada.ID, "scp": "read_data"}},
		"the Azure CLI's client, by device code": {func() (azcore.TokenCredential, error) {
			return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: true, TenantID: w.tid(), ClientID: azureCLI,
				UserPrompt: func(_ context.Context, shown azidentity.DeviceCodeMessage) error {
					client := w.browser()
					w.signIn(client, w.typed(client, shown.UserCode), w.bob.UserPrincipalName, password)
					return nil
				},
			})
		}, "https://management.azure.com/.default", object{"oid": w.bob.ID, "scp": impersonation}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			credential, err := test.make()
			if err != nil {
				t.Fatal(err)
			}
			token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{test.scope}})
			if err != nil {
				t.Fatal(err)
			}
			w.good(t, said{AccessToken: token.Token}, test.want)
		})
	}
}
