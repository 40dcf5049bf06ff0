package graphapi

import (
	"net/http"
	"reflect"
	"slices"

	"provision/emulator/directory"
	"provision/emulator/odata"
)

// Roles that are limited to an administrative unit: the role assignments whose scope is
// the unit, in the shape that they had before /roleManagement existed. Sources:
// learn.microsoft.com/graph/api/resources/scopedrolemembership,
// administrativeunit-post-scopedrolemembers.
func scopedRoleRoutesBelow(set string) []route {
	return []route{
		{method: "GET", pattern: set + "/{id}/scopedRoleMembers", requires: readRoles, handle: (*call).listScopedMembers},
		{method: "POST", pattern: set + "/{id}/scopedRoleMembers", requires: writeRoles, handle: (*call).addScopedMember},
		{method: "GET", pattern: set + "/{id}/scopedRoleMembers/{membership}", requires: readRoles, handle: (*call).getScopedMember},
		{method: "DELETE", pattern: set + "/{id}/scopedRoleMembers/{membership}", requires: writeRoles, handle: (*call).removeScopedMember},
	}
}

// scopedRoleRoutes are the routes to the same memberships from the member and from the
// role.
var scopedRoleRoutes = []route{
	{method: "GET", pattern: "directoryRoles/{id}/scopedMembers", requires: readRoles, handle: (*call).listScopedMembersOfRole},
	{method: "GET", pattern: "users/{id}/scopedRoleMemberOf", requires: readRoles, handle: (*call).listScopedRolesOfUser},
}

// scopedRoleMembership is Graph's resource scopedRoleMembership.
type scopedRoleMembership struct {
	AdministrativeUnitID string     `json:"administrativeUnitId"`
	ID                   string     `json:"id"`
	RoleID               string     `json:"roleId"` // of the directoryRole
	RoleMemberInfo       memberInfo `json:"roleMemberInfo"`
}

type memberInfo struct {
	DisplayName       string `json:"displayName"`
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
}

var scopedMemberKind = &kind{
	set:       "scopedRoleMemberships",
	odataType: "microsoft.graph.scopedRoleMembership",
	resource:  "ScopedRoleMembership",
	structs:   []reflect.Type{reflect.TypeFor[scopedRoleMembership]()},
	filters:   map[string]odata.Rule{"id": equalityRule},
	readOnly:  []string{"id", "administrativeUnitId"},
}

// scopedMembers returns the memberships in all units for which keep returns true.
func scopedMembers(from reads, keep func(m scopedRoleMembership, unitID string) bool) (all []*scopedRoleMembership) {
	for a := range from.RoleAssignments() {
		unitID, ok := directory.UnitScope(a.DirectoryScopeID)
		role, inUse := from.DirectoryRoleByTemplate(a.RoleDefinitionID)
		if !ok || !inUse {
			continue
		}
		m := scopedRoleMembership{ID: a.ID, AdministrativeUnitID: unitID, RoleID: role.ID, RoleMemberInfo: memberInfo{ID: a.PrincipalID}}
		switch principal, _ := from.Object(a.PrincipalID); p := principal.(type) {
		case *directory.User:
			m.RoleMemberInfo.DisplayName, m.RoleMemberInfo.UserPrincipalName = p.DisplayName, p.UserPrincipalName
		case *directory.Group:
			m.RoleMemberInfo.DisplayName = p.DisplayName
		case *directory.ServicePrincipal:
			m.RoleMemberInfo.DisplayName = p.DisplayName
		}
		if keep(m, unitID) {
			all = append(all, &m)
		}
	}
	return all
}

// membersOfUnit returns the members of the administrative unit in the path.
func (c *call) membersOfUnit(from reads) ([]*scopedRoleMembership, error) {
	u, err := c.unit(from)
	if err != nil {
		return nil, err
	}
	return scopedMembers(from, func(_ scopedRoleMembership, unitID string) bool { return equalFold(unitID, u.ID) }), nil
}

// memberOfUnit returns the membership that the path names.
func (c *call) memberOfUnit(from reads) (*scopedRoleMembership, error) {
	all, err := c.membersOfUnit(from)
	if err != nil {
		return nil, err
	}
	id := c.keys["membership"].value
	i := slices.IndexFunc(all, func(m *scopedRoleMembership) bool { return m.ID == id })
	if i < 0 {
		return nil, directory.NotFound(id)
	}
	return all[i], nil
}

func (c *call) listScopedMembers() (answer, error) {
	all, err := c.membersOfUnit(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(scopedMemberKind, anys(slices.Values(all)), nil)
}

func (c *call) getScopedMember() (answer, error) {
	m, err := c.memberOfUnit(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, scopedMemberKind, m)
}

func (c *call) addScopedMember() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	asked := scopedRoleMembership{}
	if err := b.apply(&asked, scopedMemberKind.readOnly); err != nil {
		return answer{}, err
	}
	switch {
	case asked.RoleID == "":
		return answer{}, missing("roleId", scopedMemberKind.resource)
	case asked.RoleMemberInfo.ID == "":
		return answer{}, missing("roleMemberInfo", scopedMemberKind.resource)
	}
	var created *scopedRoleMembership
	err = c.update(func(tx *directory.Tx) error {
		u, err := c.unit(tx)
		if err != nil {
			return err
		}
		role, ok := tx.DirectoryRole(asked.RoleID)
		if !ok {
			return directory.NotFound(asked.RoleID)
		}
		a, err := tx.AssignRole(&directory.RoleAssignment{
			RoleDefinitionID: role.RoleTemplateID, PrincipalID: asked.RoleMemberInfo.ID, DirectoryScopeID: directory.ScopeOfUnit(u.ID)})
		if err != nil {
			return err
		}
		created = scopedMembers(tx, func(m scopedRoleMembership, _ string) bool { return m.ID == a.ID })[0]
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(scopedMemberKind, created)
}

func (c *call) removeScopedMember() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		m, err := c.memberOfUnit(tx)
		if err != nil {
			return err
		}
		return tx.UnassignRole(m.ID)
	})
}

func (c *call) listScopedMembersOfRole() (answer, error) {
	role, err := c.directoryRole(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(scopedMemberKind, anys(slices.Values(scopedMembers(c.view, func(m scopedRoleMembership, _ string) bool { return m.RoleID == role.ID }))), nil)
}

func (c *call) listScopedRolesOfUser() (answer, error) {
	u, err := c.user(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.list(scopedMemberKind, anys(slices.Values(scopedMembers(c.view, func(m scopedRoleMembership, _ string) bool { return m.RoleMemberInfo.ID == u.ID }))), nil)
}
