package graph

import (
	"net/url"
)

// GrantsOf reads the delegated permissions granted to a client.
func GrantsOf(clientID string) Read {
	return Read{Path: object("servicePrincipals", clientID) + "/oauth2PermissionGrants", List: true, Query: url.Values{"$top": {"999"}}}
}

// GrantsTo reads the delegated permissions that clients hold on a resource.
func GrantsTo(resourceID string) Read {
	return Read{Path: "/oauth2PermissionGrants", List: true, Query: url.Values{
		"$filter": {"resourceId eq " + quote(resourceID)}, "$top": {"999"}}}
}

// Grant consents, for everybody in the tenant, to scope (values separated by
// spaces) of the resource for the client. Both are service principals' ids.
// Source: Graph "Create oAuth2PermissionGrant".
func Grant(clientID, resourceID, scope string) Write {
	return post("grant admin consent", "/oauth2PermissionGrants",
		Object{"clientId": clientID, "consentType": "AllPrincipals", "resourceId": resourceID, "scope": scope})
}

// GrantForUser consents to scope for one user alone.
// Source: Graph "Create oAuth2PermissionGrant".
func GrantForUser(userID, clientID, resourceID, scope string) Write {
	return post("grant consent of a user", "/oauth2PermissionGrants",
		Object{"clientId": clientID, "consentType": "Principal", "principalId": userID, "resourceId": resourceID, "scope": scope})
}

// UpdateGrant replaces the scope of a grant.
// Source: Graph "Update oAuth2PermissionGrant".
func UpdateGrant(id, scope string) Write {
	return patch("change admin consent", object("oauth2PermissionGrants", id), Object{"scope": scope})
}

// RevokeGrant revokes the consent.
// Source: Graph "Delete oAuth2PermissionGrant".
func RevokeGrant(id string) Write {
	return remove("revoke admin consent", object("oauth2PermissionGrants", id))
}
