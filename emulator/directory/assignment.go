package directory

import (
	"slices"
	"strings"
)

// tuple returns the natural key of an assignment.
func (a *AppRoleAssignment) tuple() string {
	return strings.Join([]string{a.PrincipalID, a.ResourceID, a.AppRoleID}, " ")
}

// CreateAssignment gives a principal a role. The caller names principalId,
// resourceId and appRoleId; the rest follows from them.
func (tx *Tx) CreateAssignment(a *AppRoleAssignment) (*AppRoleAssignment, error) {
	resource, ok := tx.ServicePrincipal(a.ResourceID)
	if !ok || !tx.Visible(a.ResourceID) {
		return nil, NotFound(a.ResourceID)
	}
	if !isUUID(a.AppRoleID) {
		return nil, badRequest("Invalid GUID:%s", a.AppRoleID)
	}
	created := &AppRoleAssignment{
		ID:                  newLinkID(),
		AppRoleID:           strings.ToLower(a.AppRoleID),
		CreatedDateTime:     tx.now,
		ResourceID:          resource.ID,
		ResourceDisplayName: resource.DisplayName,
	}
	memberType := "User"
	principal, _ := tx.Object(a.PrincipalID)
	if !tx.Visible(a.PrincipalID) {
		principal = nil
	}
	switch p := principal.(type) {
	case *User:
		created.PrincipalID, created.PrincipalType, created.PrincipalDisplayName = p.ID, "User", p.DisplayName
	case *Group:
		created.PrincipalID, created.PrincipalType, created.PrincipalDisplayName = p.ID, "Group", p.DisplayName
		if !p.SecurityEnabled {
			return nil, badRequest("Only security-enabled groups can be assigned to an application.")
		}
	case *ServicePrincipal:
		memberType = "Application"
		created.PrincipalID, created.PrincipalType, created.PrincipalDisplayName = p.ID, "ServicePrincipal", p.DisplayName
	default:
		return nil, NotFound(a.PrincipalID)
	}
	if err := checkAssignable(resource, created.AppRoleID, memberType); err != nil {
		return nil, err
	}
	if seen, ok := tx.Seen().ServicePrincipal(resource.ID); ok { // a new role is not visible immediately
		if err := checkAssignable(seen, created.AppRoleID, memberType); err != nil {
			return nil, err
		}
	}
	if find[AppRoleAssignment](tx.reader, assignments, "tuple", created.tuple()) != nil {
		return nil, badRequest("Permission being assigned already exists on the object")
	}
	tx.put(assignments, created)
	return created, nil
}

// checkAssignable checks that a resource has the role for this type of member. The
// default role is permitted if the resource has no role for the type.
func checkAssignable(resource *ServicePrincipal, roleID, memberType string) error {
	notFound := badRequest("Permission being assigned was not found on application '%s'.", resource.AppID)
	allowed := func(r AppRole) bool { return r.IsEnabled && slices.Contains(r.AllowedMemberTypes, memberType) }
	if roleID == DefaultRole {
		if slices.ContainsFunc(resource.AppRoles, allowed) {
			return notFound
		}
		return nil
	}
	i := slices.IndexFunc(resource.AppRoles, func(r AppRole) bool { return same(r.ID, roleID) })
	switch {
	case i < 0 || !resource.AppRoles[i].IsEnabled:
		return notFound
	case !allowed(resource.AppRoles[i]):
		return badRequest("Permission being assigned is not allowed for principals of type '%s': its allowedMemberTypes are %s.",
			memberType, strings.Join(resource.AppRoles[i].AllowedMemberTypes, ", "))
	}
	return nil
}

// renameEnd updates an object's display name in its assignments.
func (tx *Tx) renameEnd(id, name string) {
	for _, a := range collect(each[AppRoleAssignment](tx.reader, assignments, "principal", id), nil) {
		renamed := *a
		renamed.PrincipalDisplayName = name
		tx.put(assignments, &renamed)
	}
	for _, a := range collect(each[AppRoleAssignment](tx.reader, assignments, "resource", id), nil) {
		renamed := *a
		renamed.ResourceDisplayName = name
		tx.put(assignments, &renamed)
	}
}

// DeleteAssignment deletes an assignment.
func (tx *Tx) DeleteAssignment(id string) error {
	a, ok := tx.Assignment(id)
	if !ok {
		return NotFound(id)
	}
	tx.remove(assignments, a)
	return nil
}
