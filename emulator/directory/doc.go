// Package directory is the object model of one Entra ID tenant: applications,
// service principals, users, groups, administrative units, directory roles, app
// role assignments and consent grants, with the rules of Microsoft Graph. It does
// not use HTTP.
//
// # Invariants
//
//   - Objects that readers get are immutable. To change one, pass a Clone to a Tx.
//   - Every rule is checked inside a Tx, so no caller can store what Entra
//     would refuse. A refusal is an *Error with Graph's code and message.
//   - An Update is atomic, in memory and on disk.
//   - A successful Update survives a killed process. It does not have to survive
//     power loss: the directory does not call fsync.
//   - The Update that changes an application also renews the mirrored properties of
//     its service principal in the same tenant.
//   - Every Update records a new, higher version for each changed application,
//     service principal, user and group.
//   - With a lag (SetLag) a write is stored at once and visible later. Seen is the
//     visible state. Objects that a Tx refers to must be visible and still exist.
//   - uniqueName and identifier URIs stay taken while their holder is in the
//     recycle bin.
//
// # How it is kept
//
// Live state is a go-memdb database: immutable radix trees with secondary
// indexes, so that a read takes no lock, sees one state throughout and finds
// an application among thousands by appId, uniqueName or identifier URI
// without looking at the others. Beside it every Update writes its changed
// objects to a bbolt file, from which the next Open loads them all.
//
// One Directory is one tenant, on a file of its own. Tenants are several of
// them in one process: they share nothing but that a multi-tenant application
// of one may have its service principal in another, which mirrors it as the one
// at home does. The mirror is renewed right after the change, not in its
// Update; what a kill prevents, the next OpenTenants makes good.
//
// # Sources
//
// Graph resource types application, servicePrincipal, user, group,
// appRoleAssignment, oAuth2PermissionGrant and directory/deletedItems
// (learn.microsoft.com/graph/api/resources), and the validation differences
// and limits in learn.microsoft.com/entra/identity-platform.
package directory
