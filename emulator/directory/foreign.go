package directory

// CreateForeignServicePrincipal makes the service principal of an application
// that is registered in no tenant of ours, as consent to a Microsoft application
// does. There is no registration here to mirror, so what sp says of the
// application (names, scopes, roles) is kept as it is.
func (tx *Tx) CreateForeignServicePrincipal(sp *ServicePrincipal) (*ServicePrincipal, error) {
	if _, taken := tx.ServicePrincipalByAppID(sp.AppID); taken {
		return nil, principalNameTaken(sp.AppID)
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
