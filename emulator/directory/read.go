package directory

import (
	"fmt"
	"iter"

	"github.com/hashicorp/go-memdb"
)

// reader reads one state of the directory: the newest for a Directory, a fixed one for
// a View, and the state that is being built for a Tx.
type reader struct {
	txn func() *memdb.Txn
}

// find returns the object with a key, also a deleted one.
func find[T any](r reader, table, index, key string) *T {
	found, err := r.txn().First(table, index, key)
	if err != nil {
		panic(fmt.Sprintf("directory: index %s.%s: %v", table, index, err)) // only an index with a wrong name fails
	}
	if found == nil {
		return nil
	}
	return found.(*T)
}

// each yields every object with a key, or all of the table when index is "id"
// and no key is given, ordered by id.
func each[T any](r reader, table, index string, key ...any) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		found, err := r.txn().Get(table, index, key...)
		if err != nil {
			panic(fmt.Sprintf("directory: index %s.%s: %v", table, index, err))
		}
		for object := found.Next(); object != nil; object = found.Next() {
			if !yield(object.(*T)) {
				return
			}
		}
	}
}

func collect[T any](objects iter.Seq[*T], keep func(*T) bool) []*T {
	var kept []*T
	for object := range objects {
		if keep == nil || keep(object) {
			kept = append(kept, object)
		}
	}
	return kept
}

// deletable is an object that can be in the recycle bin.
type deletable interface{ Deleted() bool }

func live[T deletable](object T, present bool) (T, bool) {
	if !present || object.Deleted() {
		var none T
		return none, false
	}
	return object, true
}

// Deleted reports whether the application is in the recycle bin.
func (a *Application) Deleted() bool { return a.DeletedDateTime != nil }

// Deleted reports whether the service principal is in the recycle bin.
func (p *ServicePrincipal) Deleted() bool { return p.DeletedDateTime != nil }

// Deleted reports whether the user is in the recycle bin.
func (u *User) Deleted() bool { return u.DeletedDateTime != nil }

// Deleted reports whether the group is in the recycle bin.
func (g *Group) Deleted() bool { return g.DeletedDateTime != nil }

// Application returns the live application with an object id.
func (r reader) Application(id string) (*Application, bool) {
	found := find[Application](r, applications, "id", id)
	return live(found, found != nil)
}

// ApplicationByAppID returns the live application with an appId.
func (r reader) ApplicationByAppID(appID string) (*Application, bool) {
	found := find[Application](r, applications, "appId", appID)
	return live(found, found != nil)
}

// ApplicationByUniqueName returns the live application with a uniqueName.
func (r reader) ApplicationByUniqueName(name string) (*Application, bool) {
	found := find[Application](r, applications, "uniqueName", name)
	return live(found, found != nil)
}

// ApplicationsByIdentifierURI returns the live applications with an identifier URI: at
// most one.
func (r reader) ApplicationsByIdentifierURI(uri string) []*Application {
	return collect(each[Application](r, applications, "identifierUri", uri), func(a *Application) bool { return !a.Deleted() })
}

// Applications yields the live applications, ordered by id.
func (r reader) Applications() iter.Seq[*Application] {
	return liveOnly(each[Application](r, applications, "id"))
}

// ServicePrincipal returns the live service principal with an object id.
func (r reader) ServicePrincipal(id string) (*ServicePrincipal, bool) {
	found := find[ServicePrincipal](r, servicePrincipals, "id", id)
	return live(found, found != nil)
}

// ServicePrincipalByAppID returns the live service principal of an appId.
func (r reader) ServicePrincipalByAppID(appID string) (*ServicePrincipal, bool) {
	found := find[ServicePrincipal](r, servicePrincipals, "appId", appID)
	return found, found != nil
}

// ServicePrincipalByName returns the live service principal that an appId or
// an identifier URI names, as a resource is named in a scope.
func (r reader) ServicePrincipalByName(name string) (*ServicePrincipal, bool) {
	found := find[ServicePrincipal](r, servicePrincipals, "name", name)
	return found, found != nil
}

// ServicePrincipals yields the live service principals, ordered by id.
func (r reader) ServicePrincipals() iter.Seq[*ServicePrincipal] {
	return liveOnly(each[ServicePrincipal](r, servicePrincipals, "id"))
}

// User returns the live user with an object id.
func (r reader) User(id string) (*User, bool) {
	found := find[User](r, users, "id", id)
	return live(found, found != nil)
}

// UserByUPN returns the live user with a user principal name, in any case.
func (r reader) UserByUPN(upn string) (*User, bool) {
	found := find[User](r, users, "userPrincipalName", upn)
	return found, found != nil
}

// Users yields the live users, ordered by id.
func (r reader) Users() iter.Seq[*User] { return liveOnly(each[User](r, users, "id")) }

// Manager returns a user's manager.
func (r reader) Manager(userID string) (*User, bool) {
	u, ok := r.User(userID)
	if !ok || u.ManagerID == "" {
		return nil, false
	}
	return r.User(u.ManagerID)
}

// ReportsOf returns the users who have this manager.
func (r reader) ReportsOf(managerID string) []*User {
	return collect(each[User](r, users, "manager", managerID), func(u *User) bool { return !u.Deleted() })
}

// Group returns the live group with an object id.
func (r reader) Group(id string) (*Group, bool) {
	found := find[Group](r, groups, "id", id)
	return live(found, found != nil)
}

// GroupByUniqueName returns the live group with a uniqueName.
func (r reader) GroupByUniqueName(name string) (*Group, bool) {
	found := find[Group](r, groups, "uniqueName", name)
	return live(found, found != nil)
}

// Groups yields the live groups, ordered by id.
func (r reader) Groups() iter.Seq[*Group] { return liveOnly(each[Group](r, groups, "id")) }

// GroupsOf returns the groups that a user, a group or a service principal is a
// direct member of.
func (r reader) GroupsOf(memberID string) []*Group {
	return collect(each[Group](r, groups, "member", memberID), func(g *Group) bool { return !g.Deleted() })
}

// Assignment returns an app role assignment by its id.
func (r reader) Assignment(id string) (*AppRoleAssignment, bool) {
	found := find[AppRoleAssignment](r, assignments, "id", id)
	return found, found != nil
}

// AssignmentsTo returns who holds roles of a resource's service principal.
// The assignments of a user or a group in the recycle bin rest meanwhile.
func (r reader) AssignmentsTo(resourceSPID string) []*AppRoleAssignment {
	return collect(each[AppRoleAssignment](r, assignments, "resource", resourceSPID), func(a *AppRoleAssignment) bool {
		_, here := r.Object(a.PrincipalID)
		return here
	})
}

// AssignmentsOf returns the roles that a principal itself holds, without those
// of its groups.
func (r reader) AssignmentsOf(principalID string) []*AppRoleAssignment {
	return collect(each[AppRoleAssignment](r, assignments, "principal", principalID), nil)
}

// Grant returns a consent grant by its id.
func (r reader) Grant(id string) (*OAuth2PermissionGrant, bool) {
	found := find[OAuth2PermissionGrant](r, grants, "id", id)
	return found, found != nil
}

// Grants yields every consent grant, ordered by id.
func (r reader) Grants() iter.Seq[*OAuth2PermissionGrant] {
	return func(yield func(*OAuth2PermissionGrant) bool) {
		for g := range each[OAuth2PermissionGrant](r, grants, "id") {
			if r.inForce(g) && !yield(g) {
				return
			}
		}
	}
}

// inForce reports whether the user who consented to a grant for themselves exists. While
// the user is in the recycle bin, the grant is not in force.
func (r reader) inForce(g *OAuth2PermissionGrant) bool {
	if g.PrincipalID == nil {
		return true
	}
	_, here := r.User(*g.PrincipalID)
	return here
}

// GrantsOf returns the consent that a client's service principal has.
func (r reader) GrantsOf(clientSPID string) []*OAuth2PermissionGrant {
	return collect(each[OAuth2PermissionGrant](r, grants, "client", clientSPID), r.inForce)
}

// GrantsTo returns the consent that was given to a resource's scopes.
func (r reader) GrantsTo(resourceSPID string) []*OAuth2PermissionGrant {
	return collect(each[OAuth2PermissionGrant](r, grants, "resource", resourceSPID), r.inForce)
}

// GrantsBy returns the grants to which a user consented for themselves.
func (r reader) GrantsBy(userID string) []*OAuth2PermissionGrant {
	return collect(each[OAuth2PermissionGrant](r, grants, "principal", userID), nil)
}

// DeletedApplications returns the applications in the recycle bin.
func (r reader) DeletedApplications() []*Application {
	return collect(each[Application](r, applications, "deleted", "yes"), nil)
}

// DeletedServicePrincipals returns the service principals in the recycle bin.
func (r reader) DeletedServicePrincipals() []*ServicePrincipal {
	return collect(each[ServicePrincipal](r, servicePrincipals, "deleted", "yes"), nil)
}

// DeletedUsers returns the users in the recycle bin.
func (r reader) DeletedUsers() []*User { return collect(each[User](r, users, "deleted", "yes"), nil) }

// DeletedGroups returns the groups in the recycle bin.
func (r reader) DeletedGroups() []*Group {
	return collect(each[Group](r, groups, "deleted", "yes"), nil)
}

// Object returns the live application, service principal, user, group,
// directory role or administrative unit with an object id.
func (r reader) Object(id string) (any, bool) {
	if found, ok := r.User(id); ok {
		return found, true
	}
	if found, ok := r.ServicePrincipal(id); ok {
		return found, true
	}
	if found, ok := r.Group(id); ok {
		return found, true
	}
	if found, ok := r.Application(id); ok {
		return found, true
	}
	if found, ok := r.DirectoryRole(id); ok {
		return found, true
	}
	if found, ok := r.AdministrativeUnit(id); ok {
		return found, true
	}
	return nil, false
}

// DeletedObject returns the application, service principal, user or group with
// an object id that is in the recycle bin.
func (r reader) DeletedObject(id string) (any, bool) {
	if found := find[Application](r, applications, "id", id); found != nil && found.Deleted() {
		return found, true
	}
	if found := find[ServicePrincipal](r, servicePrincipals, "id", id); found != nil && found.Deleted() {
		return found, true
	}
	if found := find[User](r, users, "id", id); found != nil && found.Deleted() {
		return found, true
	}
	if found := find[Group](r, groups, "id", id); found != nil && found.Deleted() {
		return found, true
	}
	return nil, false
}

func liveOnly[T deletable](objects iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for object := range objects {
			if !object.Deleted() && !yield(object) {
				return
			}
		}
	}
}
