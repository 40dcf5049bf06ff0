package graphapi

import (
	"net/http"
	"slices"
	"strings"

	"provision/emulator/directory"
)

// A signed-in user may write an object if the scopes of the token permit it and if, in
// addition, a directory role, the ownership of the object or the default permissions
// of members permit it. Applications only need their permissions.
// Sources: the roles that each operation of Graph's reference names, and
// learn.microsoft.com/entra/fundamentals/users-default-permissions.

// The template ids of the roles that permit writes. A Global Administrator may do all
// of them.
const (
	applicationAdministrator      = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
	applicationDeveloper          = "cf1c38e5-3621-4004-a7cb-879624dced7c"
	authenticationAdministrator   = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	cloudApplicationAdministrator = "158c047a-c907-4556-b7ef-446551a6b5f7"
	directoryWriters              = "9360feb5-f418-4baa-8175-e2a00bac4301"
	groupsAdministrator           = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
	helpdeskAdministrator         = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	hybridIdentityAdministrator   = "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"
	passwordAdministrator         = "966707d0-3269-4727-9be2-8c3a10f19b9d"
	privilegedAuthentication      = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	privilegedRoleAdministrator   = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	userAdministrator             = "fe930be7-5e62-47db-91af-98c3a49a38b1"
)

var (
	applicationAdministrators = []string{applicationAdministrator, cloudApplicationAdministrator}
	assignmentAdministrators  = []string{applicationAdministrator, cloudApplicationAdministrator, directoryWriters, hybridIdentityAdministrator, privilegedRoleAdministrator, userAdministrator}
	grantAdministrators       = []string{applicationAdministrator, cloudApplicationAdministrator, applicationDeveloper, directoryWriters, privilegedRoleAdministrator, userAdministrator}
	groupAdministrators       = []string{groupsAdministrator, userAdministrator, directoryWriters}
	userAdministrators        = []string{userAdministrator, directoryWriters}
	passwordAdministrators    = []string{userAdministrator, authenticationAdministrator, privilegedAuthentication, helpdeskAdministrator, passwordAdministrator}
	roleAdministrators        = []string{privilegedRoleAdministrator}
)

// holdsRole reports whether the signed-in user has one of the roles.
func (c *call) holdsRole(roles []string) bool {
	return slices.ContainsFunc(c.written.DirectoryRolesOf(c.caller.UserID), func(held string) bool {
		return held == directory.GlobalAdministrator || slices.Contains(roles, held)
	})
}

// mayWrite checks the directory roles of a signed-in user.
func (c *call) mayWrite() error {
	if !c.caller.Delegated() || c.method == http.MethodGet {
		return nil
	}
	roles, owners := c.administrators()
	if roles == nil || c.holdsRole(roles) {
		return nil
	}
	if !owners {
		return accessDenied()
	}
	if len(c.route.segments) == 1 { // a new service principal: the owner of its application may create it
		c.ownedOnly = true
		return nil
	}
	// An object that does not exist has no owners: the operation answers 404, or an
	// upsert creates it.
	if _, owners, err := c.owned(c.written); err == nil && !slices.Contains(owners, c.caller.UserID) {
		return accessDenied()
	}
	return nil
}

// administrators returns the roles that permit a write, or nil if it requires none,
// and whether the owners of the object in the path may do it, too.
func (c *call) administrators() (roles []string, owners bool) {
	own := c.route.segments[min(2, len(c.route.segments)-1)] // the segment after the object: the part of it that is written
	switch c.collection() {
	case "applications":
		if len(c.route.segments) == 1 {
			return nil, false // members may register applications
		}
		return applicationAdministrators, true
	case "servicePrincipals":
		if strings.HasPrefix(own, "appRoleAssign") {
			return assignmentAdministrators, true
		}
		if isMemberQuery(own) {
			return nil, false
		}
		return applicationAdministrators, true
	case "oauth2PermissionGrants":
		return grantAdministrators, false
	case "users":
		switch {
		case isMemberQuery(own):
			return nil, false
		case own == "appRoleAssignments":
			return assignmentAdministrators, false
		case c.method == http.MethodPatch && c.isSelf():
			return nil, false
		case c.method == http.MethodPatch && c.writesPasswordAlone():
			return passwordAdministrators, false
		}
		return userAdministrators, false
	case "groups":
		switch {
		case len(c.route.segments) == 1 || isMemberQuery(own):
			return nil, false // members may create groups
		case own == "appRoleAssignments":
			return assignmentAdministrators, false
		}
		return groupAdministrators, true
	case "directoryRoles", "roleManagement", "administrativeUnits":
		return roleAdministrators, false
	case "directory":
		if c.route.segments[1] == "administrativeUnits" {
			return roleAdministrators, false
		}
	}
	return nil, false // mayRestore checks requests to the recycle bin
}

func isMemberQuery(segment string) bool {
	return slices.Contains(queries, "/"+strings.TrimPrefix(segment, "microsoft.graph."))
}

func (c *call) isSelf() bool {
	u, ok := c.userAt(c.keys["id"])
	return ok && u.ID == c.caller.UserID
}

func (c *call) writesPasswordAlone() bool {
	b, err := c.object()
	_, password := b.properties["passwordProfile"]
	return err == nil && password && len(b.properties) == 1
}

// mayRestore checks whether a signed-in user may restore or purge an object: by a
// directory role or as an owner.
func (c *call) mayRestore(object any) error {
	if !c.caller.Delegated() || c.method == http.MethodGet {
		return nil
	}
	roles, owners := applicationAdministrators, ownersOf(object)
	switch o := object.(type) {
	case *directory.User:
		roles = userAdministrators
	case *directory.Group:
		roles, owners = groupAdministrators, o.OwnerIDs
	}
	if c.holdsRole(roles) || slices.Contains(owners, c.caller.UserID) {
		return nil
	}
	return accessDenied()
}
