package graphapi

import (
	"net/http"
	"slices"

	"provision/emulator/directory"
)

// App role assignments, seen from the resource (appRoleAssignedTo) and from
// the principal (appRoleAssignments).
// Source: learn.microsoft.com/graph/api/resources/approleassignment.
var assignmentRoutes = []route{
	{method: "GET", pattern: "servicePrincipals/{id}/appRoleAssignedTo", requires: readPrincipalAssignments, handle: (*call).listAssignedTo},
	{method: "POST", pattern: "servicePrincipals/{id}/appRoleAssignedTo", requires: writePrincipalAssignments, handle: (*call).assign},
	{method: "GET", pattern: "servicePrincipals/{id}/appRoleAssignedTo/{assignment}", requires: readPrincipalAssignments, handle: (*call).getAssignment},
	{method: "DELETE", pattern: "servicePrincipals/{id}/appRoleAssignedTo/{assignment}", requires: deletePrincipalAssignments, handle: (*call).unassign},
	{method: "GET", pattern: "servicePrincipals/{id}/appRoleAssignments", requires: readPrincipalAssignments, handle: (*call).listAssignments},
	{method: "POST", pattern: "servicePrincipals/{id}/appRoleAssignments", requires: writePrincipalAssignments, handle: (*call).assign},
	{method: "GET", pattern: "servicePrincipals/{id}/appRoleAssignments/{assignment}", requires: readPrincipalAssignments, handle: (*call).getAssignment},
	{method: "DELETE", pattern: "servicePrincipals/{id}/appRoleAssignments/{assignment}", requires: deletePrincipalAssignments, handle: (*call).unassign},
	{method: "GET", pattern: "users/{id}/appRoleAssignments", requires: readAssignments, handle: (*call).listAssignments},
	{method: "POST", pattern: "users/{id}/appRoleAssignments", requires: writeAssignments, handle: (*call).assign},
	{method: "GET", pattern: "users/{id}/appRoleAssignments/{assignment}", requires: readAssignments, handle: (*call).getAssignment},
	{method: "DELETE", pattern: "users/{id}/appRoleAssignments/{assignment}", requires: writeAssignments, handle: (*call).unassign},
	{method: "GET", pattern: "groups/{id}/appRoleAssignments", requires: readAssignments, handle: (*call).listAssignments},
	{method: "POST", pattern: "groups/{id}/appRoleAssignments", requires: writeAssignments, handle: (*call).assign},
	{method: "GET", pattern: "groups/{id}/appRoleAssignments/{assignment}", requires: readAssignments, handle: (*call).getAssignment},
	{method: "DELETE", pattern: "groups/{id}/appRoleAssignments/{assignment}", requires: writeAssignments, handle: (*call).unassign},
}

func (c *call) listAssignedTo() (answer, error) {
	sp, err := c.servicePrincipal(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(assignmentKind, anys(slices.Values(c.view.AssignmentsTo(sp.ID))), nil)
}

// endpoint returns the id of the object in the path.
func (c *call) endpoint(from reads) (string, error) {
	switch c.collection() {
	case "directoryObjects":
		id := c.keys["id"].value
		if _, ok := from.Object(id); !ok {
			return "", directory.NotFound(id)
		}
		return id, nil
	case "users", "me":
		u, err := c.user(from)
		if err != nil {
			return "", err
		}
		return u.ID, nil
	case "groups":
		g, err := c.group(from)
		if err != nil {
			return "", err
		}
		return g.ID, nil
	}
	sp, err := c.servicePrincipal(from)
	if err != nil {
		return "", err
	}
	return sp.ID, nil
}

func (c *call) listAssignments() (answer, error) {
	id, err := c.endpoint(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listAssignmentsOf(id)
}

func (c *call) listAssignmentsOf(id string) (answer, error) {
	return c.list(assignmentKind, anys(slices.Values(c.view.AssignmentsOf(id))), nil)
}

// seenFromResource returns which end of an assignment the path names.
func (c *call) seenFromResource() bool { return c.route.segments[2] == "appRoleAssignedTo" }

func (c *call) assign() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	asked := &directory.AppRoleAssignment{}
	if err := b.apply(asked, nil); err != nil {
		return answer{}, err
	}
	for _, required := range []struct{ property, value string }{
		{"principalId", asked.PrincipalID}, {"resourceId", asked.ResourceID}, {"appRoleId", asked.AppRoleID},
	} {
		if required.value == "" {
			return answer{}, missing(required.property, "AppRoleAssignment")
		}
	}
	var created *directory.AppRoleAssignment
	err = c.update(func(tx *directory.Tx) error {
		id, err := c.endpoint(tx)
		if err != nil {
			return err
		}
		end, property := asked.PrincipalID, "principalId"
		if c.seenFromResource() {
			end, property = asked.ResourceID, "resourceId"
		}
		if !equalFold(end, id) {
			return badRequest("The value of property '%s' does not match the object in the URL.", property)
		}
		created, err = tx.CreateAssignment(asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(assignmentKind, created)
}

// assignment returns the assignment that the path names, of the principal or resource
// that the path names.
func (c *call) assignment(from interface {
	reads
	Assignment(id string) (*directory.AppRoleAssignment, bool)
}) (*directory.AppRoleAssignment, error) {
	id, err := c.endpoint(from)
	if err != nil {
		return nil, err
	}
	wanted := c.keys["assignment"].value
	a, ok := from.Assignment(wanted)
	if !ok {
		return nil, directory.NotFound(wanted)
	}
	end := a.PrincipalID
	if c.seenFromResource() {
		end = a.ResourceID
	}
	if end != id {
		return nil, directory.NotFound(wanted)
	}
	return a, nil
}

func (c *call) getAssignment() (answer, error) {
	a, err := c.assignment(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, assignmentKind, a)
}

func (c *call) unassign() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		a, err := c.assignment(tx)
		if err != nil {
			return err
		}
		return tx.DeleteAssignment(a.ID)
	})
}
