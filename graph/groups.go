package graph

import (
	"net/url"
)

const groupProperties = "id,uniqueName,createdDateTime,displayName,description,mailNickname," +
	"groupTypes,mailEnabled,securityEnabled,visibility,membershipRule,membershipRuleProcessingState"

// GroupNamed reads the group with a uniqueName.
func GroupNamed(uniqueName string) Read {
	return Read{Path: keyed("/groups", "uniqueName", uniqueName), Query: url.Values{"$select": {groupProperties}}}
}

// GroupsDisplayed reads the groups with one of these display names, at most
// MaxNames.
func GroupsDisplayed(displayNames ...string) Read {
	return Read{Path: "/groups", List: true, Query: url.Values{"$filter": {anyOf("displayName", displayNames)}, "$select": {groupProperties}}}
}

// Members reads the direct members of a group.
func Members(groupID string) Read {
	return Read{Path: object("groups", groupID) + "/members", List: true, Query: url.Values{"$select": {"id,displayName"}, "$top": {"999"}}}
}

// UpsertGroup creates the group uniqueName or updates it.
// Source: Graph "Upsert group".
func UpsertGroup(uniqueName string, body Object) Write {
	return patch("create group "+uniqueName, keyed("/groups", "uniqueName", uniqueName), body).upsert()
}

// UpdateGroup changes the properties in body.
// Source: Graph "Update group".
func UpdateGroup(id string, body Object) Write {
	return patch("update group", object("groups", id), body)
}

// DeleteGroup moves the group to the recycle bin.
// Source: Graph "Delete group".
func DeleteGroup(id string) Write { return remove("delete group", object("groups", id)) }

// AddMember makes a user, group or service principal a member.
// Source: Graph "Add members".
func AddMember(groupID, memberID string) Write {
	return addReference("add a group member", object("groups", groupID)+"/members", memberID)
}

// RemoveMember ends a membership.
// Source: Graph "Remove member".
func RemoveMember(groupID, memberID string) Write {
	return remove("remove a group member", object("groups", groupID)+"/members/"+url.PathEscape(memberID)+"/$ref")
}

// GroupByID reads the group with an object id.
func GroupByID(id string) Read {
	return Read{Path: object("groups", id), Query: url.Values{"$select": {groupProperties}}}
}
