package graph

import (
	"context"
	"fmt"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// FederatedCredentials reads the federated identity credentials of an
// application.
func FederatedCredentials(applicationID string) Read {
	return Read{Path: "/applications/" + applicationID + "/federatedIdentityCredentials"}
}

// AddFederatedCredential makes one with the properties in body.
// Source: Graph "Create federatedIdentityCredential".
func (c *Client) AddFederatedCredential(ctx context.Context, applicationID string, body Object) error {
	m, err := federatedModel(body)
	if err != nil {
		return err
	}
	_, err = c.application(applicationID).FederatedIdentityCredentials().Post(ctx, m, nil)
	return wrap("add a federated credential", err)
}

// UpdateFederatedCredential changes the properties in body.
// Source: Graph "Update federatedIdentityCredential".
func (c *Client) UpdateFederatedCredential(ctx context.Context, applicationID, id string, body Object) error {
	m, err := federatedModel(body)
	if err != nil {
		return err
	}
	_, err = c.application(applicationID).FederatedIdentityCredentials().ByFederatedIdentityCredentialId(id).Patch(ctx, m, nil)
	return wrap("change a federated credential", err)
}

// RemoveFederatedCredential removes one.
// Source: Graph "Delete federatedIdentityCredential".
func (c *Client) RemoveFederatedCredential(ctx context.Context, applicationID, id string) error {
	err := c.application(applicationID).FederatedIdentityCredentials().ByFederatedIdentityCredentialId(id).Delete(ctx, nil)
	return wrap("remove a federated credential", err)
}

func federatedModel(body Object) (models.FederatedIdentityCredentialable, error) {
	m, err := model[models.FederatedIdentityCredentialable](body, models.CreateFederatedIdentityCredentialFromDiscriminatorValue)
	if err != nil {
		return nil, fmt.Errorf("federated credential: %w", err)
	}
	return m, nil
}
