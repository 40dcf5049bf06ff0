package graph

import (
	"context"
	"fmt"
	"net/url"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/oauth2permissiongrants"
)

// GrantsOf reads the delegated permissions granted to a client.
func GrantsOf(clientID string) Read {
	return Read{Path: "/servicePrincipals/" + clientID + "/oauth2PermissionGrants", List: true, Query: url.Values{"$top": {"999"}}}
}

// GrantsTo reads the delegated permissions that clients hold on a resource.
func GrantsTo(resourceID string) Read {
	return Read{Path: "/oauth2PermissionGrants", List: true, Query: url.Values{
		"$filter": {"resourceId eq " + quote(resourceID)}, "$top": {"999"}}}
}

// Grant consents, for everybody in the tenant, to scope (values separated by
// spaces) of the resource for the client. Both are service principals' ids.
// Source: Graph "Create oAuth2PermissionGrant".
func (c *Client) Grant(ctx context.Context, clientID, resourceID, scope string) error {
	m, err := model[models.OAuth2PermissionGrantable](
		Object{"clientId": clientID, "consentType": "AllPrincipals", "resourceId": resourceID, "scope": scope},
		models.CreateOAuth2PermissionGrantFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("grant admin consent: %w", err)
	}
	_, err = c.grants().Post(ctx, m, nil)
	return wrap("grant admin consent", err)
}

// UpdateGrant replaces the scope of a grant.
func (c *Client) UpdateGrant(ctx context.Context, id, scope string) error {
	m, err := model[models.OAuth2PermissionGrantable](Object{"scope": scope}, models.CreateOAuth2PermissionGrantFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("change admin consent: %w", err)
	}
	_, err = c.grants().ByOAuth2PermissionGrantId(id).Patch(ctx, m, nil)
	return wrap("change admin consent", err)
}

// RevokeGrant takes the consent back.
func (c *Client) RevokeGrant(ctx context.Context, id string) error {
	return wrap("revoke admin consent", c.grants().ByOAuth2PermissionGrantId(id).Delete(ctx, nil))
}

func (c *Client) grants() *oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilder {
	return oauth2permissiongrants.NewOauth2PermissionGrantsRequestBuilderInternal(c.pathParameters(), c.adapter)
}
