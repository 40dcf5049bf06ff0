package graphapi

import (
	"net/http"
	"reflect"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// Roles of the directory, including the custom roles of the tenant, and their
// assignments. Sources: learn.microsoft.com/graph/api/resources/unifiedroledefinition,
// unifiedroleassignment.
var roleManagementRoutes = []route{
	{method: "GET", pattern: "roleManagement/directory/roleDefinitions", requires: readRoles, handle: (*call).listRoleDefinitions},
	{method: "POST", pattern: "roleManagement/directory/roleDefinitions", requires: writeRoles, handle: (*call).createRoleDefinition},
	{method: "GET", pattern: "roleManagement/directory/roleDefinitions/{id}", requires: readRoles, handle: (*call).getRoleDefinition},
	{method: "PATCH", pattern: "roleManagement/directory/roleDefinitions/{id}", requires: writeRoles, handle: (*call).updateRoleDefinition},
	{method: "DELETE", pattern: "roleManagement/directory/roleDefinitions/{id}", requires: writeRoles, handle: (*call).deleteRoleDefinition},
	{method: "GET", pattern: "roleManagement/directory/roleAssignments", requires: readRoles, handle: (*call).listRoleAssignments},
	{method: "POST", pattern: "roleManagement/directory/roleAssignments", requires: writeRoles, handle: (*call).assignRole},
	{method: "GET", pattern: "roleManagement/directory/roleAssignments/{id}", requires: readRoles, handle: (*call).getRoleAssignment},
	{method: "DELETE", pattern: "roleManagement/directory/roleAssignments/{id}", requires: writeRoles, handle: (*call).unassignRole},
}

var roleDefinitionKind = &kind{
	set:       "roleManagement/directory/roleDefinitions",
	odataType: "microsoft.graph.unifiedRoleDefinition",
	resource:  "UnifiedRoleDefinition",
	structs:   []reflect.Type{reflect.TypeFor[directory.RoleDefinition]()},
	filters: map[string]odata.Rule{
		"id": equalityRule, "templateId": equalityRule, "displayName": textRule, "isBuiltIn": equalityRule, "isEnabled": equalityRule,
	},
	readOnly: []string{"id", "isBuiltIn"},
}

var roleAssignmentKind = &kind{
	set:       "roleManagement/directory/roleAssignments",
	odataType: "microsoft.graph.unifiedRoleAssignment",
	resource:  "UnifiedRoleAssignment",
	structs:   []reflect.Type{reflect.TypeFor[directory.RoleAssignment]()},
	filters: map[string]odata.Rule{
		"id": equalityRule, "principalId": equalityRule, "roleDefinitionId": equalityRule, "directoryScopeId": equalityRule,
	},
	readOnly: []string{"id"},
}

func (c *call) listRoleDefinitions() (answer, error) {
	return c.list(roleDefinitionKind, anys(c.view.RoleDefinitions()), nil)
}

func (c *call) roleDefinition(from reads) (*directory.RoleDefinition, error) {
	d, ok := from.RoleDefinition(c.keys["id"].value)
	if !ok {
		return nil, directory.NotFound(c.keys["id"].value)
	}
	return d, nil
}

func (c *call) getRoleDefinition() (answer, error) {
	d, err := c.roleDefinition(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, roleDefinitionKind, d)
}

func (c *call) createRoleDefinition() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	d := &directory.RoleDefinition{IsEnabled: true}
	if err := b.apply(d, roleDefinitionKind.readOnly); err != nil {
		return answer{}, err
	}
	var created *directory.RoleDefinition
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.CreateRoleDefinition(d)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(roleDefinitionKind, created)
}

func (c *call) updateRoleDefinition() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		d, err := c.roleDefinition(tx)
		if err != nil {
			return err
		}
		changed := d.Clone()
		if err := b.apply(changed, roleDefinitionKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateRoleDefinition(changed)
	})
}

func (c *call) deleteRoleDefinition() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.DeleteRoleDefinition(c.keys["id"].value)
	})
}

func (c *call) listRoleAssignments() (answer, error) {
	return c.list(roleAssignmentKind, anys(c.view.RoleAssignments()), func(property, value string) ([]any, bool) {
		switch property {
		case "principalId":
			return listed(c.view.RoleAssignmentsOf(value)), true
		case "roleDefinitionId":
			return listed(c.view.RoleAssignmentsTo(value)), true
		}
		return nil, false
	})
}

func (c *call) getRoleAssignment() (answer, error) {
	a, ok := c.view.RoleAssignment(c.keys["id"].value)
	if !ok {
		return answer{}, directory.NotFound(c.keys["id"].value)
	}
	return c.one(http.StatusOK, roleAssignmentKind, a)
}

func (c *call) assignRole() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	asked := &directory.RoleAssignment{}
	if err := b.apply(asked, roleAssignmentKind.readOnly); err != nil {
		return answer{}, err
	}
	for _, required := range []struct{ property, value string }{
		{"principalId", asked.PrincipalID}, {"roleDefinitionId", asked.RoleDefinitionID}, {"directoryScopeId", asked.DirectoryScopeID},
	} {
		if required.value == "" {
			return answer{}, missing(required.property, roleAssignmentKind.resource)
		}
	}
	var created *directory.RoleAssignment
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = tx.AssignRole(asked)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(roleAssignmentKind, created)
}

func (c *call) unassignRole() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		return tx.UnassignRole(c.keys["id"].value)
	})
}
