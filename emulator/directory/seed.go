package directory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Administrator is the application in a new tenant with which the tenant can be set
// up.
type Administrator struct {
	ClientID string `json:"clientId"` // its appId
	ObjectID string `json:"objectId"` // of its service principal
	Secret   string `json:"secret"`
}

// Administrator returns the seeded application's credentials.
func (d *Directory) Administrator() Administrator { return d.admin }

// administratorRoles are the Graph application permissions of the seeded
// administrator: all that provisioning a tenant takes.
var administratorRoles = []string{
	"Application.ReadWrite.All",
	"AppRoleAssignment.ReadWrite.All",
	"AuditLog.Read.All",
	"DelegatedPermissionGrant.ReadWrite.All",
	"Directory.ReadWrite.All",
	"Domain.Read.All",
	"Group.ReadWrite.All",
	"GroupMember.ReadWrite.All",
	"Organization.Read.All",
	"Policy.Read.All",
	"Policy.ReadWrite.ApplicationConfiguration",
	"Policy.ReadWrite.PermissionGrant",
	"RoleManagement.ReadWrite.Directory",
	"User.DeleteRestore.All",
	"User.ReadWrite.All",
	"User-PasswordProfile.ReadWrite.All",
}

// seedLifetime is the lifetime of the administrator's secret.
const seedLifetime = 100 // years: the secret of a local tenant must not expire

// The keys that the directory itself uses in the key-value store.
const (
	settingsBucket   = "directory"
	tenantKey        = "tenant"
	administratorKey = "administrator"
	seedKey          = "seed" // the initial tenant, as Export writes it
)

// load reads the stored objects. It seeds an empty store.
func (d *Directory) load(seed Seed) error {
	stored, ok := d.store.load(settingsBucket, tenantKey)
	if !ok {
		return d.seed(seed)
	}
	if err := json.Unmarshal(stored, &d.tenant); err != nil {
		return fmt.Errorf("read directory: tenant: %w: %w", ErrDamaged, err)
	}
	d.store.tenantID = d.tenant.ID
	if admin, ok := d.store.load(settingsBucket, administratorKey); ok {
		if err := json.Unmarshal(admin, &d.admin); err != nil {
			return fmt.Errorf("read directory: administrator: %w: %w", ErrDamaged, err)
		}
	}
	txn := d.objects.Txn(true)
	defer txn.Abort()
	byAppID := map[string]*Application{}
	err := d.store.read(func(table string, object any) error {
		switch o := object.(type) { // applications are read first
		case *Application:
			byAppID[o.AppID] = o
		case *ServicePrincipal:
			// The properties of its application are stored once, with the application.
			if app := byAppID[o.AppID]; app != nil && !app.Deleted() && !o.Deleted() {
				o.AppRoles, o.OAuth2PermissionScopes, o.Info = app.AppRoles, app.API.OAuth2PermissionScopes, app.Info
			}
		}
		return txn.Insert(table, object)
	})
	if err != nil {
		return err
	}
	txn.Commit()
	return nil
}

// seed creates a new tenant. It saves the tenant object last: if the process is killed
// before that, the next start seeds the store again.
func (d *Directory) seed(seed Seed) error {
	d.tenant = Tenant{ID: seed.TenantID, Domain: seed.Domain, DisplayName: seed.DisplayName}
	if d.tenant.ID == "" {
		d.tenant.ID = uuid.NewString()
	}
	if d.tenant.Domain == "" {
		d.tenant.Domain = "contoso.onmicrosoft.com"
	}
	if d.tenant.DisplayName == "" {
		d.tenant.DisplayName = "Contoso"
	}
	d.store.tenantID = d.tenant.ID
	if err := d.store.clear(); err != nil {
		return err
	}
	err := d.Update(func(tx *Tx) error {
		graph := microsoftGraph(tx.now)
		tx.put(servicePrincipals, graph)
		if _, err := tx.ActivateDirectoryRole(GlobalAdministrator); err != nil {
			return err
		}
		return tx.seedAdministrator(graph, &d.admin)
	})
	if err != nil {
		return fmt.Errorf("seed directory: %w", err)
	}
	if err := d.saveIn(settingsBucket, administratorKey, d.admin); err != nil {
		return err
	}
	began, err := d.Export()
	if err != nil {
		return err
	}
	if err := d.Save(settingsBucket, seedKey, began); err != nil {
		return err
	}
	return d.saveIn(settingsBucket, tenantKey, d.tenant)
}

func (d *Directory) saveIn(bucket, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("save %s: %w", key, err)
	}
	return d.Save(bucket, key, data)
}

// microsoftGraph returns the service principal of Microsoft Graph.
func microsoftGraph(now time.Time) *ServicePrincipal {
	owner, audience, loginURL := microsoftTenantID, "AzureADMultipleOrgs", "https://graph.microsoft.com"
	sp := &ServicePrincipal{
		ID:                     newID(),
		AccountEnabled:         true,
		AppDisplayName:         "Microsoft Graph",
		AppID:                  MicrosoftGraphAppID,
		AppOwnerOrganizationID: &owner,
		CreatedDateTime:        now,
		DisplayName:            "Microsoft Graph",
		ServicePrincipalNames: []string{
			MicrosoftGraphAppID,
			loginURL, loginURL + "/",
			"https://canary.graph.microsoft.com", "https://canary.graph.microsoft.com/",
		},
		ServicePrincipalType: "Application",
		SignInAudience:       &audience,
	}
	sp.AppRoles, sp.OAuth2PermissionScopes = microsoftGraphPermissions()
	return sp
}

// seedAdministrator registers the administrator, grants its permissions and stores its
// credentials.
func (tx *Tx) seedAdministrator(graph *ServicePrincipal, admin *Administrator) error {
	app, err := tx.CreateApplication(&Application{DisplayName: "provision administrator", RequiredResourceAccess: administratorAccess(graph)})
	if err != nil {
		return err
	}
	name := "seeded"
	secret, err := tx.AddPassword(app.ID, PasswordCredential{DisplayName: &name, EndDateTime: tx.now.AddDate(seedLifetime, 0, 0)})
	if err != nil {
		return err
	}
	sp, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID, AccountEnabled: true})
	if err != nil {
		return err
	}
	for _, access := range app.RequiredResourceAccess[0].ResourceAccess {
		_, err := tx.CreateAssignment(&AppRoleAssignment{PrincipalID: sp.ID, ResourceID: graph.ID, AppRoleID: access.ID})
		if err != nil {
			return err
		}
	}
	*admin = Administrator{ClientID: app.AppID, ObjectID: sp.ID, Secret: *secret.SecretText}
	return nil
}

func administratorAccess(graph *ServicePrincipal) []RequiredResourceAccess {
	access := RequiredResourceAccess{ResourceAppID: graph.AppID}
	for _, value := range administratorRoles {
		i := slices.IndexFunc(graph.AppRoles, func(r AppRole) bool { return strings.EqualFold(text(r.Value), value) })
		if i < 0 {
			panic("directory: Microsoft Graph has no role " + value) // a test ensures that the embedded table has it
		}
		access.ResourceAccess = append(access.ResourceAccess, ResourceAccess{ID: graph.AppRoles[i].ID, Type: "Role"})
	}
	return []RequiredResourceAccess{access}
}
