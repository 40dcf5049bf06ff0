package directory

import (
	"slices"
	"strings"
)

// AssignRole gives a principal a directory role. This activates a built-in role.
func (tx *Tx) AssignRole(a *RoleAssignment) (*RoleAssignment, error) {
	role, ok := tx.RoleDefinition(a.RoleDefinitionID)
	if !ok || !tx.Visible(a.RoleDefinitionID) {
		return nil, NotFound(a.RoleDefinitionID)
	}
	principal, _ := tx.Object(a.PrincipalID)
	if !tx.Visible(a.PrincipalID) {
		principal = nil
	}
	switch p := principal.(type) {
	case *User, *ServicePrincipal:
	case *Group:
		if !is(p.AssignableRole) {
			return nil, badRequest("The group must have isAssignableToRole set to be assigned to a role.")
		}
	default:
		return nil, NotFound(a.PrincipalID)
	}
	created := *a
	created.ID, created.RoleDefinitionID = newLinkID(), role.ID
	if created.DirectoryScopeID == "" {
		created.DirectoryScopeID = wholeDirectory
	}
	if !strings.HasPrefix(created.DirectoryScopeID, "/") {
		return nil, badRequest("Invalid directoryScopeId '%s': it must be / or begin with it.", created.DirectoryScopeID)
	}
	if scope := created.DirectoryScopeID[strings.LastIndex(created.DirectoryScopeID, "/")+1:]; scope != "" {
		if _, ok := tx.Object(scope); !ok || !tx.Visible(scope) {
			return nil, NotFound(scope)
		}
	}
	if find[RoleAssignment](tx.reader, roleAssignments, "tuple", created.tuple()) != nil {
		return nil, conflictingObject()
	}
	if role.IsBuiltIn {
		if _, active := tx.DirectoryRoleByTemplate(role.ID); !active {
			if _, err := tx.ActivateDirectoryRole(role.ID); err != nil {
				return nil, err
			}
		}
	}
	tx.put(roleAssignments, &created)
	return &created, nil
}

// UnassignRole removes an assignment of a directory role.
func (tx *Tx) UnassignRole(id string) error {
	a, ok := tx.RoleAssignment(id)
	if !ok {
		return NotFound(id)
	}
	tx.remove(roleAssignments, a)
	return nil
}

// AddRoleMember gives a principal a built-in role of the whole directory.
func (tx *Tx) AddRoleMember(templateID, principalID string) error {
	if slices.Contains(tx.DirectoryRoleMembers(templateID), principalID) {
		return alreadyReferenced("members")
	}
	_, err := tx.AssignRole(&RoleAssignment{PrincipalID: principalID, RoleDefinitionID: templateID})
	return err
}

// RemoveRoleMember removes the role from a principal.
func (tx *Tx) RemoveRoleMember(templateID, principalID string) error {
	for _, a := range tx.RoleAssignmentsOf(principalID) {
		if a.RoleDefinitionID == templateID && a.DirectoryScopeID == wholeDirectory {
			tx.remove(roleAssignments, a)
			return nil
		}
	}
	return NotFound(principalID)
}
