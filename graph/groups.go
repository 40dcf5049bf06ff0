package graph

import (
	"context"
	"fmt"
	"net/url"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

const groupProperties = "id,uniqueName,displayName,description,mailNickname," +
	"groupTypes,mailEnabled,securityEnabled,visibility,membershipRule,membershipRuleProcessingState"

// GroupsNamed reads the groups whose uniqueName begins with prefix.
func GroupsNamed(prefix string) Read {
	return Read{Path: "/groups", List: true, Advanced: true, Query: url.Values{
		"$filter": {"startswith(uniqueName," + quote(prefix) + ")"},
		"$select": {groupProperties}, "$top": {"999"}}}
}

// GroupNamed reads the group with a uniqueName.
func GroupNamed(uniqueName string) Read {
	return Read{Path: keyed("/groups", "uniqueName", uniqueName), Query: url.Values{"$select": {groupProperties}}}
}

// GroupsDisplayed reads the groups with one of these display names, at most
// MaxNames.
func GroupsDisplayed(displayNames ...string) Read {
	return Read{Path: "/groups", List: true, Query: url.Values{"$filter": {displayed(displayNames)}, "$select": {groupProperties}}}
}

// Members reads the direct members of a group.
func Members(groupID string) Read {
	return Read{Path: "/groups/" + groupID + "/members", List: true, Query: url.Values{"$select": {"id,displayName"}, "$top": {"999"}}}
}

// UpsertGroup creates the group uniqueName or updates it, and returns its id.
// Source: Graph "Upsert group".
func (c *Client) UpsertGroup(ctx context.Context, uniqueName string, body Object) (id string, err error) {
	op := "create group " + uniqueName
	m, err := model[models.Groupable](body, models.CreateGroupFromDiscriminatorValue)
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	made, err := c.send(ctx, op, abstractions.PATCH, keyed("/groups", "uniqueName", uniqueName), m, createIfMissing())
	if err != nil {
		return "", err
	}
	if made != nil && deref(made.GetId()) != "" {
		return deref(made.GetId()), nil
	}
	var found struct{ ID string }
	if err := c.one(ctx, op, GroupNamed(uniqueName), &found); err != nil {
		return "", err
	}
	return found.ID, nil
}

// UpdateGroup changes the properties in body.
func (c *Client) UpdateGroup(ctx context.Context, id string, body Object) error {
	m, err := model[models.Groupable](body, models.CreateGroupFromDiscriminatorValue)
	if err != nil {
		return fmt.Errorf("update group: %w", err)
	}
	_, err = c.send(ctx, "update group", abstractions.PATCH, "/groups/"+id, m, nil)
	return err
}

// DeleteGroup moves the group to the recycle bin.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	_, err := c.send(ctx, "delete group", abstractions.DELETE, "/groups/"+id, nil, nil)
	return err
}

// AddMember makes a user, group or service principal a member.
// Source: Graph "Add members".
func (c *Client) AddMember(ctx context.Context, groupID, memberID string) error {
	ref := models.NewReferenceCreate()
	id := c.reference(memberID)
	ref.SetOdataId(&id)
	_, err := c.send(ctx, "add a group member", abstractions.POST, "/groups/"+groupID+"/members/$ref", ref, nil)
	return err
}

// RemoveMember ends a membership.
func (c *Client) RemoveMember(ctx context.Context, groupID, memberID string) error {
	_, err := c.send(ctx, "remove a group member", abstractions.DELETE, "/groups/"+groupID+"/members/"+memberID+"/$ref", nil, nil)
	return err
}
