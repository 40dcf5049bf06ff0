package graph

import (
	"net/http"
	"net/url"
)

// FederatedCredentials reads the federated identity credentials of an
// application.
func FederatedCredentials(applicationID string) Read {
	return Read{Path: object("applications", applicationID) + "/federatedIdentityCredentials", List: true}
}

// FlexibleFederatedCredentials reads the federated identity credentials with
// claimsMatchingExpression, which only the beta version of Graph has.
func FlexibleFederatedCredentials(applicationID string) Read {
	r := FederatedCredentials(applicationID)
	r.Beta = true
	return r
}

// AddFederatedCredential creates a federated identity credential with the properties in
// body. Source: Graph "Create federatedIdentityCredential".
func AddFederatedCredential(applicationID string, body Object) Write {
	return federated("add a federated credential", http.MethodPost, FederatedCredentials(applicationID).Path, body)
}

// UpdateFederatedCredential changes the properties in body.
// Source: Graph "Update federatedIdentityCredential".
func UpdateFederatedCredential(applicationID, id string, body Object) Write {
	return federated("change a federated credential", http.MethodPatch, FederatedCredentials(applicationID).Path+"/"+url.PathEscape(id), body)
}

// federated sends a body without the SDK's models. They omit nulls, and a null
// removes a property. Only the beta version of Graph has claimsMatchingExpression.
func federated(operation, method, path string, body Object) Write {
	_, flexible := body["claimsMatchingExpression"]
	return Write{operation: operation, method: method, path: path, beta: flexible, encode: plain(body)}
}

// RemoveFederatedCredential removes a federated identity credential. Source: Graph
// "Delete federatedIdentityCredential".
func RemoveFederatedCredential(applicationID, id string) Write {
	return remove("remove a federated credential", FederatedCredentials(applicationID).Path+"/"+url.PathEscape(id))
}
