package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"provision/internal/display"
	"provision/internal/microsoft"
	"provision/stack"
)

// signInOptions are the settings of a target for the sign-in to its tenant.
type signInOptions struct {
	tenantID    string
	clientID    string // of the application or managed identity
	certificate string // file with a certificate and its private key, PEM or PKCS#12
	options     azcore.ClientOptions
	prompt      func(message string) // of the device code
}

// credentialTypes are the ways to sign in that a target can name, each a type of azidentity.
var credentialTypes = map[string]func(signInOptions) (azcore.TokenCredential, error){
	"default": func(s signInOptions) (azcore.TokenCredential, error) {
		if err := checkEnvironment(s); err != nil {
			return nil, err
		}
		return defaultCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: s.options, TenantID: s.tenantID})
	},
	"environment":       environmentCredential,
	"workload-identity": workloadIdentity,
	"managed-identity": func(s signInOptions) (azcore.TokenCredential, error) {
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: s.options}
		if s.clientID != "" {
			o.ID = azidentity.ClientID(s.clientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	},
	"azure-cli": func(s signInOptions) (azcore.TokenCredential, error) {
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: s.tenantID})
	},
	"azure-developer-cli": func(s signInOptions) (azcore.TokenCredential, error) {
		return azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{TenantID: s.tenantID})
	},
	"azure-powershell": func(s signInOptions) (azcore.TokenCredential, error) {
		return azidentity.NewAzurePowerShellCredential(&azidentity.AzurePowerShellCredentialOptions{TenantID: s.tenantID})
	},
	"device-code": func(s signInOptions) (azcore.TokenCredential, error) {
		return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{ClientOptions: s.options, TenantID: s.tenantID, ClientID: s.clientID,
			UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
				s.prompt(m.Message)
				return nil
			}})
	},
	"browser": func(s signInOptions) (azcore.TokenCredential, error) {
		return azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{ClientOptions: s.options, TenantID: s.tenantID, ClientID: s.clientID})
	},
	"certificate": func(s signInOptions) (azcore.TokenCredential, error) {
		if s.clientID == "" || s.certificate == "" {
			return nil, fmt.Errorf("the credential certificate needs clientId and certificate")
		}
		raw, err := stack.ReadFile(s.certificate, maxInput)
		if err != nil {
			return nil, err
		}
		certificates, key, err := azidentity.ParseCertificates(raw, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.certificate, err)
		}
		return azidentity.NewClientCertificateCredential(s.tenantID, s.clientID, certificates, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: s.options})
	},
}

// credential returns the credential of a target: the one that the target names, or else
// azidentity's default.
func (a *app) credential(target, tenantID string, in microsoft.Cloud) (azcore.TokenCredential, error) {
	key := "targets." + target + "."
	name := a.config.GetString(key + "credential")
	if name == "" {
		name = "default"
	}
	create := credentialTypes[name]
	if create == nil {
		return nil, usagef("target %s: unknown credential %q", target, name) // the schema of provision.yaml refuses it before
	}
	credential, err := create(signInOptions{tenantID: tenantID, clientID: a.config.GetString(key + "clientId"), certificate: a.config.GetString(key + "certificate"),
		options: azcore.ClientOptions{Cloud: credentialCloud(in)}, prompt: func(message string) { a.say("%s", display.Line(message)) }})
	if err != nil {
		return nil, hint(usagef("target %s: sign in with the credential %s: %w", target, name, err), "set another credential for the target in provision.yaml: %s", credentialNames())
	}
	if os.Getenv(allowedTenants) != "" {
		credential = inTenant{credential, tenantID}
	}
	return brief{credential}, nil
}

func environmentCredential(s signInOptions) (azcore.TokenCredential, error) {
	return azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: s.options})
}

func workloadIdentity(s signInOptions) (azcore.TokenCredential, error) {
	return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: s.options, ClientID: s.clientID, TenantID: s.tenantID})
}

// checkEnvironment refuses an environment with an incomplete credential, such as a client secret
// without a tenant. DefaultAzureCredential would ignore it and request a managed identity from the
// metadata endpoint. A credential that the token endpoint refuses ends its chain.
func checkEnvironment(s signInOptions) error {
	if chain := os.Getenv("AZURE_TOKEN_CREDENTIALS"); chain != "" && chain != "prod" {
		return nil // without the environment, or without anything after it
	}
	for _, variable := range []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"} {
		if os.Getenv(variable) != "" {
			if _, err := environmentCredential(s); err != nil {
				return fmt.Errorf("%s is set: %w", variable, signInError{briefError{briefly(err.Error()), err}})
			}
		}
	}
	if file := os.Getenv("AZURE_FEDERATED_TOKEN_FILE"); file != "" {
		s.clientID = "" // the chain takes the client id from the environment
		if _, err := workloadIdentity(s); err != nil {
			return fmt.Errorf("AZURE_FEDERATED_TOKEN_FILE is set: %w", err)
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("AZURE_FEDERATED_TOKEN_FILE: %w", err)
		}
	}
	return nil
}

// allowedTenants is the environment variable of azidentity that permits an application to
// sign in to tenants other than AZURE_TENANT_ID: one deployer for several targets.
const allowedTenants = "AZURE_ADDITIONALLY_ALLOWED_TENANTS"

// inTenant requests tokens of one tenant.
type inTenant struct {
	azcore.TokenCredential
	tenantID string
}

// GetToken requests a token of the tenant.
func (c inTenant) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	o.TenantID = c.tenantID
	return c.TokenCredential.GetToken(ctx, o)
}

func credentialNames() string {
	return strings.Join(slices.Sorted(maps.Keys(credentialTypes)), ", ")
}
