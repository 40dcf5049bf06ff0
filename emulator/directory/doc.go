// Package directory is the object model of one Entra ID tenant: applications,
// service principals, users, groups, administrative units, directory roles, app
// role assignments and consent grants, with the rules that Microsoft Graph holds them to. It knows nothing of HTTP.
//
// # Invariants
//
//   - An object handed out is immutable; a change is a Clone given to a Tx.
//   - Every rule is checked inside a Tx, so no caller can store what Entra
//     would refuse. A refusal is an *Error with Graph's code and message.
//   - An Update is kept whole or not at all, in memory and on disk alike.
//   - What an Update acknowledged survives a killed process. It need not
//     survive power loss: nothing is synced to the platter.
//   - What a service principal mirrors of an application of its tenant is
//     renewed in the same Update that changed the application.
//   - Every change of an application, a service principal, a user or a group
//     is noted with a growing version, in the same Update.
//   - With a lag (SetLag) a write is kept at once and seen later: Seen is what
//     others see, and what a Tx refers to must be both seen and there.
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
