package directory

import (
	"fmt"
	"reflect"

	"github.com/hashicorp/go-memdb"
)

// MultiTenant reports whether users of other organizations may sign in to the
// application. Then other tenants may have its service principal.
func (a *Application) MultiTenant() bool {
	return a.SignInAudience == "AzureADMultipleOrgs" || a.SignInAudience == "AzureADandPersonalMicrosoftAccount"
}

// registration returns the live application whose service principal this tenant
// may have, and the tenant that it is registered in.
func (tx *Tx) registration(appID string) (*Application, Tenant, bool) {
	if app, ok := tx.ApplicationByAppID(appID); ok {
		return app, tx.tenant, true
	}
	if tx.tenants == nil {
		return nil, Tenant{}, false
	}
	app, owner, ok := tx.tenants.Application(appID)
	if !ok || !app.MultiTenant() {
		return nil, Tenant{}, false
	}
	return app, owner.tenant, true
}

// Foreign returns the service principal that a multi-tenant application of
// another tenant would have here. It is not stored: its object id is its appId.
func (d *Directory) Foreign(appID string) (*ServicePrincipal, bool) {
	if d.tenants == nil {
		return nil, false
	}
	app, owner, ok := d.tenants.Application(appID)
	if !ok || owner == d || !app.MultiTenant() {
		return nil, false
	}
	sp := mirror(&ServicePrincipal{ID: app.AppID, AppID: app.AppID, AccountEnabled: true, ServicePrincipalType: "Application"}, app, owner.tenant)
	fillLists(sp)
	return sp, true
}

// changedApplications returns the appIds of the applications that changes create or update.
func changedApplications(changes memdb.Changes) (appIDs []string) {
	for _, change := range changes {
		if app, ok := change.After.(*Application); ok {
			appIDs = append(appIDs, app.AppID)
		}
	}
	return appIDs
}

// mirror updates the properties that service principals of other tenants mirror from
// applications of this tenant.
func (t *Tenants) mirror(home *Directory, appIDs []string) error {
	if t == nil {
		return nil
	}
	for _, d := range t.All() {
		for _, appID := range appIDs {
			if d == home {
				continue
			}
			if err := d.mirrorForeign(appID); err != nil {
				return err
			}
		}
	}
	return nil
}

// mirrorAll renews all service principals of a tenant that mirror applications of
// other tenants. They can be outdated after a killed process or the import of a
// snapshot.
func (d *Directory) mirrorAll() error {
	if d.tenants == nil {
		return nil
	}
	for sp := range d.View().ServicePrincipals() {
		if _, own := d.ApplicationByAppID(sp.AppID); own {
			continue
		}
		if err := d.mirrorForeign(sp.AppID); err != nil {
			return err
		}
	}
	return nil
}

// mirrorForeign takes the lock even if there is nothing to do, so that it does not
// miss a service principal that is being created from the previous state of the
// application.
func (d *Directory) mirrorForeign(appID string) error {
	err := d.UpdateAtOnce(func(tx *Tx) error {
		sp, here := tx.ServicePrincipalByAppID(appID)
		app, owner, registered := d.tenants.Application(appID)
		if !here || !registered || owner == d {
			return nil
		}
		again := mirror(sp, app, owner.tenant)
		fillLists(again)
		if reflect.DeepEqual(again, sp) {
			return nil
		}
		if again.DisplayName != sp.DisplayName {
			tx.renameEnd(sp.ID, again.DisplayName)
		}
		tx.put(servicePrincipals, again)
		return nil
	})
	if err != nil {
		return fmt.Errorf("mirror application %s in %s: %w", appID, d.tenant.Domain, err)
	}
	return nil
}
