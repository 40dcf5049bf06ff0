package graph

import "net/url"

// Owned is the entity set of an object that has owners.
type Owned string

// The sets of objects that have owners.
const (
	OwnedApplication      Owned = "applications"
	OwnedServicePrincipal Owned = "servicePrincipals"
	OwnedGroup            Owned = "groups"
)

const ownerProperties = "id,displayName"

// Owners reads the users and service principals that own an object.
func Owners(of Owned, id string) Read {
	return Read{Path: object(string(of), id) + "/owners", List: true, Query: url.Values{"$select": {ownerProperties}, "$top": {"999"}}}
}

// KeyCredentials reads the certificates of an application or a service principal with
// their keys, which no other request returns. Source: Graph resource type
// "keyCredential" (key).
func KeyCredentials(of Owned, id string) Read {
	return Read{Path: object(string(of), id), Query: url.Values{"$select": {"id,keyCredentials"}}}
}

// AddOwner makes a user or service principal an owner. Source: Graph "application: Add
// owner", and the same pages of servicePrincipal and group.
func AddOwner(of Owned, id, ownerID string) Write {
	return addReference("add an owner", object(string(of), id)+"/owners", ownerID)
}

// RemoveOwner ends an ownership. Source: Graph "application: Remove owner", and the
// same pages of servicePrincipal and group.
func RemoveOwner(of Owned, id, ownerID string) Write {
	return remove("remove an owner", object(string(of), id)+"/owners/"+url.PathEscape(ownerID)+"/$ref")
}
