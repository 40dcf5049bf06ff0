// Package arm is what Entra's own clients ask of Azure Resource Manager before
// they turn to Entra: where a cloud's services are, and which tenants and
// subscriptions a caller may use. There are no Azure resources here, and so no
// subscriptions.
//
//	GET /metadata/endpoints?api-version=2015-01-01|2019-05-01|2022-09-01
//	GET /subscriptions?api-version=…
//	GET /tenants?api-version=…
//
// Metadata is anybody's to read; the others want an access token for Azure
// Resource Manager.
//
// # Invariants
//
//   - Under management.azure.com it describes the public cloud; under the local
//     tenant's origin, a cloud of which every service is at that origin.
//   - Errors have Resource Manager's shape: {"error": {"code", "message"}}.
//
// # Sources
//
// learn.microsoft.com/rest/api/resources (Subscriptions - List, Tenants - List),
// learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors.
// The format of the metadata comes from its clients: Terraform's azuread provider
// reads an object, and the Azure CLI reads a list.
package arm
