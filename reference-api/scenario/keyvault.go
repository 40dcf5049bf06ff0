package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// KeyVault finds secrets in Azure Key Vault.
type KeyVault struct{ client *azsecrets.Client }

// NewKeyVault reads the vault at an address as in
// https://contoso.vault.azure.net with the rights of credential, which needs
// "Key Vault Secrets User". Options may be nil.
func NewKeyVault(address string, credential azcore.TokenCredential, options *azsecrets.ClientOptions) (*KeyVault, error) {
	client, err := azsecrets.NewClient(address, credential, options)
	if err != nil {
		return nil, fmt.Errorf("key vault %s: %w", address, err)
	}
	return &KeyVault{client}, nil
}

// Secret implements Vault: the current version's value.
func (v *KeyVault) Secret(ctx context.Context, name string) (string, error) {
	answer, err := v.client.GetSecret(ctx, name, "", nil)
	var refused *azcore.ResponseError
	switch {
	case errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound:
		return "", ErrNoSecret
	case err != nil:
		return "", fmt.Errorf("key vault: %w", err)
	case answer.Value == nil:
		return "", ErrNoSecret
	}
	return *answer.Value, nil
}
