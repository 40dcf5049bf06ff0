package directory

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var errUndo = errors.New("undo")

func TestReopenedDirectoryIsTheSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	open := func(seed Seed) book {
		d, err := Open(path, seed, clock)
		if err != nil {
			t.Fatal(err)
		}
		return book{t, d}
	}
	b := open(Seed{})
	app := b.application(&Application{DisplayName: "orders", UniqueName: ptr("s.orders"), IsFallbackPublicClient: ptr(false),
		AppRoles: []AppRole{role("Admin")}, PasswordCredentials: []PasswordCredential{{DisplayName: ptr("one")}}})
	sp := b.principal(app)
	u := b.user("ada")
	g := b.group("operators", u.ID)
	b.assign(g.ID, sp.ID, id("role Admin"))
	b.update(func(tx *Tx) error {
		if err := tx.AddOwner(app.ID, u.ID); err != nil {
			return err
		}
		if _, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: sp.ID, ResourceID: sp.ID, ConsentType: "AllPrincipals", Scope: "x"}); err != nil {
			return err
		}
		if _, err := tx.AddFederatedCredential(app.ID, credential("main", "repo:main")); err != nil {
			return err
		}
		boss, err := tx.CreateUser(user("boss"), password)
		if err != nil {
			return err
		}
		if err := tx.SetManager(u.ID, boss.ID); err != nil {
			return err
		}
		own, err := tx.CreateRoleDefinition(&RoleDefinition{DisplayName: "own", RolePermissions: []RolePermission{{AllowedResourceActions: []string{"x"}}}})
		if err != nil {
			return err
		}
		unit, err := tx.CreateAdministrativeUnit(&AdministrativeUnit{DisplayName: "unit"})
		if err != nil {
			return err
		}
		if err := tx.AddUnitMember(unit.ID, u.ID); err != nil {
			return err
		}
		if _, err := tx.AssignRole(&RoleAssignment{PrincipalID: u.ID, RoleDefinitionID: own.ID}); err != nil {
			return err
		}
		if _, err := tx.AddTokenSigningCertificate(sp.ID, "", time.Time{}); err != nil {
			return err
		}
		return tx.SetPassword(u.ID, "Other-Horse-2", true)
	})
	if err := b.Save("keys", "signing", []byte("k")); err != nil {
		t.Fatal(err)
	}
	tenant, admin := b.Tenant(), b.Administrator()
	tables := b.View().tables()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = open(Seed{TenantID: id("another")})
	defer b.Close()
	if b.Tenant() != tenant || b.Administrator() != admin {
		t.Error("the tenant or its administrator changed")
	}
	if diff := cmp.Diff(tables, b.View().tables()); diff != "" {
		t.Errorf("objects changed, hidden fields among them (-before +after):\n%s", diff)
	}
	if value, ok := b.Load("keys", "signing"); !ok || string(value) != "k" {
		t.Error("a saved value is gone")
	}
	if found, _ := b.ServicePrincipalByName("00000003-0000-0000-C000-000000000000"); found == nil || len(found.AppRoles) < 500 || len(found.OAuth2PermissionScopes) < 500 {
		t.Error("Microsoft Graph lacks its permissions")
	}
}

func TestStoreAdmitsOneProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = Open(path, Seed{}, clock)
	check(t, "a second opening", err, "another process has it open")
}

func TestFailedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	before := b.View().tables()
	err := b.Update(func(tx *Tx) error {
		app, err := tx.CreateApplication(&Application{DisplayName: "orders", UniqueName: ptr("s.orders")})
		if err != nil {
			return err
		}
		if _, ok := tx.ApplicationByUniqueName("s.orders"); !ok {
			t.Error("a transaction does not read its own writes")
		}
		if _, ok := b.ApplicationByUniqueName("s.orders"); ok {
			t.Error("a read sees what is not kept yet")
		}
		if err := tx.DeleteApplication(app.ID); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, b.View().tables()); diff != "" {
		t.Errorf("something was kept:\n%s", diff)
	}
}

func TestViewDoesNotChange(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	view := b.View()
	app := b.application(&Application{DisplayName: "orders"})
	if _, ok := view.Application(app.ID); ok {
		t.Error("a view shows what was made after it")
	}
	if _, ok := b.View().Application(app.ID); !ok {
		t.Error("a new view does not show it")
	}
}

func TestCallersCannotReachStoredObjects(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	mine := &Application{DisplayName: "orders", Tags: []string{"a"}}
	stored := b.application(mine)
	mine.Tags[0] = "changed"
	if app, _ := b.Application(stored.ID); app.Tags[0] != "a" {
		t.Error("a write to the caller's struct reached the directory")
	}
	clone := stored.Clone()
	clone.Tags[0] = "changed"
	if app, _ := b.Application(stored.ID); app.Tags[0] != "a" {
		t.Error("a write to a clone reached the directory")
	}
}

func TestSaveOnceSucceedsOnce(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", filepath.Join(t.TempDir(), "directory.db")} {
		d, err := Open(path, Seed{}, clock)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var wins sync.Map
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				stored, err := d.SaveOnce("codes", "c", []byte{byte(i)})
				if err != nil {
					t.Error(err)
				}
				if stored {
					wins.Store(i, true)
				}
			})
		}
		group.Wait()
		n := 0
		wins.Range(func(key, _ any) bool {
			n++
			if value, _ := d.Load("codes", "c"); value[0] != byte(key.(int)) {
				t.Error("the kept value is not the winner's")
			}
			return true
		})
		if n != 1 {
			t.Errorf("%d callers kept one key", n)
		}
		if err := d.Save("codes", "b", nil); err != nil {
			t.Fatal(err)
		}
		if keys := d.Keys("codes"); !slices.Equal(keys, []string{"b", "c"}) {
			t.Errorf("the keys are %v", keys)
		}
		if err := d.Remove("codes", "c"); err != nil {
			t.Fatal(err)
		}
		if _, ok := d.Load("codes", "c"); ok {
			t.Error("a removed key is still there")
		}
	}
}
