package graph

import (
	"context"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Owned is the set of an object that has owners.
type Owned string

// What has owners.
const (
	OwnedApplication      Owned = "applications"
	OwnedServicePrincipal Owned = "servicePrincipals"
	OwnedGroup            Owned = "groups"
)

const ownerProperties = "id,displayName"

// Owners reads the users and service principals that own an object.
func Owners(of Owned, id string) Read {
	return Read{Path: "/" + string(of) + "/" + id + "/owners", List: true, Query: url.Values{"$select": {ownerProperties}, "$top": {"999"}}}
}

// KeyCredentials reads the certificates of an application or a service
// principal with their keys, which nothing else shows.
// Source: Graph resource type "keyCredential" (key).
func KeyCredentials(of Owned, id string) Read {
	return Read{Path: "/" + string(of) + "/" + id, Query: url.Values{"$select": {"id,keyCredentials"}}}
}

// AddOwner makes a user or service principal an owner.
// Source: Graph "application: Add owner", and those of the others.
func (c *Client) AddOwner(ctx context.Context, of Owned, id, ownerID string) error {
	ref := models.NewReferenceCreate()
	reference := c.reference(ownerID)
	ref.SetOdataId(&reference)
	_, err := c.send(ctx, "add an owner", abstractions.POST, "/"+string(of)+"/"+id+"/owners/$ref", ref, nil)
	return err
}

// RemoveOwner ends an ownership.
// Source: Graph "application: Remove owner", and those of the others.
func (c *Client) RemoveOwner(ctx context.Context, of Owned, id, ownerID string) error {
	_, err := c.send(ctx, "remove an owner", abstractions.DELETE, "/"+string(of)+"/"+id+"/owners/"+ownerID+"/$ref", nil, nil)
	return err
}
