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
//   - With a lag (SetLag) a write is stored immediately and visible later. Seen is the
//     visible state. Objects that a Tx refers to must be visible and still exist.
//   - uniqueName and identifier URIs stay taken while their holder is in the
//     recycle bin.
//
// # Storage
//
// Live state is a go-memdb database: immutable radix trees with secondary indexes, so
// that a read takes no lock, sees one state and finds an application by appId,
// uniqueName or identifier URI without a scan. In addition, every Update writes its
// changed objects to a bbolt file, from which the next Open loads all objects.
//
// A Directory is one tenant with its own file. Tenants contains the tenants of one
// process. They share only the service principals of multi-tenant applications: a
// service principal in another tenant mirrors the application like the service
// principal in the home tenant. The mirror is updated directly after the change, not
// in the same Update. If the process is killed in between, the next OpenTenants
// updates the mirror.
//
// # Sources
//
// Graph resource types application, servicePrincipal, user, group,
// appRoleAssignment, oAuth2PermissionGrant and directory/deletedItems
// (learn.microsoft.com/graph/api/resources), and the validation differences
// and limits in learn.microsoft.com/entra/identity-platform.
package directory
