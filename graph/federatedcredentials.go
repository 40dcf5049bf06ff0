package graph

import (
	"context"
	"encoding/json"
	"fmt"

	abstractions "github.com/microsoft/kiota-abstractions-go"
)

// FederatedCredentials reads the federated identity credentials of an
// application.
func FederatedCredentials(applicationID string) Read {
	return Read{Path: "/applications/" + applicationID + "/federatedIdentityCredentials", List: true}
}

// FlexibleFederatedCredentials reads them with claimsMatchingExpression, which
// only the beta of Graph knows.
func FlexibleFederatedCredentials(applicationID string) Read {
	r := FederatedCredentials(applicationID)
	r.Beta = true
	return r
}

// AddFederatedCredential makes one with the properties in body.
// Source: Graph "Create federatedIdentityCredential".
func (c *Client) AddFederatedCredential(ctx context.Context, applicationID string, body Object) error {
	return c.sendFederated(ctx, "add a federated credential", abstractions.POST, FederatedCredentials(applicationID).Path, body)
}

// UpdateFederatedCredential changes the properties in body.
// Source: Graph "Update federatedIdentityCredential".
func (c *Client) UpdateFederatedCredential(ctx context.Context, applicationID, id string, body Object) error {
	return c.sendFederated(ctx, "change a federated credential", abstractions.PATCH, FederatedCredentials(applicationID).Path+"/"+id, body)
}

// sendFederated sends the body as it is: a null in it takes a property away,
// and the SDK's models leave nulls out. Only the beta of Graph knows
// claimsMatchingExpression.
func (c *Client) sendFederated(ctx context.Context, op string, method abstractions.HttpMethod, path string, body Object) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	base := c.endpoint
	if _, flexible := body["claimsMatchingExpression"]; flexible {
		base = c.beta()
	}
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(method, "{+version}"+path, map[string]string{"version": base}) // the adapter sets baseurl by itself
	info.Headers.TryAdd("Accept", "application/json")
	info.SetStreamContentAndContentType(raw, "application/json")
	return wrap(op, c.adapter.SendNoContent(ctx, info, odataErrors))
}

// RemoveFederatedCredential removes one.
// Source: Graph "Delete federatedIdentityCredential".
func (c *Client) RemoveFederatedCredential(ctx context.Context, applicationID, id string) error {
	err := c.application(applicationID).FederatedIdentityCredentials().ByFederatedIdentityCredentialId(id).Delete(ctx, nil)
	return wrap("remove a federated credential", err)
}
