package directory

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openTenants opens the tenants of a folder, and closes them when the test ends.
func openTenants(t *testing.T, folder string) (home book, all *Tenants) {
	t.Helper()
	all, err := OpenTenants(folder, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { all.Close() })
	return book{t, all.Home()}, all
}

func (b book) beside(all *Tenants, domain string) book {
	b.Helper()
	d, err := all.Create(Seed{Domain: domain})
	if err != nil {
		b.Fatal(err)
	}
	return book{b.T, d}
}

func multiTenant(name string) *Application {
	return &Application{DisplayName: name, SignInAudience: "AzureADMultipleOrgs", IdentifierUris: []string{"https://contoso.onmicrosoft.com/" + name}}
}

func TestTenants(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	home, all := openTenants(t, folder)
	fabrikam := home.beside(all, "fabrikam.onmicrosoft.com")
	home.beside(all, "adatum.example")
	fabrikam.user("bob").ID = ""
	for name, seed := range map[string]Seed{
		"409 ": {Domain: "Fabrikam.onmicrosoft.com"},
		"409":  {Domain: "new.example", TenantID: all.Home().Tenant().ID},
		"400":  {Domain: "localhost"},
		"400 ": {Domain: "../x.example"},
		" 400": {Domain: "new.example", TenantID: "../x"},
		"":     {Domain: "new.example", DisplayName: "New"},
	} {
		_, err := all.Create(seed)
		check(t, seed.Domain, err, strings.TrimSpace(name))
	}
	var domains []string
	for _, d := range all.All() {
		domains = append(domains, d.Tenant().Domain)
	}
	if !slices.Equal(domains, []string{"contoso.onmicrosoft.com", "adatum.example", "fabrikam.onmicrosoft.com", "new.example"}) {
		t.Errorf("tenants %v", domains)
	}
	if fabrikam.Tenant().DisplayName != "Fabrikam" || fabrikam.Administrator().ClientID == home.Administrator().ClientID {
		t.Errorf("%+v", fabrikam.Tenant())
	}
	before := fabrikam.Tenant()
	if err := all.Close(); err != nil {
		t.Fatal(err)
	}
	// The files of a killed Create are not a tenant.
	if err := os.WriteFile(filepath.Join(folder, "tenants", "left.db"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, all = openTenants(t, folder)
	for _, name := range []string{before.ID, "FABRIKAM.onmicrosoft.com"} {
		again, found := all.Find(name)
		if !found || again.Tenant() != before {
			t.Fatalf("%s: %v", name, found)
		}
		if _, found := again.UserByUPN("bob@fabrikam.onmicrosoft.com"); !found {
			t.Error("its users are gone")
		}
	}
	if len(all.All()) != 4 {
		t.Errorf("%d tenants", len(all.All()))
	}
}

func TestForeignServicePrincipal(t *testing.T) {
	t.Parallel()
	home, all := openTenants(t, t.TempDir())
	fabrikam := home.beside(all, "fabrikam.onmicrosoft.com")
	app, own := home.application(multiTenant("app")), home.application(&Application{DisplayName: "own"})
	here := func(app *Application) error {
		return fabrikam.Update(func(tx *Tx) error {
			_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID, AccountEnabled: true, Tags: []string{"mine"}})
			return err
		})
	}
	check(t, "single-tenant", here(own), "does not reference a valid application object")
	check(t, "multi-tenant", here(app), "")
	check(t, "again", here(app), "409 ")
	sp, found := fabrikam.ServicePrincipalByName("https://contoso.onmicrosoft.com/app")
	if !found || *sp.AppOwnerOrganizationID != home.Tenant().ID || sp.DisplayName != "app" {
		t.Fatalf("service principal %+v", sp)
	}

	rename := func(d *Directory, name string) {
		t.Helper()
		changed, _ := d.Application(app.ID)
		changed = changed.Clone()
		changed.DisplayName, changed.AppRoles = name, []AppRole{role("Job", "Application")}
		check(t, name, d.Update(func(tx *Tx) error { return tx.UpdateApplication(changed) }), "")
	}
	shown := func(fabrikam *Directory, name string) {
		t.Helper()
		sp, _ := fabrikam.ServicePrincipalByAppID(app.AppID)
		if sp.DisplayName != name || len(sp.AppRoles) != 1 || *sp.AppOwnerOrganizationID != home.Tenant().ID || !slices.Equal(sp.Tags, []string{"mine"}) {
			t.Errorf("want %s, have %+v", name, sp)
		}
	}
	rename(home.Directory, "renamed")
	shown(fabrikam.Directory, "renamed")
	check(t, "update", fabrikam.Update(func(tx *Tx) error {
		changed := sp.Clone()
		changed.AppRoleAssignmentRequired = true
		return tx.UpdateServicePrincipal(changed)
	}), "")
	shown(fabrikam.Directory, "renamed")
	check(t, "recycled", fabrikam.Update(func(tx *Tx) error {
		if err := tx.DeleteServicePrincipal(sp.ID); err != nil {
			return err
		}
		_, err := tx.Restore(sp.ID)
		return err
	}), "")
	shown(fabrikam.Directory, "renamed")

	// An older snapshot contains the application in its current state.
	snapshot := export(t, fabrikam.Directory)
	rename(home.Directory, "renamed since")
	check(t, "import", fabrikam.Import(snapshot), "")
	shown(fabrikam.Directory, "renamed since")

	// The process is killed between the change and the write of the mirror.
	path := filepath.Join(all.folder, homeFile)
	if err := all.Close(); err != nil {
		t.Fatal(err)
	}
	alone, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	rename(alone, "renamed again")
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	_, all = openTenants(t, all.folder)
	again, _ := all.Find("fabrikam.onmicrosoft.com")
	shown(again, "renamed again")

	// Without its registration, the service principal does not change.
	check(t, "delete", all.Home().Update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) }), "")
	shown(again, "renamed again")
}

func TestDumpOfATenantWithForeignApplications(t *testing.T) {
	t.Parallel()
	dump := func(order ...string) string {
		home, all := openTenants(t, "")
		fabrikam := home.beside(all, "fabrikam.onmicrosoft.com")
		for _, name := range order {
			app := home.application(multiTenant(name))
			fabrikam.update(func(tx *Tx) error {
				_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
				return err
			})
		}
		data, err := fabrikam.Canonical()
		check(t, "dump", err, "")
		return string(data)
	}
	first := dump("one", "two", "three")
	if first != dump("three", "one", "two") {
		t.Error("the same content gives other bytes")
	}
	if !strings.Contains(first, `"${one.tenant.id}"`) {
		t.Error("the other tenant has no name")
	}
}

func TestNameIsTakenInTheOtherTenant(t *testing.T) {
	t.Parallel()
	home, all := openTenants(t, "")
	fabrikam := home.beside(all, "fabrikam.onmicrosoft.com")
	app := multiTenant("app")
	app.IdentifierUris = []string{"api://same"}
	app.API.RequestedAccessTokenVersion = ptr(2)
	fabrikam.principal(fabrikam.application(app.Clone()))
	app = home.application(app)
	check(t, "consent", fabrikam.Update(func(tx *Tx) error {
		_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
		return err
	}), "api://same is already in use")
}

func TestMirrorsAreNotMissed(t *testing.T) {
	t.Parallel()
	home, all := openTenants(t, "")
	fabrikam := home.beside(all, "fabrikam.onmicrosoft.com")
	app := home.application(multiTenant("app"))
	made := make(chan error)
	go func() {
		made <- fabrikam.Update(func(tx *Tx) error {
			_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
			return err
		})
	}()
	changed := app.Clone()
	changed.DisplayName = "renamed"
	check(t, "rename", home.Update(func(tx *Tx) error { return tx.UpdateApplication(changed) }), "")
	check(t, "consent", <-made, "")
	if sp, _ := fabrikam.ServicePrincipalByAppID(app.AppID); sp.DisplayName != "renamed" {
		t.Errorf("the service principal is that of %q", sp.DisplayName)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	b := book{t, d}
	ada := b.user("ada")
	invite := func(address string) (u *User, err error) {
		err = b.Update(func(tx *Tx) (err error) {
			u, err = tx.InviteUser(address, "", false)
			return err
		})
		return u, err
	}
	_, err = invite("bob at fabrikam")
	check(t, "no address", err, "400 ")
	_, err = invite(ada.UserPrincipalName)
	check(t, "a member", err, "already exists in the directory as object ID: "+ada.ID)
	guest, err := invite("bob.with-a-rather-long-name@a-domain-of-no-mean-length.fabrikam.example")
	check(t, "guest", err, "")
	if guest.UserPrincipalName != "bob.with-a-rather-long-name_a-domain-of-no-mean-length.fabrikam.example#EXT#@contoso.onmicrosoft.com" ||
		guest.UserType != "Guest" || *guest.CreationType != "Invitation" || guest.CheckPassword("") {
		t.Errorf("guest %+v", guest)
	}
	if again, err := invite(*guest.Mail); err != nil || again.ID != guest.ID {
		t.Errorf("invited again: %v %v", again, err)
	}
	account := HomeAccount{id("tenant"), id("bob")}
	if _, found := b.GuestOf(account); found {
		t.Error("nobody has accepted yet")
	}
	pending, found := b.InvitedAs(strings.ToUpper(*guest.Mail))
	if !found || pending.ID != guest.ID {
		t.Fatal("the invitation is not found")
	}
	b.update(func(tx *Tx) error { _, err := tx.AcceptInvitation(guest.ID, account); return err })
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(path, Seed{}, clock); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if u, found := d.GuestOf(account); !found || u.ID != guest.ID || *u.ExternalUserState != "Accepted" {
		t.Errorf("guest %+v", u)
	}
	if _, found := d.InvitedAs(*guest.Mail); found {
		t.Error("accepted and still invited")
	}
	if _, found := d.GuestOf(HomeAccount{}); found {
		t.Error("everybody is a guest of nobody")
	}
}
