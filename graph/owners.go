package graph

import (
	"context"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Owners reads the users and service principals that own an application.
func Owners(applicationID string) Read {
	return Read{Path: "/applications/" + applicationID + "/owners", Query: url.Values{"$select": {"id,displayName"}, "$top": {"999"}}}
}

// AddOwner makes a user or service principal an owner.
// Source: Graph "application: Add owner".
func (c *Client) AddOwner(ctx context.Context, applicationID, ownerID string) error {
	ref := models.NewReferenceCreate()
	id := c.reference(ownerID)
	ref.SetOdataId(&id)
	_, err := c.send(ctx, "add an owner", abstractions.POST, "/applications/"+applicationID+"/owners/$ref", ref, nil)
	return err
}

// RemoveOwner ends an ownership.
// Source: Graph "application: Remove owner".
func (c *Client) RemoveOwner(ctx context.Context, applicationID, ownerID string) error {
	_, err := c.send(ctx, "remove an owner", abstractions.DELETE, "/applications/"+applicationID+"/owners/"+ownerID+"/$ref", nil, nil)
	return err
}
