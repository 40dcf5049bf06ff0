package graph

import (
	"net/url"
)

// ServicePrincipalByAppID reads an application's instance in the tenant.
func ServicePrincipalByAppID(appID string) Read {
	return Read{Path: keyed("/servicePrincipals", "appId", appID)}
}

// ServicePrincipalsDisplayed reads the service principals with a display name,
// which is how a managed identity is named.
func ServicePrincipalsDisplayed(displayName string) Read {
	return Read{Path: "/servicePrincipals", List: true, Query: url.Values{"$filter": {"displayName eq " + quote(displayName)}}}
}

// ServicePrincipal reads the application that a service principal stands for.
func ServicePrincipal(id string) Read {
	return Read{Path: object("servicePrincipals", id), Query: url.Values{"$select": {"id,appId,displayName"}}}
}

// AssignedTo reads who has roles of the resource.
func AssignedTo(resourceID string) Read {
	return Read{Path: object("servicePrincipals", resourceID) + "/appRoleAssignedTo", List: true, Query: url.Values{"$top": {"999"}}}
}

// AssignmentsOf reads the roles that a service principal has.
func AssignmentsOf(principalID string) Read {
	return Read{Path: object("servicePrincipals", principalID) + "/appRoleAssignments", List: true, Query: url.Values{"$top": {"999"}}}
}

// UpsertServicePrincipal creates the service principal of appID or updates it.
// Source: Graph "Upsert servicePrincipal".
func UpsertServicePrincipal(appID string, body Object) Write {
	return patch("create service principal", ServicePrincipalByAppID(appID).Path, body).upsert()
}

// UpdateServicePrincipal changes the properties in body.
// Source: Graph "Update servicePrincipal".
func UpdateServicePrincipal(id string, body Object) Write {
	return patch("update service principal", object("servicePrincipals", id), body)
}

// DeleteServicePrincipal moves the service principal to the recycle bin.
// Source: Graph "Delete servicePrincipal".
func DeleteServicePrincipal(id string) Write {
	return remove("delete service principal", object("servicePrincipals", id))
}

// AssignRole gives principalID the role roleID of the resource.
// Source: Graph "Grant an appRoleAssignment to a service principal".
func AssignRole(resourceID, principalID, roleID string) Write {
	return post("assign a role", AssignedTo(resourceID).Path,
		Object{"principalId": principalID, "resourceId": resourceID, "appRoleId": roleID})
}

// RemoveAssignment removes a role assignment.
// Source: Graph "Delete appRoleAssignment".
func RemoveAssignment(resourceID, assignmentID string) Write {
	return remove("remove a role assignment", AssignedTo(resourceID).Path+"/"+url.PathEscape(assignmentID))
}
