package directory

import "net/http"

// CreateForeignServicePrincipal makes the service principal of an application
// that is registered in another tenant, as consent to a Microsoft application
// does. There is no registration here to mirror, so what sp says of the
// application (names, scopes, roles) is kept as it is.
func (tx *Tx) CreateForeignServicePrincipal(sp *ServicePrincipal) (*ServicePrincipal, error) {
	if _, taken := tx.ServicePrincipalByAppID(sp.AppID); taken {
		return nil, &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue", Target: "appId",
			Message: "The service principal cannot be created, updated, or restored because the service principal name " + sp.AppID + " is already in use."}
	}
	sp = sp.Clone()
	sp.ID, sp.CreatedDateTime, sp.DeletedDateTime = newID(), tx.now, nil
	sp.ServicePrincipalType = "Application"
	owner := microsoftTenantID
	sp.AppOwnerOrganizationID = &owner
	if err := checkServicePrincipal(nil, sp); err != nil {
		return nil, err
	}
	tx.put(servicePrincipals, sp)
	return sp, nil
}
