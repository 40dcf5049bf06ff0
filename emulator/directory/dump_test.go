package directory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// build creates the content of one tenant; the seeds' ids differ between calls.
func build(t *testing.T, at time.Time, backwards bool) book {
	t.Helper()
	d, err := Open("", Seed{}, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	b := book{t, d}
	var people []string
	names := []string{"ada", "bob"}
	if backwards {
		slices.Reverse(names)
	}
	for _, name := range names {
		people = append(people, b.user(name).ID)
	}
	api := b.application(&Application{DisplayName: "API", UniqueName: ptr("s.api"), PasswordCredentials: []PasswordCredential{{DisplayName: ptr("one")}}})
	client := b.application(&Application{DisplayName: "Client", UniqueName: ptr("s.client"),
		RequiredResourceAccess: []RequiredResourceAccess{{api.AppID, []ResourceAccess{{scope("read").ID, "Scope"}}}}})
	b.update(func(tx *Tx) error {
		app, _ := tx.Application(api.ID)
		app = app.Clone()
		app.IdentifierUris = []string{"api://" + app.AppID}
		app.API.OAuth2PermissionScopes, app.AppRoles = []PermissionScope{scope("read"), scope("write")}, []AppRole{role("Admin")}
		if backwards {
			slices.Reverse(app.API.OAuth2PermissionScopes)
		}
		return tx.UpdateApplication(app)
	})
	b.update(func(tx *Tx) error {
		app, _ := tx.Application(api.ID)
		app = app.Clone()
		app.API.PreAuthorizedApplications = []PreAuthorizedApplication{{client.AppID, []string{scope("write").ID}}}
		return tx.UpdateApplication(app)
	})
	resource, consumer := b.principal(api), b.principal(client)
	b.assign(b.group("operators", people...).ID, resource.ID, id("role Admin"))
	b.update(func(tx *Tx) error {
		scope := "read write"
		if backwards {
			scope = "write read"
		}
		_, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: consumer.ID, ResourceID: resource.ID, ConsentType: "AllPrincipals", Scope: scope})
		return err
	})
	gone := b.application(&Application{DisplayName: "gone"})
	b.update(func(tx *Tx) error { return tx.DeleteApplication(gone.ID) })
	return b
}

func dump(t *testing.T, b book) string {
	t.Helper()
	data, err := b.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCanonicalDump(t *testing.T) {
	t.Parallel()
	first, second := build(t, noon, false), build(t, noon.AddDate(1, 0, 0), true)
	text := dump(t, first)
	if diff := cmp.Diff(text, dump(t, second)); diff != "" {
		t.Errorf("two tenants built to the same end differ:\n%s", diff)
	}
	for _, want := range []string{
		`"api://${s.api.appId}"`, `"principal": "operators"`, `"role": "Admin"`, `"scope": "read write"`, `"type": "Scope read"`,
		`"ada@contoso.onmicrosoft.com"`, `"displayName": "gone"`, `"resourceAppId": "${s.api.appId}"`, `"write"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the dump lacks %s", want)
		}
	}
	for _, passing := range []string{first.Tenant().ID, first.Administrator().ClientID, "2026-", `"keyId"`, `"hint"`, `"hash"`} {
		if strings.Contains(text, passing) {
			t.Errorf("the dump holds %s", passing)
		}
	}
}

func TestDumpShowsEveryDifference(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(tx *Tx, app *Application) error{
		"a redirect": func(tx *Tx, app *Application) error {
			app.Web.RedirectURIs = []string{"https://example.com"}
			return tx.UpdateApplication(app)
		},
		"a scope's state": func(tx *Tx, app *Application) error {
			app.API.OAuth2PermissionScopes[0].IsEnabled = false
			return tx.UpdateApplication(app)
		},
		"a pre-authorization": func(tx *Tx, app *Application) error {
			app.API.PreAuthorizedApplications[0].DelegatedPermissionIDs = []string{scope("read").ID}
			return tx.UpdateApplication(app)
		},
		"a secret": func(tx *Tx, app *Application) error {
			_, err := tx.AddPassword(app.ID, PasswordCredential{})
			return err
		},
		"an assignment": func(tx *Tx, app *Application) error {
			sp, _ := tx.ServicePrincipalByAppID(app.AppID)
			return tx.DeleteAssignment(tx.AssignmentsTo(sp.ID)[0].ID)
		},
		"a federated credential": func(tx *Tx, app *Application) error {
			_, err := tx.AddFederatedCredential(app.ID, credential("main", "repo:main"))
			return err
		},
		"an administrative unit": func(tx *Tx, app *Application) error {
			_, err := tx.CreateAdministrativeUnit(&AdministrativeUnit{DisplayName: "unit"})
			return err
		},
		"a directory role": func(tx *Tx, app *Application) error {
			u, _ := tx.UserByUPN("ada@contoso.onmicrosoft.com")
			return tx.AddRoleMember(GlobalAdministrator, u.ID)
		},
		"a manager": func(tx *Tx, app *Application) error {
			u, _ := tx.UserByUPN("ada@contoso.onmicrosoft.com")
			boss, _ := tx.UserByUPN("bob@contoso.onmicrosoft.com")
			return tx.SetManager(u.ID, boss.ID)
		},
		"a certificate": func(tx *Tx, app *Application) error {
			sp, _ := tx.ServicePrincipalByAppID(app.AppID)
			_, err := tx.AddTokenSigningCertificate(sp.ID, "", time.Time{})
			return err
		},
		"a grant": func(tx *Tx, app *Application) error {
			sp, _ := tx.ServicePrincipalByAppID(app.AppID)
			return tx.UpdateGrant(tx.GrantsTo(sp.ID)[0].ID, "read")
		},
		"a principal's property": func(tx *Tx, app *Application) error {
			sp, _ := tx.ServicePrincipalByAppID(app.AppID)
			sp = sp.Clone()
			sp.AppRoleAssignmentRequired = true
			return tx.UpdateServicePrincipal(sp)
		},
		"an owner": func(tx *Tx, app *Application) error {
			u, _ := tx.UserByUPN("ada@contoso.onmicrosoft.com")
			return tx.AddOwner(app.ID, u.ID)
		},
		"the recycle bin": func(tx *Tx, app *Application) error { return tx.DeleteApplication(app.ID) },
	} {
		b := build(t, noon, false)
		before := dump(t, b)
		b.update(func(tx *Tx) error {
			app, _ := tx.ApplicationByUniqueName("s.api")
			return change(tx, app.Clone())
		})
		if dump(t, b) == before {
			t.Errorf("%s makes no difference", name)
		}
	}
}
