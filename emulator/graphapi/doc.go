// Package graphapi is the local tenant's Microsoft Graph: /v1.0 and /beta over a
// directory, one file for each resource.
//
// # Invariants
//
//   - Every route lists the permissions from Graph's reference; a route without
//     permissions cannot be registered. A caller who lacks them gets 403
//     Authorization_RequestDenied, and a caller without a valid token gets 401.
//   - Unknown or unsupported input is refused and never ignored: properties in a
//     body, properties and operators in $filter, and query options. An empty list
//     always means that nothing matches.
//   - The structs of package directory are the schema: other properties do not
//     exist. The Graph client and this package share no type.
//   - A PATCH merges a complex property member by member, replaces a whole list,
//     and clears a property that is null. A nullable complex property is replaced
//     as a whole and cleared by an empty object; employeeOrgData is merged.
//   - A signed-in user needs a scope to write and, in addition, a directory role
//     or the ownership of the object, unless every member may do the write.
//   - Reads answer the visible state, and a write fails if the object in its path
//     is not visible yet (directory.SetLag).
//   - The audit log contains every successful write, with the name of Entra's
//     activity and without the values of credentials. A test checks all routes.
//   - A list without $orderby is sorted by id, so the same directory always gives
//     the same bytes.
//
// # Sources
//
// learn.microsoft.com/graph/api (resources, methods, permissions),
// graph/aad-advanced-queries, graph/query-parameters, graph/json-batching,
// graph/errors; OData 4.01 part 2 for the syntax of $filter.
package graphapi
