package graph

import (
	"context"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"
)

// DeletedApplications, DeletedServicePrincipals, DeletedGroups and
// DeletedUsers read the recycle bin, which keeps names occupied for 30 days.
// Source: Graph "List deletedItems".
func DeletedApplications() Read {
	return deleted("application", "id,appId,uniqueName,displayName,tags")
}

func DeletedServicePrincipals() Read {
	return deleted("servicePrincipal", "id,appId,displayName,tags")
}

func DeletedGroups() Read { return deleted("group", groupProperties) }

func DeletedUsers() Read { return deleted("user", userProperties) }

func deleted(kind, properties string) Read {
	return Read{Path: "/directory/deletedItems/microsoft.graph." + kind, List: true,
		Query: url.Values{"$select": {properties}, "$top": {"999"}}, Optional: true}
}

// Purge removes an object from the recycle bin for good.
// Source: Graph "Permanently delete item".
func (c *Client) Purge(ctx context.Context, id string) error {
	_, err := c.send(ctx, "purge from the recycle bin", abstractions.DELETE, "/directory/deletedItems/"+id, nil, nil)
	return err
}
