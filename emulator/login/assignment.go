package login

import (
	"maps"
	"slices"

	"provision/emulator/directory"
)

// assignments lists the roles of a resource that a principal has: directly or, for a
// user, through a group that the user is a direct member of. Members of a nested group
// do not inherit the roles of the outer group.
func (c *tenantCall) assignments(resourceID, principalID string, throughGroups bool) []*directory.AppRoleAssignment {
	holders := []string{principalID}
	if throughGroups {
		for _, group := range c.GroupsOf(principalID) {
			holders = append(holders, group.ID)
		}
	}
	var held []*directory.AppRoleAssignment
	for _, holder := range holders {
		for _, assignment := range c.AssignmentsOf(holder) {
			if assignment.ResourceID == resourceID {
				held = append(held, assignment)
			}
		}
	}
	return held
}

// roleValues returns the roles claim: the values of the enabled roles that were
// assigned, in the order in which the resource declares them.
func roleValues(resource *directory.ServicePrincipal, held []*directory.AppRoleAssignment) []string {
	declared := map[int]string{} // a principal has few of the hundreds of roles of Microsoft Graph
	for _, assignment := range held {
		i := slices.IndexFunc(resource.AppRoles, func(r directory.AppRole) bool { return equalID(r.ID, assignment.AppRoleID) })
		if i < 0 {
			continue
		}
		if role := resource.AppRoles[i]; role.IsEnabled && role.Value != nil && *role.Value != "" {
			declared[i] = *role.Value
		}
	}
	var values []string
	for _, i := range slices.Sorted(maps.Keys(declared)) {
		values = append(values, declared[i])
	}
	return values
}

func (c *tenantCall) userRoles(resource *directory.ServicePrincipal, user *directory.User) []string {
	if resource == nil {
		return nil
	}
	return roleValues(resource, c.assignments(resource.ID, user.ID, true))
}

func (c *tenantCall) applicationRoles(resource, client *directory.ServicePrincipal) []string {
	return roleValues(resource, c.assignments(resource.ID, client.ID, false))
}

// admitted checks the user's assignment if an application requires one. A nil
// principal requires none.
func (c *tenantCall) admitted(principal *directory.ServicePrincipal, user *directory.User) *Error {
	if principal == nil || !principal.AppRoleAssignmentRequired {
		return nil
	}
	if len(c.assignments(principal.ID, user.ID, true)) == 0 {
		return failure(50105, principal.DisplayName, principal.AppID, user.UserPrincipalName)
	}
	return nil
}
