package directory

import (
	"path/filepath"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func TestReopenedDirectoryIsTheSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	admin, tenant := d.Administrator(), d.Tenant()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = Open(path, Seed{TenantID: "other"}, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Tenant() != tenant || d.Administrator() != admin {
		t.Errorf("tenant %v, administrator %v changed", d.Tenant(), d.Administrator())
	}
	app, ok := d.ApplicationByAppID(admin.ClientID)
	if !ok || !app.PasswordCredentials[0].Matches(admin.Secret) {
		t.Error("the administrator's secret no longer matches")
	}
	sp, ok := d.ServicePrincipalByName(admin.ClientID)
	if !ok || sp.ID != admin.ObjectID || len(d.AssignmentsOf(sp.ID)) != len(administratorRoles) {
		t.Errorf("the administrator's principal %v has %d roles", sp, len(d.AssignmentsOf(admin.ObjectID)))
	}
	if graph, ok := d.ServicePrincipalByName("https://graph.microsoft.com"); !ok || len(graph.AppRoles) < 500 || len(graph.OAuth2PermissionScopes) < 500 {
		t.Error("microsoft graph lacks its permissions")
	}
}
