package directory

import (
	"iter"
	"net/http"
	"slices"
	"strings"
)

// DirectoryRole is a built-in role that is in use in this tenant. Its members
// are its assignments to the whole directory.
// Source: Graph resource type "directoryRole".
type DirectoryRole struct {
	ID              string  `json:"id"`
	DeletedDateTime *string `json:"deletedDateTime"`
	Description     string  `json:"description"`
	DisplayName     string  `json:"displayName"`
	RoleTemplateID  string  `json:"roleTemplateId"`
}

// RoleDefinition is a built-in role of the directory, whose id is the id of its
// template, or a custom role of the tenant.
// Source: Graph resource type "unifiedRoleDefinition".
type RoleDefinition struct {
	ID              string           `json:"id"`
	Description     *string          `json:"description"`
	DisplayName     string           `json:"displayName"`
	IsBuiltIn       bool             `json:"isBuiltIn"`
	IsEnabled       bool             `json:"isEnabled"`
	ResourceScopes  []string         `json:"resourceScopes"`
	TemplateID      string           `json:"templateId"`
	Version         *string          `json:"version"`
	RolePermissions []RolePermission `json:"rolePermissions"` // empty for built-in roles
}

// RolePermission contains the actions that a role allows. Source: Graph resource type
// "unifiedRolePermission".
type RolePermission struct {
	AllowedResourceActions []string `json:"allowedResourceActions"`
	Condition              *string  `json:"condition"`
}

// RoleAssignment gives a user, a service principal or a role-assignable group
// a role. Source: Graph resource type "unifiedRoleAssignment".
type RoleAssignment struct {
	ID               string  `json:"id"`
	PrincipalID      string  `json:"principalId"`
	RoleDefinitionID string  `json:"roleDefinitionId"`
	DirectoryScopeID string  `json:"directoryScopeId"` // "/": the whole directory, or "/" and an object id
	AppScopeID       *string `json:"appScopeId"`
	Condition        *string `json:"condition"`
}

const wholeDirectory = "/"

func (a *RoleAssignment) tuple() string {
	return strings.Join([]string{a.PrincipalID, a.RoleDefinitionID, a.DirectoryScopeID}, " ")
}

// Clone returns a copy to change and give to a Tx.
func (d *RoleDefinition) Clone() *RoleDefinition { return clone(d) }

// DirectoryRole returns the role in use with an object id.
func (r reader) DirectoryRole(id string) (*DirectoryRole, bool) {
	found := find[DirectoryRole](r, directoryRoles, "id", id)
	return found, found != nil
}

// DirectoryRoleByTemplate returns the role in use of a template.
func (r reader) DirectoryRoleByTemplate(templateID string) (*DirectoryRole, bool) {
	found := find[DirectoryRole](r, directoryRoles, "template", templateID)
	return found, found != nil
}

// DirectoryRoles yields the roles in use, ordered by id.
func (r reader) DirectoryRoles() iter.Seq[*DirectoryRole] {
	return each[DirectoryRole](r, directoryRoles, "id")
}

// DirectoryRoleMembers returns the object ids of the members of a role of the whole
// directory, by the role's template id.
func (r reader) DirectoryRoleMembers(templateID string) (ids []string) {
	for a := range each[RoleAssignment](r, roleAssignments, "role", templateID) {
		if a.DirectoryScopeID == wholeDirectory {
			ids = append(ids, a.PrincipalID)
		}
	}
	return ids
}

// DirectoryRolesOf returns the template ids of the built-in roles with the scope of
// the whole directory that a user or a service principal has, directly or through a
// group.
func (r reader) DirectoryRolesOf(principalID string) (templateIDs []string) {
	for _, holder := range append([]string{principalID}, r.TransitiveMemberOf(principalID)...) {
		for a := range each[RoleAssignment](r, roleAssignments, "principal", holder) {
			_, builtIn := RoleTemplate(a.RoleDefinitionID)
			if builtIn && a.DirectoryScopeID == wholeDirectory && !slices.Contains(templateIDs, a.RoleDefinitionID) {
				templateIDs = append(templateIDs, a.RoleDefinitionID)
			}
		}
	}
	return templateIDs
}

// RoleDefinition returns a built-in role or one of the tenant's own.
func (r reader) RoleDefinition(id string) (*RoleDefinition, bool) {
	if t, ok := RoleTemplate(id); ok {
		return t.definition(), true
	}
	found := find[RoleDefinition](r, roleDefinitions, "id", id)
	return found, found != nil
}

func (t DirectoryRoleTemplate) definition() *RoleDefinition {
	version := "1"
	return &RoleDefinition{ID: t.ID, TemplateID: t.ID, DisplayName: t.DisplayName, Description: &t.Description,
		IsBuiltIn: true, IsEnabled: true, ResourceScopes: []string{wholeDirectory}, Version: &version, RolePermissions: []RolePermission{}}
}

// RoleDefinitions yields the built-in roles and the tenant's own.
func (r reader) RoleDefinitions() iter.Seq[*RoleDefinition] {
	return func(yield func(*RoleDefinition) bool) {
		for _, t := range roleTemplates() {
			if !yield(t.definition()) {
				return
			}
		}
		for d := range each[RoleDefinition](r, roleDefinitions, "id") {
			if !yield(d) {
				return
			}
		}
	}
}

// RoleAssignment returns an assignment of a directory role by its id.
func (r reader) RoleAssignment(id string) (*RoleAssignment, bool) {
	found := find[RoleAssignment](r, roleAssignments, "id", id)
	return found, found != nil
}

// RoleAssignments yields the assignments of directory roles, ordered by id.
func (r reader) RoleAssignments() iter.Seq[*RoleAssignment] {
	return each[RoleAssignment](r, roleAssignments, "id")
}

// RoleAssignmentsOf returns the directory roles that a principal itself holds.
func (r reader) RoleAssignmentsOf(principalID string) []*RoleAssignment {
	return collect(each[RoleAssignment](r, roleAssignments, "principal", principalID), nil)
}

// RoleAssignmentsTo returns who holds a directory role.
func (r reader) RoleAssignmentsTo(definitionID string) []*RoleAssignment {
	return collect(each[RoleAssignment](r, roleAssignments, "role", definitionID), nil)
}

func conflictingObject() *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest",
		Message: "A conflicting object with one or more of the specified property values is present in the directory."}
}

// ActivateDirectoryRole activates a built-in role.
func (tx *Tx) ActivateDirectoryRole(templateID string) (*DirectoryRole, error) {
	t, ok := RoleTemplate(templateID)
	if !ok {
		return nil, badRequest("The role template '%s' does not exist.", templateID)
	}
	if _, active := tx.DirectoryRoleByTemplate(t.ID); active {
		return nil, conflictingObject()
	}
	role := &DirectoryRole{ID: newID(), Description: t.Description, DisplayName: t.DisplayName, RoleTemplateID: t.ID}
	tx.put(directoryRoles, role)
	return role, nil
}

// CreateRoleDefinition creates a custom role of the tenant.
func (tx *Tx) CreateRoleDefinition(d *RoleDefinition) (*RoleDefinition, error) {
	d = d.Clone()
	d.ID, d.IsBuiltIn = newID(), false
	if d.TemplateID == "" {
		d.TemplateID = d.ID
	}
	if len(d.ResourceScopes) == 0 {
		d.ResourceScopes = []string{wholeDirectory}
	}
	if err := tx.checkRoleDefinition(d); err != nil {
		return nil, err
	}
	tx.put(roleDefinitions, d)
	return d, nil
}

// UpdateRoleDefinition stores a changed Clone of a custom role.
func (tx *Tx) UpdateRoleDefinition(d *RoleDefinition) error {
	old, err := tx.ownRole(d.ID)
	if err != nil {
		return err
	}
	d = d.Clone()
	if d.TemplateID != old.TemplateID {
		return readOnly("templateId")
	}
	d.IsBuiltIn = false
	if err := tx.checkRoleDefinition(d); err != nil {
		return err
	}
	tx.put(roleDefinitions, d)
	return nil
}

// DeleteRoleDefinition deletes a custom role that is not assigned to anyone.
func (tx *Tx) DeleteRoleDefinition(id string) error {
	d, err := tx.ownRole(id)
	if err != nil {
		return err
	}
	if len(tx.RoleAssignmentsTo(d.ID)) > 0 {
		return badRequest("The role definition cannot be deleted because it is assigned to principals.")
	}
	tx.remove(roleDefinitions, d)
	return nil
}

func (tx *Tx) ownRole(id string) (*RoleDefinition, error) {
	d, ok := tx.RoleDefinition(id)
	if !ok {
		return nil, NotFound(id)
	}
	if d.IsBuiltIn {
		return nil, badRequest("A built-in role definition cannot be changed or deleted.")
	}
	return d, nil
}

func (tx *Tx) checkRoleDefinition(d *RoleDefinition) error {
	if strings.TrimSpace(d.DisplayName) == "" || len(d.DisplayName) > 256 {
		return invalidValue("UnifiedRoleDefinition", "displayName", "It must have 1 to 256 characters.")
	}
	if len(d.RolePermissions) == 0 {
		return invalidValue("UnifiedRoleDefinition", "rolePermissions", "It must not be empty.")
	}
	for _, p := range d.RolePermissions {
		if len(p.AllowedResourceActions) == 0 {
			return invalidValue("UnifiedRoleDefinition", "rolePermissions", "Every entry needs allowedResourceActions.")
		}
	}
	for other := range tx.RoleDefinitions() {
		if other.ID != d.ID && same(other.DisplayName, d.DisplayName) {
			return takenValue("displayName")
		}
		if other.ID != d.ID && same(other.TemplateID, d.TemplateID) {
			return conflictingObject()
		}
	}
	return nil
}
