package graphapi

import (
	"encoding/json"
	"slices"

	"provision/emulator/directory"
)

// Directory objects of every kind. Source:
// learn.microsoft.com/graph/api/resources/directoryobject.
var objectRoutes = []route{
	{method: "GET", pattern: "directoryObjects/{id}", requires: anyCaller, handle: (*call).getObject},
	{method: "POST", pattern: "directoryObjects/getByIds", requires: readObjects, handle: (*call).getByIDs},
}

// readObject returns the permission that reading an object requires, on every path.
func readObject(object any) requirement {
	switch object.(type) {
	case *directory.User:
		return readUsers
	case *directory.Group:
		return readGroups
	case *directory.Application, *directory.ServicePrincipal:
		return readApplications
	case *directory.DirectoryRole:
		return readRoles
	case *directory.AdministrativeUnit:
		return readUnits
	}
	return readObjects
}

func (c *call) getObject() (answer, error) {
	id := c.keys["id"].value
	object, ok := c.view.Object(id)
	if allowed, _ := c.caller.satisfies(readObject(object)); !allowed {
		return answer{}, accessDenied()
	}
	if !ok {
		return answer{}, directory.NotFound(id)
	}
	return c.directoryObject(object)
}

// maxIDs is the maximum number of objects that getByIds returns.
const maxIDs = 1000

func (c *call) getByIDs() (answer, error) {
	var request struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || len(request.IDs) == 0 {
		return answer{}, badSyntax("The parameter 'ids' is required.")
	}
	if len(request.IDs) > maxIDs {
		return answer{}, badRequest("Too many identifiers: at most %d are allowed.", maxIDs)
	}
	ids := slices.DeleteFunc(request.IDs, func(id string) bool {
		object, ok := c.view.Object(id)
		return !ok || len(request.Types) > 0 && !slices.ContainsFunc(request.Types, func(t string) bool {
			return equalFold(t, "directoryObject") || equalFold("microsoft.graph."+t, kindOf(object).odataType)
		})
	})
	return c.listObjects(ids)
}
