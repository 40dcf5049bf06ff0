// Package graphapi is the local tenant's Microsoft Graph: /v1.0 and /beta over
// a directory, one file a resource.
//
// # Invariants
//
//   - Every route states the permissions that Graph's reference gives it; a
//     route without them cannot be registered. A caller without them gets 403
//     Authorization_RequestDenied, one without a valid token 401.
//   - What is not understood is refused and never ignored: an unknown property
//     in a body, an unknown or unsupported property or operator in $filter, an
//     unknown query option. An empty list always means that nothing matches.
//   - The structs of package directory are the schema: a property that is not
//     there does not exist. Graph clients and this room share no type.
//   - A PATCH merges a complex property member by member, replaces a list
//     whole, and clears what is null. A nullable complex property is replaced
//     whole, and cleared by an empty object; employeeOrgData is merged.
//   - A signed-in user needs more to write than a scope: a directory role, or to
//     own what is written, unless every member may do it.
//   - Reads answer what is seen, and a write wants to see what its path names
//     (directory.SetLag).
//   - Every write that succeeded is in the audit log, under Entra's name for it
//     and without the values of credentials; a test holds the routes to that.
//   - A list is ordered by id where nothing else is asked for, so the same
//     directory gives the same bytes.
//
// # Sources
//
// learn.microsoft.com/graph/api (resources, methods, permissions),
// graph/aad-advanced-queries, graph/query-parameters, graph/json-batching,
// graph/errors; OData 4.01 part 2 for the syntax of $filter.
package graphapi
