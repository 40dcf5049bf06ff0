package graph

import (
	"net/http"
	"net/url"
)

// DeletedApplications, DeletedServicePrincipals, DeletedGroups and
// DeletedUsers read the recycle bin, which keeps names occupied for 30 days.
// Source: Graph "List deletedItems".
func DeletedApplications() Read {
	return deleted("application", "id,appId,uniqueName,displayName,identifierUris,passwordCredentials,tags")
}

// DeletedServicePrincipals lists the service principals in the recycle bin.
func DeletedServicePrincipals() Read {
	return deleted("servicePrincipal", "id,appId,appOwnerOrganizationId,displayName,tags")
}

// DeletedGroups lists the groups in the recycle bin.
func DeletedGroups() Read { return deleted("group", groupProperties) }

// DeletedUsers lists the users in the recycle bin.
func DeletedUsers() Read { return deleted("user", userProperties) }

func deleted(kind, properties string) Read {
	return Read{Path: "/directory/deletedItems/microsoft.graph." + kind, List: true,
		Query: url.Values{"$select": {properties}, "$top": {"999"}}, Optional: true}
}

// Purge removes an object from the recycle bin for good.
// Source: Graph "Permanently delete item".
func Purge(id string) Write {
	return remove("purge from the recycle bin", object("directory/deletedItems", id))
}

// Restore takes an object, and with an application its service principal, out of
// the recycle bin.
// Source: Graph "Restore deleted item".
func Restore(id string) Write {
	return Write{operation: "restore from the recycle bin", method: http.MethodPost, path: object(DeletedItems, id) + "/restore", encode: plain(Object{})}
}
