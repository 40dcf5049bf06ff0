package directory

import "strings"

// ManagedIdentityType is the servicePrincipalType of a managed identity, which has no
// application: Azure creates it and stores its credentials.
const ManagedIdentityType = "ManagedIdentity"

// CreateManagedIdentity creates the service principal of a user-assigned managed
// identity. If one with this name exists, it returns that one and made is false.
func (tx *Tx) CreateManagedIdentity(name string) (sp *ServicePrincipal, made bool, err error) {
	if name == "" || len(name) > 128 {
		return nil, false, invalidValue("ServicePrincipal", "displayName", "The name of a managed identity has 1 to 128 characters.")
	}
	for other := range tx.ServicePrincipals() {
		if other.ServicePrincipalType == ManagedIdentityType && strings.EqualFold(other.DisplayName, name) {
			return other, false, nil
		}
	}
	sp = &ServicePrincipal{
		ID: newID(), AppID: newID(), AccountEnabled: true, CreatedDateTime: tx.now,
		DisplayName: name, AppDisplayName: name, ServicePrincipalType: ManagedIdentityType,
		AlternativeNames: []string{"isExplicit=True", managedIdentityResource(name)},
	}
	sp.ServicePrincipalNames = []string{sp.AppID, "https://identity.azure.net/" + newID()}
	tx.put(servicePrincipals, sp)
	return sp, true, nil
}

// managedIdentityResource returns an identity's resource id in Azure, in a subscription that
// does not exist.
func managedIdentityResource(name string) string {
	return "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/local/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}

// ManagedIdentityResource returns the resource id of a managed identity (mi_res_id).
func (sp *ServicePrincipal) ManagedIdentityResource() string {
	return managedIdentityResource(sp.DisplayName)
}
