package graphapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// Built-in directory roles, the activated roles, and their members.
// Sources: learn.microsoft.com/graph/api/resources/directoryrole, directoryroletemplate.
var roleRoutes = []route{
	{method: "GET", pattern: "directoryRoleTemplates", requires: readRoles, handle: (*call).listRoleTemplates},
	{method: "GET", pattern: "directoryRoleTemplates/{id}", requires: readRoles, handle: (*call).getRoleTemplate},
	{method: "GET", pattern: "directoryRoles", requires: readRoles, handle: (*call).listDirectoryRoles},
	{method: "POST", pattern: "directoryRoles", requires: writeRoles, handle: (*call).activateDirectoryRole},
	{method: "GET", pattern: "directoryRoles/{id}", requires: readRoles, handle: (*call).getDirectoryRole},
	{method: "GET", pattern: "directoryRoles/{id}/members", requires: readRoles, handle: (*call).listRoleMembers},
	{method: "GET", pattern: "directoryRoles/{id}/members/{cast}", requires: readRoles, handle: (*call).listRoleMembers},
	{method: "POST", pattern: "directoryRoles/{id}/members/$ref", requires: writeRoles, handle: (*call).addRoleMember},
	{method: "DELETE", pattern: "directoryRoles/{id}/members/{member}/$ref", requires: writeRoles, handle: (*call).removeRoleMember},
}

var (
	readRoles  = oneOf("RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory RoleManagement.Read.All Directory.Read.All Directory.ReadWrite.All")
	writeRoles = oneOf("RoleManagement.ReadWrite.Directory")
)

var roleTemplateKind = &kind{
	set:       "directoryRoleTemplates",
	odataType: "microsoft.graph.directoryRoleTemplate",
	resource:  "DirectoryRoleTemplate",
	structs:   []reflect.Type{reflect.TypeFor[directory.DirectoryRoleTemplate]()},
}

var directoryRoleKind = &kind{
	set:       "directoryRoles",
	odataType: "microsoft.graph.directoryRole",
	resource:  "DirectoryRole",
	structs:   []reflect.Type{reflect.TypeFor[directory.DirectoryRole]()},
	filters:   map[string]odata.Rule{"id": equalityRule, "roleTemplateId": equalityRule, "displayName": equalityRule},
}

func (c *call) listRoleTemplates() (answer, error) {
	return c.list(roleTemplateKind, anys(slices.Values(directory.DirectoryRoleTemplates())), nil)
}

func (c *call) getRoleTemplate() (answer, error) {
	t, ok := directory.RoleTemplate(c.keys["id"].value)
	if !ok {
		return answer{}, directory.NotFound(c.keys["id"].value)
	}
	return c.one(http.StatusOK, roleTemplateKind, t)
}

// directoryRole returns the directory role that the path names, by id or by template.
func (c *call) directoryRole(from reads) (*directory.DirectoryRole, error) {
	k := c.keys["id"]
	var role *directory.DirectoryRole
	var ok bool
	switch k.property {
	case "id":
		role, ok = from.DirectoryRole(k.value)
	case "roleTemplateId":
		role, ok = from.DirectoryRoleByTemplate(k.value)
	default:
		return nil, unknownKey(k)
	}
	if !ok {
		return nil, directory.NotFound(k.value)
	}
	return role, nil
}

func (c *call) listDirectoryRoles() (answer, error) {
	return c.list(directoryRoleKind, anys(c.view.DirectoryRoles()), nil)
}

func (c *call) getDirectoryRole() (answer, error) {
	role, err := c.directoryRole(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, directoryRoleKind, role)
}

func (c *call) activateDirectoryRole() (answer, error) {
	var request struct {
		RoleTemplateID string `json:"roleTemplateId"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil || request.RoleTemplateID == "" {
		return answer{}, missing("roleTemplateId", "DirectoryRole")
	}
	var role *directory.DirectoryRole
	err := c.update(func(tx *directory.Tx) (err error) {
		role, err = tx.ActivateDirectoryRole(request.RoleTemplateID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(directoryRoleKind, role)
}

func (c *call) listRoleMembers() (answer, error) {
	role, err := c.directoryRole(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listCast(c.view.DirectoryRoleMembers(role.RoleTemplateID))
}

func (c *call) addRoleMember() (answer, error) {
	member, err := c.reference()
	if err != nil {
		return answer{}, err
	}
	return noContent(), c.update(func(tx *directory.Tx) error {
		role, err := c.directoryRole(tx)
		if err != nil {
			return err
		}
		return tx.AddRoleMember(role.RoleTemplateID, member)
	})
}

func (c *call) removeRoleMember() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		role, err := c.directoryRole(tx)
		if err != nil {
			return err
		}
		return tx.RemoveRoleMember(role.RoleTemplateID, c.keys["member"].value)
	})
}
