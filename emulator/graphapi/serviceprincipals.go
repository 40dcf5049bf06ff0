package graphapi

import (
	"encoding/json"
	"net/http"

	"provision/emulator/directory"
)

// Source: learn.microsoft.com/graph/api/resources/serviceprincipal.
var servicePrincipalRoutes = []route{
	{method: "GET", pattern: "servicePrincipals", requires: readApplications, handle: (*call).listServicePrincipals},
	{method: "GET", pattern: "servicePrincipals/$count", requires: readApplications, handle: (*call).countServicePrincipals},
	{method: "POST", pattern: "servicePrincipals", requires: writePrincipals, handle: (*call).createServicePrincipal},
	{method: "GET", pattern: "servicePrincipals/{id}", requires: readApplications, handle: (*call).getServicePrincipal},
	{method: "PATCH", pattern: "servicePrincipals/{id}", requires: writePrincipals, handle: (*call).updateServicePrincipal},
	{method: "DELETE", pattern: "servicePrincipals/{id}", requires: writePrincipals, handle: (*call).deleteServicePrincipal},
	{method: "POST", pattern: "servicePrincipals/{id}/addPassword", requires: writePrincipals, handle: (*call).addPassword},
	{method: "POST", pattern: "servicePrincipals/{id}/microsoft.graph.addPassword", requires: writePrincipals, handle: (*call).addPassword},
	{method: "POST", pattern: "servicePrincipals/{id}/removePassword", requires: writePrincipals, handle: (*call).removePassword},
	{method: "POST", pattern: "servicePrincipals/{id}/microsoft.graph.removePassword", requires: writePrincipals, handle: (*call).removePassword},
	{method: "GET", pattern: "servicePrincipals/{id}/owners", requires: readApplications, handle: (*call).listOwners},
	{method: "POST", pattern: "servicePrincipals/{id}/owners/$ref", requires: addAppOwners, handle: (*call).addOwner},
	{method: "DELETE", pattern: "servicePrincipals/{id}/owners/{owner}/$ref", requires: writePrincipals, handle: (*call).removeOwner},
	{method: "GET", pattern: "servicePrincipals/{id}/oauth2PermissionGrants", requires: readGrants, handle: (*call).listServicePrincipalGrants},
}

// servicePrincipal returns the service principal that the path names.
func (c *call) servicePrincipal(from reads) (*directory.ServicePrincipal, error) {
	k := c.keys["id"]
	var sp *directory.ServicePrincipal
	var ok bool
	switch k.property {
	case "id":
		if err := k.mustBeGUID(); err != nil {
			return nil, err
		}
		sp, ok = from.ServicePrincipal(k.value)
	case "appId":
		sp, ok = from.ServicePrincipalByAppID(k.value)
	default:
		return nil, unknownKey(k)
	}
	if !ok {
		return nil, directory.NotFound(k.value)
	}
	return sp, nil
}

func (c *call) ownedServicePrincipal(tx *directory.Tx) (*directory.ServicePrincipal, error) {
	sp, err := c.servicePrincipal(tx)
	if err != nil {
		return nil, err
	}
	return sp, c.mustOwn(sp.OwnerIDs)
}

func (c *call) listServicePrincipals() (answer, error) {
	return c.list(servicePrincipalKind, anys(c.view.ServicePrincipals()), func(property, value string) ([]any, bool) {
		switch property {
		case "id":
			return found(c.view.ServicePrincipal(value))
		case "appId":
			return found(c.view.ServicePrincipalByAppID(value))
		case "servicePrincipalNames":
			return found(c.view.ServicePrincipalByName(value))
		}
		return nil, false
	})
}

func (c *call) countServicePrincipals() (answer, error) {
	return c.count(servicePrincipalKind, anys(c.view.ServicePrincipals()))
}

func (c *call) getServicePrincipal() (answer, error) {
	sp, err := c.servicePrincipal(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.one(http.StatusOK, servicePrincipalKind, sp)
}

func (c *call) createServicePrincipal() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var appID string
	raw, ok := b.take("appId")
	if ok {
		err = json.Unmarshal(raw, &appID)
	}
	if err != nil || appID == "" {
		return answer{}, missing("appId", "ServicePrincipal")
	}
	var created *directory.ServicePrincipal
	err = c.update(func(tx *directory.Tx) (err error) {
		created, err = c.newServicePrincipal(tx, b, appID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return c.created(servicePrincipalKind, created)
}

func (c *call) newServicePrincipal(tx *directory.Tx, b body, appID string) (*directory.ServicePrincipal, error) {
	if app, ok := tx.Seen().ApplicationByAppID(appID); !ok && c.ownedOnly {
		return nil, refuse(http.StatusForbidden, "Authorization_RequestDenied",
			"When using this permission, the backing application of the service principal being created must in the local tenant")
	} else if ok {
		if err := c.mustOwn(app.OwnerIDs); err != nil {
			return nil, err
		}
	}
	sp := &directory.ServicePrincipal{AccountEnabled: true}
	owners := b.takeBind("owners")
	if err := b.apply(sp, servicePrincipalKind.readOnly); err != nil {
		return nil, err
	}
	sp.AppID = appID
	created, err := tx.CreateServicePrincipal(sp)
	if err != nil {
		return nil, err
	}
	if err := c.addFirstOwners(tx, created.ID, owners); err != nil {
		return nil, err
	}
	return created, nil
}

// updateServicePrincipal also creates the service principal of an appId if it does not
// exist and the caller prefers this. Source:
// learn.microsoft.com/graph/api/serviceprincipal-upsert.
func (c *call) updateServicePrincipal() (answer, error) {
	b, err := c.object()
	if err != nil {
		return answer{}, err
	}
	var created *directory.ServicePrincipal
	err = c.update(func(tx *directory.Tx) error {
		k := c.keys["id"]
		if _, err := seen(tx, c.servicePrincipal); err != nil && k.property == "appId" && c.createsIfMissing() {
			if err := b.sameKey("appId", k.value); err != nil {
				return err
			}
			created, err = c.newServicePrincipal(tx, b, k.value)
			return err
		}
		sp, err := c.ownedServicePrincipal(tx)
		if err != nil {
			return err
		}
		changed := sp.Clone()
		if err := b.apply(changed, servicePrincipalKind.readOnly); err != nil {
			return err
		}
		return tx.UpdateServicePrincipal(changed)
	})
	switch {
	case err != nil:
		return answer{}, err
	case created != nil:
		return c.created(servicePrincipalKind, created)
	}
	return noContent(), nil
}

// sameKey removes the key property in the path from the body. The body may contain it
// unchanged, but not with another value.
func (b body) sameKey(property, value string) error {
	raw, sent := b.take(property)
	if !sent {
		return nil
	}
	var repeated string
	if err := json.Unmarshal(raw, &repeated); err != nil || !equalFold(repeated, value) {
		return badRequest("The value of property '%s' does not match the key in the URL.", property)
	}
	return nil
}

func (c *call) deleteServicePrincipal() (answer, error) {
	return noContent(), c.update(func(tx *directory.Tx) error {
		sp, err := c.ownedServicePrincipal(tx)
		if err != nil {
			return err
		}
		return tx.DeleteServicePrincipal(sp.ID)
	})
}

func (c *call) listServicePrincipalGrants() (answer, error) {
	sp, err := c.servicePrincipal(c.view)
	if err != nil {
		return answer{}, err
	}
	return c.listGrantsOf(c.view.GrantsOf(sp.ID))
}
