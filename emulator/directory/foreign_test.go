package directory

import (
	"testing"

	"provision/internal/microsoft"
)

const azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// TestMicrosoftsApplicationsCanBeAdded adds each of Microsoft's applications to
// a tenant by its appId alone.
func TestMicrosoftsApplicationsCanBeAdded(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	for _, app := range microsoft.Applications() {
		sp := b.principal(&Application{AppID: app.AppID})
		if sp.DisplayName != app.Name || sp.ID == app.AppID || *sp.AppOwnerOrganizationID != microsoftTenantID {
			t.Errorf("%s: made %+v", app.Name, sp)
		}
		if len(sp.OAuth2PermissionScopes) != len(app.Scopes) || len(sp.AppRoles) != len(app.Roles) {
			t.Errorf("%s: %d scopes and %d roles, want %d and %d", app.Name, len(sp.OAuth2PermissionScopes), len(sp.AppRoles), len(app.Scopes), len(app.Roles))
		}
		for _, name := range app.Names {
			if found, ok := b.View().ServicePrincipalByName(name); !ok || found.ID != sp.ID {
				t.Errorf("%s is not found by %s", app.Name, name)
			}
		}
	}
	check(t, "a second one", b.Update(func(tx *Tx) error {
		_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: azureCLI})
		return err
	}), "409 Request_MultipleObjectsWithSameKeyValue")
	check(t, "nobody's", b.Update(func(tx *Tx) error {
		_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: id("nobody")})
		return err
	}), "does not reference a valid application object")
}

func TestPreAuthorizingADeletedClient(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	api := b.application(&Application{DisplayName: "orders", API: APIApplication{OAuth2PermissionScopes: []PermissionScope{scope("read")}}})
	client := b.application(&Application{DisplayName: "web"})
	b.update(func(tx *Tx) error { return tx.DeleteApplication(client.ID) })
	api = api.Clone()
	api.API.PreAuthorizedApplications = []PreAuthorizedApplication{{client.AppID, []string{scope("read").ID}}}
	check(t, "pre-authorize it", b.Update(func(tx *Tx) error { return tx.UpdateApplication(api) }), "references applications")
}
