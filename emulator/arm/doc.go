// Package arm answers the requests that Entra's clients send to Azure Resource Manager
// before they use Entra: the metadata of a cloud, and the tenants and subscriptions of
// a caller. It has no Azure resources, and therefore no subscriptions.
//
//	GET /metadata/endpoints?api-version=2015-01-01|2019-05-01|2022-09-01
//	GET /subscriptions?api-version=…
//	GET /tenants?api-version=…
//
// Metadata is public; the other requests require an access token for Azure Resource
// Manager.
//
// # Invariants
//
//   - Under management.azure.com it describes the public cloud; under the local
//     tenant's origin, a cloud with all services at that origin.
//   - Errors have Resource Manager's shape: {"error": {"code", "message"}}.
//
// # Sources
//
// learn.microsoft.com/rest/api/resources (Subscriptions - List, Tenants - List),
// learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors.
// The format of the metadata comes from its clients: Terraform's azuread provider
// reads an object, and the Azure CLI reads a list.
package arm
