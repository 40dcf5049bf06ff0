package graph

import "net/url"

// The sets whose objects ByID reads.
const (
	Users             = "users"
	Groups            = "groups"
	Applications      = "applications"
	ServicePrincipals = "servicePrincipals"
	Grants            = "oauth2PermissionGrants"
	DeletedItems      = "directory/deletedItems"
)

// ByID reads whether a set has an object.
func ByID(set, id string) Read {
	return Read{Path: object(set, id), Query: url.Values{"$select": {"id"}}}
}

// FederatedCredential reads a federated credential of an application.
func FederatedCredential(applicationID, id string) Read {
	return Read{Path: FederatedCredentials(applicationID).Path + "/" + url.PathEscape(id)}
}

// PasswordCredentials reads the client secrets of an application or a service
// principal, without their texts.
func PasswordCredentials(of Owned, id string) Read {
	return Read{Path: object(string(of), id), Query: url.Values{"$select": {"id,passwordCredentials"}}}
}
