package directory

import (
	"net/http"
	"slices"
	"strings"
)

// DeleteApplication moves a registration and its service principal to the recycle bin,
// as two objects. Both keep their names there.
func (tx *Tx) DeleteApplication(id string) error {
	app, ok := tx.Application(id)
	if !ok {
		return NotFound(id)
	}
	if sp, ok := tx.ServicePrincipalByAppID(app.AppID); ok {
		if err := tx.DeleteServicePrincipal(sp.ID); err != nil {
			return err
		}
	}
	app = app.Clone()
	app.DeletedDateTime = tx.date()
	tx.put(applications, app)
	return nil
}

// DeleteServicePrincipal moves a service principal to the recycle bin and deletes its
// assignments and grants.
func (tx *Tx) DeleteServicePrincipal(id string) error {
	sp, ok := tx.ServicePrincipal(id)
	if !ok {
		return NotFound(id)
	}
	if sp.AppID == MicrosoftGraphAppID {
		return &Error{Status: http.StatusForbidden, Code: "Authorization_RequestDenied",
			Message: "Deletion of the service principal of a Microsoft first-party application is not allowed."}
	}
	tx.endRelations(id)
	sp = sp.Clone()
	sp.DeletedDateTime = tx.date()
	tx.put(servicePrincipals, sp)
	return nil
}

// DeleteUser moves a user to the recycle bin. As in Entra, the deleted user's
// principal name gets the object id as a prefix, so the name can be used again.
func (tx *Tx) DeleteUser(id string) error {
	u, ok := tx.User(id)
	if !ok {
		return NotFound(id)
	}
	u = u.Clone()
	u.DeletedDateTime = tx.date()
	u.UserPrincipalName = deletedPrefix(u.ID) + u.UserPrincipalName
	tx.put(users, u)
	return nil
}

// DeleteGroup moves a group to the recycle bin.
func (tx *Tx) DeleteGroup(id string) error {
	g, ok := tx.Group(id)
	if !ok {
		return NotFound(id)
	}
	g = g.Clone()
	g.DeletedDateTime = tx.date()
	tx.put(groups, g)
	return nil
}

func deletedPrefix(id string) string { return strings.ReplaceAll(id, "-", "") }

// Restore takes an object out of the recycle bin, an application together with
// its service principal, and returns it.
func (tx *Tx) Restore(id string) (any, error) {
	object, ok := tx.DeletedObject(id)
	if !ok {
		return nil, NotFound(id)
	}
	switch o := object.(type) {
	case *Application:
		o = o.Clone()
		o.DeletedDateTime = nil
		tx.put(applications, o)
		if sp := tx.deletedWith(object.(*Application)); sp != nil {
			if _, err := tx.Restore(sp.ID); err != nil {
				return nil, err
			}
		}
		return o, nil
	case *ServicePrincipal:
		app, owner, ok := tx.registration(o.AppID)
		if !ok {
			return nil, badRequest("The appId '%s' of the service principal does not reference a valid application object.", o.AppID)
		}
		if _, taken := tx.ServicePrincipalByAppID(o.AppID); taken {
			return nil, takenValue("appId")
		}
		o = o.Clone()
		o.DeletedDateTime = nil
		o = mirror(o, app, owner)
		tx.put(servicePrincipals, o)
		return o, nil
	case *User:
		o = o.Clone()
		o.DeletedDateTime = nil
		o.UserPrincipalName = strings.TrimPrefix(o.UserPrincipalName, deletedPrefix(o.ID))
		if _, taken := tx.UserByUPN(o.UserPrincipalName); taken {
			return nil, takenValue("userPrincipalName")
		}
		tx.put(users, o)
		return o, nil
	default:
		g := object.(*Group).Clone()
		g.DeletedDateTime = nil
		tx.put(groups, g)
		return g, nil
	}
}

// deletedWith returns the service principal that was deleted together with its
// application. It ignores service principals that were deleted separately before.
func (tx *Tx) deletedWith(app *Application) (last *ServicePrincipal) {
	for _, sp := range tx.deletedInstances(app) {
		if !sp.DeletedDateTime.Before(*app.DeletedDateTime) {
			last = sp
		}
	}
	return last
}

// deletedInstances returns the service principals of an application that are in the
// recycle bin.
func (r reader) deletedInstances(app *Application) []*ServicePrincipal {
	return collect(each[ServicePrincipal](r, servicePrincipals, "deletedAppId", app.AppID), nil)
}

// Purge deletes an object of the recycle bin permanently, together with everything
// that refers to it. An application is deleted with its service principals.
func (tx *Tx) Purge(id string) error {
	object, ok := tx.DeletedObject(id)
	if !ok {
		return NotFound(id)
	}
	switch o := object.(type) {
	case *Application:
		for _, sp := range tx.deletedInstances(o) {
			tx.purge(servicePrincipals, sp, sp.ID)
		}
		tx.purge(applications, o, o.ID)
	case *ServicePrincipal:
		tx.purge(servicePrincipals, o, o.ID)
	case *User:
		tx.purge(users, o, o.ID)
	case *Group:
		tx.purge(groups, o, o.ID)
	}
	return nil
}

func (tx *Tx) purge(table string, object any, id string) {
	tx.endRelations(id)
	tx.endMemberships(id)
	for _, p := range tx.CustomAppManagementPoliciesOf(id) {
		_ = tx.UnassignAppManagementPolicy(id, p.ID) // it is assigned to an object
	}
	tx.remove(table, object)
}

// endRelations removes all assignments, grants and directory roles of an object.
func (tx *Tx) endRelations(id string) {
	for _, index := range []string{"resource", "principal"} {
		for _, a := range collect(each[AppRoleAssignment](tx.reader, assignments, index, id), nil) {
			tx.remove(assignments, a)
		}
	}
	for _, a := range tx.RoleAssignmentsOf(id) {
		tx.remove(roleAssignments, a)
	}
	for _, index := range []string{"client", "resource", "principal"} {
		for _, g := range collect(each[OAuth2PermissionGrant](tx.reader, grants, index, id), nil) {
			tx.remove(grants, g)
		}
	}
}

// endMemberships removes an object from all groups, as an owner, and as the manager of
// other users.
func (tx *Tx) endMemberships(id string) {
	without := func(ids []string) []string {
		return slices.DeleteFunc(ids, func(s string) bool { return s == id })
	}
	for _, index := range []string{"member", "owner"} {
		for _, g := range collect(each[Group](tx.reader, groups, index, id), nil) {
			g = g.Clone()
			g.MemberIDs, g.OwnerIDs = without(g.MemberIDs), without(g.OwnerIDs)
			tx.put(groups, g)
		}
	}
	for _, u := range tx.UnitsOf(id) {
		u = u.Clone()
		u.MemberIDs = without(u.MemberIDs)
		tx.put(administrativeUnits, u)
	}
	for _, u := range collect(each[User](tx.reader, users, "manager", id), nil) {
		u = u.Clone()
		u.ManagerID = ""
		tx.put(users, u)
	}
	for _, app := range collect(each[Application](tx.reader, applications, "owner", id), nil) {
		app = app.Clone()
		app.OwnerIDs = without(app.OwnerIDs)
		tx.put(applications, app)
	}
	for _, sp := range collect(each[ServicePrincipal](tx.reader, servicePrincipals, "owner", id), nil) {
		sp = sp.Clone()
		sp.OwnerIDs = without(sp.OwnerIDs)
		tx.put(servicePrincipals, sp)
	}
}
