package directory

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// The tables; a table's name is also its bucket on disk.
const (
	applications        = "applications"
	servicePrincipals   = "servicePrincipals"
	users               = "users"
	groups              = "groups"
	assignments         = "appRoleAssignments"
	grants              = "oauth2PermissionGrants"
	directoryRoles      = "directoryRoles"
	roleDefinitions     = "roleDefinitions"
	roleAssignments     = "roleAssignments"
	administrativeUnits = "administrativeUnits"
	policies            = "policies"
	customPolicies      = "appManagementPolicies"
	changes             = "changes"
)

func schema() *memdb.DBSchema {
	s := &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{}}
	table := func(name string, indexes ...*memdb.IndexSchema) {
		t := &memdb.TableSchema{Name: name, Indexes: map[string]*memdb.IndexSchema{}}
		for _, index := range indexes {
			t.Indexes[index.Name] = index
		}
		s.Tables[name] = t
	}
	table(applications,
		one("id", func(a *Application) string { return a.ID }),
		one("appId", func(a *Application) string { return a.AppID }),
		one("uniqueName", func(a *Application) string { return text(a.UniqueName) }),
		many("identifierUri", func(a *Application) []string { return a.IdentifierUris }),
		many("owner", func(a *Application) []string { return a.OwnerIDs }),
		many("deleted", func(a *Application) []string { return deletedKey(a.DeletedDateTime != nil) }),
		byVersion[Application](),
	)
	table(servicePrincipals,
		one("id", func(p *ServicePrincipal) string { return p.ID }),
		one("appId", func(p *ServicePrincipal) string { return unlessDeleted(p.DeletedDateTime != nil, p.AppID) }),
		many("name", func(p *ServicePrincipal) []string {
			if p.DeletedDateTime != nil {
				return nil
			}
			return p.ServicePrincipalNames
		}),
		many("owner", func(p *ServicePrincipal) []string { return p.OwnerIDs }),
		many("deleted", func(p *ServicePrincipal) []string { return deletedKey(p.DeletedDateTime != nil) }),
		many("deletedAppId", func(p *ServicePrincipal) []string { return []string{unlessDeleted(p.DeletedDateTime == nil, p.AppID)} }),
		byVersion[ServicePrincipal](),
	)
	table(users,
		one("id", func(u *User) string { return u.ID }),
		one("userPrincipalName", func(u *User) string { return unlessDeleted(u.DeletedDateTime != nil, u.UserPrincipalName) }),
		many("home", func(u *User) []string { return []string{unlessDeleted(u.Deleted(), u.Home.key())} }),
		many("invited", func(u *User) []string { return []string{u.pendingAddress()} }),
		many("manager", func(u *User) []string { return []string{u.ManagerID} }),
		many("deleted", func(u *User) []string { return deletedKey(u.DeletedDateTime != nil) }),
		byVersion[User](),
	)
	table(groups,
		one("id", func(g *Group) string { return g.ID }),
		one("uniqueName", func(g *Group) string { return text(g.UniqueName) }),
		many("mail", func(g *Group) []string { return []string{unlessDeleted(g.DeletedDateTime != nil, text(g.Mail))} }),
		many("member", func(g *Group) []string { return g.MemberIDs }),
		many("owner", func(g *Group) []string { return g.OwnerIDs }),
		many("computed", func(g *Group) []string {
			if computed(g) {
				return []string{"yes"}
			}
			return nil
		}),
		many("deleted", func(g *Group) []string { return deletedKey(g.DeletedDateTime != nil) }),
		byVersion[Group](),
	)
	table(assignments,
		one("id", func(a *AppRoleAssignment) string { return a.ID }),
		one("tuple", (*AppRoleAssignment).tuple),
		many("resource", func(a *AppRoleAssignment) []string { return []string{a.ResourceID} }),
		many("principal", func(a *AppRoleAssignment) []string { return []string{a.PrincipalID} }),
	)
	table(grants,
		one("id", func(g *OAuth2PermissionGrant) string { return g.ID }),
		one("tuple", (*OAuth2PermissionGrant).tuple),
		many("client", func(g *OAuth2PermissionGrant) []string { return []string{g.ClientID} }),
		many("resource", func(g *OAuth2PermissionGrant) []string { return []string{g.ResourceID} }),
		many("principal", func(g *OAuth2PermissionGrant) []string { return []string{text(g.PrincipalID)} }),
	)
	table(administrativeUnits,
		one("id", func(u *AdministrativeUnit) string { return u.ID }),
		many("member", func(u *AdministrativeUnit) []string { return u.MemberIDs }),
	)
	table(changes,
		one("id", func(c *change) string { return c.ID }),
		byVersion[change](),
	)
	table(directoryRoles,
		one("id", func(d *DirectoryRole) string { return d.ID }),
		one("template", func(d *DirectoryRole) string { return d.RoleTemplateID }),
	)
	table(policies, one("id", func(p *AppManagementPolicy) string { return p.ID }))
	table(customPolicies,
		one("id", func(p *CustomAppManagementPolicy) string { return p.ID }),
		many("appliesTo", func(p *CustomAppManagementPolicy) []string { return p.AppliesToIDs }),
	)
	table(roleDefinitions, one("id", func(d *RoleDefinition) string { return d.ID }))
	table(roleAssignments,
		one("id", func(a *RoleAssignment) string { return a.ID }),
		one("tuple", (*RoleAssignment).tuple),
		many("role", func(a *RoleAssignment) []string { return []string{a.RoleDefinitionID} }),
		many("principal", func(a *RoleAssignment) []string { return []string{a.PrincipalID} }),
	)
	return s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func unlessDeleted(deleted bool, key string) string {
	if deleted {
		return ""
	}
	return key
}

func deletedKey(deleted bool) []string {
	if deleted {
		return []string{"yes"}
	}
	return nil
}

// indexKey folds case, as Entra does for every identifier, and terminates the key so
// that no key is a prefix of another.
func indexKey(s string) []byte { return append([]byte(strings.ToLower(s)), 0) }

// argument reads the string that an index is queried with.
type argument struct{}

func (argument) FromArgs(args ...any) ([]byte, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("an index takes one key, not %d", len(args))
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("an index key is a string, not %T", args[0])
	}
	return indexKey(s), nil
}

// uniqueIndex finds the object with a key. It does not contain objects whose key is
// empty.
type uniqueIndex[T any] struct {
	argument
	key func(*T) string
}

func one[T any](name string, key func(*T) string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: name, Unique: true, AllowMissing: name != "id", Indexer: uniqueIndex[T]{key: key}}
}

// FromObject implements memdb.SingleIndexer.
func (i uniqueIndex[T]) FromObject(object any) (bool, []byte, error) {
	key := i.key(object.(*T))
	return key != "", indexKey(key), nil
}

// sharedIndex finds every object that has a key among its keys.
type sharedIndex[T any] struct {
	argument
	keys func(*T) []string
}

func many[T any](name string, keys func(*T) []string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: name, AllowMissing: true, Indexer: sharedIndex[T]{keys: keys}}
}

// FromObject implements memdb.MultiIndexer.
func (i sharedIndex[T]) FromObject(object any) (bool, [][]byte, error) {
	var keys [][]byte
	for _, key := range i.keys(object.(*T)) {
		if key != "" {
			keys = append(keys, indexKey(key))
		}
	}
	return len(keys) > 0, keys, nil
}
