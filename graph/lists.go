package graph

import (
	"fmt"
	"net/url"
)

// Lists of all objects that have a mark, each with one expanded relation. Graph expands
// one navigation property for each request, up to MaxExpanded related objects, and none
// in a query with advanced parameters. Source:
// learn.microsoft.com/graph/query-parameters#expand-parameter,
// learn.microsoft.com/graph/aad-advanced-queries.

// MaxExpanded is the maximum number of related objects that Graph returns with
// $expand. There may be more.
const MaxExpanded = 20

// The navigation properties that lists expand.
const (
	NavOwners               = "owners"
	NavMembers              = "members"
	NavFederatedCredentials = "federatedIdentityCredentials"
	NavAssignedTo           = "appRoleAssignedTo"
	NavAssignments          = "appRoleAssignments"
)

// ApplicationsTagged reads the applications that carry a tag beginning with prefix.
func ApplicationsTagged(prefix string) Read { return tagged(Applications, prefix) }

// ServicePrincipalsTagged reads the service principals that carry a tag beginning
// with prefix, their own or their application's.
// Source: Graph resource type "servicePrincipal" (tags).
func ServicePrincipalsTagged(prefix string) Read { return tagged(ServicePrincipals, prefix) }

// EveryApplication reads all applications of the tenant.
func EveryApplication() Read { return every(Applications) }

// EveryServicePrincipal reads all service principals of the tenant.
func EveryServicePrincipal() Read { return every(ServicePrincipals) }

func every(set string) Read {
	return Read{Path: "/" + set, List: true, Query: url.Values{"$top": {"999"}}}
}

// GroupsNamed reads the groups whose uniqueName begins with prefix.
func GroupsNamed(prefix string) Read {
	return Read{Path: "/" + Groups, List: true, Query: url.Values{
		"$filter": {"startswith(uniqueName," + quote(prefix) + ")"},
		"$select": {groupProperties}, "$top": {"999"}}}
}

// ApplicationsNamed reads the names and tags of the applications whose uniqueName begins with
// prefix.
// Source: Graph resource type "application" (uniqueName).
func ApplicationsNamed(prefix string) Read {
	return Read{Path: "/" + Applications, List: true, Query: url.Values{
		"$filter": {"startswith(uniqueName," + quote(prefix) + ")"},
		"$select": {"id,uniqueName,tags"}, "$top": {"999"}}}
}

func tagged(set, prefix string) Read {
	return Read{Path: "/" + set, List: true, Query: url.Values{
		"$filter": {fmt.Sprintf("tags/any(t:startswith(t,%s))", quote(prefix))}, "$top": {"999"}}}
}

// Expanding reads a list with a relation of its objects instead of their
// properties.
func (r Read) Expanding(navigation string) Read {
	r.Query = with(with(r.Query, "$select", "id"), "$expand", expansion(navigation))
	return r
}

// expansion returns the $select for expanded directory objects. For other entities it
// is empty, so Graph returns all properties.
func expansion(navigation string) string {
	switch navigation {
	case NavOwners, NavMembers:
		return navigation + "($select=" + ownerProperties + ")"
	}
	return navigation
}

// AdminGrants reads the delegated permissions that are granted for everybody in
// the tenant.
func AdminGrants() Read {
	return Read{Path: "/" + Grants, List: true, Query: url.Values{"$filter": {"consentType eq 'AllPrincipals'"}, "$top": {"999"}}}
}
