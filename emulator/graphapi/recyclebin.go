package graphapi

import (
	"net/http"
	"slices"

	"provision/emulator/directory"
)

// The recycle bin. Source: learn.microsoft.com/graph/api/resources/directory.
var recycleBinRoutes = []route{
	{method: "GET", pattern: "directory/deletedItems/microsoft.graph.application", requires: readApplications, handle: (*call).listDeletedApplications},
	{method: "GET", pattern: "directory/deletedItems/microsoft.graph.servicePrincipal", requires: readApplications, handle: (*call).listDeletedServicePrincipals},
	{method: "GET", pattern: "directory/deletedItems/microsoft.graph.user", requires: deletedUsers, handle: (*call).listDeletedUsers},
	{method: "GET", pattern: "directory/deletedItems/microsoft.graph.group", requires: deletedGroups, handle: (*call).listDeletedGroups},
	{method: "GET", pattern: "directory/deletedItems/{id}", requires: anyCaller, handle: (*call).getDeleted},
	{method: "GET", pattern: "directory/deletedItems/{id}/{cast}", requires: anyCaller, handle: (*call).getDeleted},
	{method: "POST", pattern: "directory/deletedItems/{id}/restore", requires: anyCaller, handle: (*call).restore},
	{method: "POST", pattern: "directory/deletedItems/{id}/microsoft.graph.restore", requires: anyCaller, handle: (*call).restore},
	{method: "DELETE", pattern: "directory/deletedItems/{id}", requires: anyCaller, handle: (*call).purge},
}

var (
	deletedUsers = oneOf("User.Read.All User.ReadWrite.All User.DeleteRestore.All Directory.Read.All Directory.ReadWrite.All")
	// For an application, User.ReadWrite.All is sufficient to delete a user, but not to
	// purge or restore one.
	writeDeletedUsers = oneOf("User.DeleteRestore.All")

	deletedGroups = oneOf("Group.Read.All Group.ReadWrite.All Directory.Read.All Directory.ReadWrite.All")
)

// The permission to read, restore and purge a deleted object depends on the kind of the
// object that the path names.
func readDeleted(object any) requirement {
	switch object.(type) {
	case *directory.User:
		return deletedUsers
	case *directory.Group:
		return deletedGroups
	}
	return readApplications
}

func writeDeleted(object any) requirement {
	switch object.(type) {
	case *directory.User:
		return writeDeletedUsers
	case *directory.Group:
		return deleteGroups
	}
	return oneOf("Application.ReadWrite.All Application.ReadWrite.OwnedBy")
}

func (c *call) listDeletedApplications() (answer, error) {
	return c.list(applicationKind, anys(slices.Values(c.view.DeletedApplications())), nil)
}

func (c *call) listDeletedServicePrincipals() (answer, error) {
	return c.list(servicePrincipalKind, anys(slices.Values(c.view.DeletedServicePrincipals())), nil)
}

func (c *call) listDeletedUsers() (answer, error) {
	return c.list(userKind, anys(slices.Values(c.view.DeletedUsers())), nil)
}

func (c *call) listDeletedGroups() (answer, error) {
	return c.list(groupKind, anys(slices.Values(c.view.DeletedGroups())), nil)
}

// deleted returns the object that the path names, if the caller may read it. Only a
// caller who may read some deleted objects learns whether it exists.
func (c *call) deleted(from interface {
	DeletedObject(id string) (any, bool)
}, requires func(any) requirement) (any, error) {
	id := c.keys["id"].value
	object, ok := from.DeletedObject(id)
	if !ok {
		for _, visible := range []requirement{readApplications, deletedUsers, deletedGroups} {
			if allowed, _ := c.caller.satisfies(visible); allowed {
				return nil, directory.NotFound(id)
			}
		}
		return nil, accessDenied()
	}
	allowed, ownedOnly := c.caller.satisfies(requires(object))
	if !allowed {
		return nil, accessDenied()
	}
	if err := c.mayRestore(object); err != nil {
		return nil, err
	}
	if ownedOnly && c.method != http.MethodGet {
		c.ownedOnly = true
		return object, c.mustOwn(ownersOf(object))
	}
	return object, nil
}

func ownersOf(object any) []string {
	switch o := object.(type) {
	case *directory.Application:
		return o.OwnerIDs
	case *directory.ServicePrincipal:
		return o.OwnerIDs
	}
	return nil
}

func (c *call) getDeleted() (answer, error) {
	object, err := c.deleted(c.view, readDeleted)
	if err != nil {
		return answer{}, err
	}
	if cast, ok := c.keys["cast"]; ok {
		k, known := kindNamed(cast.value)
		if !known {
			return answer{}, noSuchSegment(cast.value)
		}
		if kindOf(object) != k {
			return answer{}, directory.NotFound(c.keys["id"].value)
		}
		return c.one(http.StatusOK, k, object)
	}
	return c.directoryObject(object)
}

func (c *call) restore() (answer, error) {
	var restored any
	err := c.update(func(tx *directory.Tx) error {
		object, err := c.deleted(tx, writeDeleted)
		if err != nil {
			return err
		}
		restored, err = tx.Restore(idOf(object))
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.directoryObject(restored)
}

func (c *call) purge() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		object, err := c.deleted(tx, writeDeleted)
		if err != nil {
			return err
		}
		return tx.Purge(idOf(object))
	})
}
