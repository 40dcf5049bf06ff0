package graph

import (
	"context"
	"fmt"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// userProperties are the ones read back; Graph answers a list of users without
// most of them unless they are asked for.
const userProperties = "id,userPrincipalName,displayName,mailNickname,accountEnabled,userType,mail,givenName,surname,jobTitle,department,usageLocation,lastPasswordChangeDateTime,onPremisesExtensionAttributes"

// UsersMarked reads the users whose extensionAttribute15 begins with prefix.
func UsersMarked(prefix string) Read {
	return Read{Path: "/users", List: true, Advanced: true, Query: url.Values{
		"$filter": {"startswith(onPremisesExtensionAttributes/extensionAttribute15," + quote(prefix) + ")"},
		"$select": {userProperties}, "$top": {"999"}}}
}

// UserNamed reads the user with a userPrincipalName.
func UserNamed(upn string) Read {
	return Read{Path: "/users/" + url.PathEscape(upn), Query: url.Values{"$select": {userProperties}}}
}

// CreateUser returns the new user's id.
// Source: Graph "Create user".
func (c *Client) CreateUser(ctx context.Context, body Object) (id string, err error) {
	const op = "create user"
	m, err := model[models.Userable](body, models.CreateUserFromDiscriminatorValue)
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	made, err := c.send(ctx, op, abstractions.POST, "/users", m, nil)
	if err != nil {
		return "", err
	}
	if made == nil || deref(made.GetId()) == "" {
		return "", fmt.Errorf("%s: Graph answered without the user", op)
	}
	return deref(made.GetId()), nil
}

// UpdateUser changes the properties in body.
func (c *Client) UpdateUser(ctx context.Context, id string, body Object) error {
	m, err := model[models.Userable](body, models.CreateUserFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	_, err = c.send(ctx, "update user", abstractions.PATCH, "/users/"+id, m, nil)
	return err
}

// DeleteUser moves the user to the recycle bin.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	_, err := c.send(ctx, "delete user", abstractions.DELETE, "/users/"+id, nil, nil)
	return err
}
