package directory

import (
	"errors"
	"testing"
	"time"
)

// lagging opens a directory whose writes are visible after 10 seconds, and returns a function
// that advances its clock.
func lagging(t *testing.T) (d *Directory, pass func(time.Duration)) {
	t.Helper()
	now := clock()
	d, err := Open("", Seed{}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	d.SetLag(Lag{Delay: 10 * time.Second})
	return d, func(by time.Duration) { now = now.Add(by) }
}

func TestLaggedWriteBecomesVisible(t *testing.T) {
	t.Parallel()
	d, pass := lagging(t)
	var id string
	write := func(change func(*Tx) error) {
		t.Helper()
		if err := d.Update(change); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *Tx) error {
		app, err := tx.CreateApplication(&Application{DisplayName: "one"})
		id = app.ID
		return err
	})
	pass(4 * time.Second)
	rename := func(name string) func(*Tx) error {
		return func(tx *Tx) error {
			app, _ := tx.Application(id)
			app = app.Clone()
			app.DisplayName = name
			return tx.UpdateApplication(app)
		}
	}
	write(rename("two"))
	seen := func() string {
		if app, ok := d.Seen().Application(id); ok {
			return app.DisplayName
		}
		return ""
	}
	for _, step := range []struct {
		pass time.Duration
		want string
	}{{0, ""}, {6*time.Second - 1, ""}, {1, "one"}, {4*time.Second - 1, "one"}, {1, "two"}, {time.Hour, "two"}} {
		pass(step.pass)
		if got := seen(); got != step.want {
			t.Errorf("after %v more the application is seen as %q, want %q", step.pass, got, step.want)
		}
	}
	write(rename("three"))
	if app, ok := d.Application(id); !ok || app.DisplayName != "three" || seen() != "two" {
		t.Errorf("a write is not stored immediately, or is visible immediately")
	}
	d.SetLag(Lag{})
	if seen() != "three" {
		t.Errorf("without a lag %q is seen, want what is written", seen())
	}
	d.SetLag(Lag{Delay: time.Minute})
	if seen() != "three" {
		t.Errorf("a lag hides what was seen before")
	}
}

func TestInvisibleObjectsAreNotReferenced(t *testing.T) {
	t.Parallel()
	d, pass := lagging(t)
	name := "orders"
	var app *Application
	if err := d.Update(func(tx *Tx) (err error) {
		app, err = tx.CreateApplication(&Application{DisplayName: name, UniqueName: &name})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var sp *ServicePrincipal
	create := func(tx *Tx) (err error) {
		sp, err = tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
		return err
	}
	check(t, "a service principal of a new application", d.Update(create), "does not reference a valid application object")
	check(t, "a name that is taken and not seen", d.Update(func(tx *Tx) error {
		_, err := tx.CreateApplication(&Application{DisplayName: name, UniqueName: &name})
		return err
	}), "already exists")
	if err := d.UpdateAtOnce(func(tx *Tx) error {
		if err := create(tx); err != nil {
			return err
		}
		return errors.New("only tried")
	}); err == nil || err.Error() != "only tried" {
		t.Errorf("a service that need not wait is told %v", err)
	}
	pass(10 * time.Second)
	if err := d.Update(create); err != nil {
		t.Fatal(err)
	}
	graph, _ := d.ServicePrincipalByAppID(MicrosoftGraphAppID)
	grant := func(tx *Tx) error {
		_, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: sp.ID, ResourceID: graph.ID, ConsentType: "AllPrincipals", Scope: "User.Read"})
		return err
	}
	check(t, "a grant to a new service principal", d.Update(grant), "does not exist")
	check(t, "a role for a new service principal", d.Update(func(tx *Tx) error {
		_, err := tx.CreateAssignment(&AppRoleAssignment{PrincipalID: sp.ID, ResourceID: graph.ID, AppRoleID: graph.AppRoles[0].ID})
		return err
	}), "does not exist")
	check(t, "a new service principal as owner", d.Update(func(tx *Tx) error { return tx.AddOwner(app.ID, sp.ID) }), "does not exist")
	pass(10 * time.Second)
	if err := d.Update(grant); err != nil {
		t.Errorf("a grant once the service principal is seen: %v", err)
	}
}

func TestDisabledScopeStaysEnabledDuringTheLag(t *testing.T) {
	t.Parallel()
	d, pass := lagging(t)
	var app *Application
	update := func(change func(*Application)) error {
		return d.Update(func(tx *Tx) error {
			now, _ := tx.Application(app.ID)
			now = now.Clone()
			change(now)
			return tx.UpdateApplication(now)
		})
	}
	if err := d.Update(func(tx *Tx) (err error) {
		app, err = tx.CreateApplication(&Application{DisplayName: "orders", AppRoles: []AppRole{role("Admin")},
			API: APIApplication{OAuth2PermissionScopes: []PermissionScope{scope("read")}}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	authorize := func(a *Application) {
		a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{AppID: a.AppID, DelegatedPermissionIDs: []string{a.API.OAuth2PermissionScopes[len(a.API.OAuth2PermissionScopes)-1].ID}}}
	}
	pass(10 * time.Second)
	if err := update(func(a *Application) {
		a.API.OAuth2PermissionScopes = append(a.API.OAuth2PermissionScopes, scope("write"))
	}); err != nil {
		t.Fatal(err)
	}
	check(t, "pre-authorization for a new scope", update(authorize), "cannot be found")
	pass(10 * time.Second)
	if err := update(authorize); err != nil {
		t.Errorf("pre-authorization once the scope is seen: %v", err)
	}
	if err := update(func(a *Application) { a.AppRoles[0].IsEnabled = false }); err != nil {
		t.Fatal(err)
	}
	drop := func(a *Application) { a.AppRoles = nil }
	check(t, "to drop a role that was disabled just now", update(drop), "unless disabled first")
	pass(10 * time.Second)
	if err := update(drop); err != nil {
		t.Errorf("to drop a role that is seen disabled: %v", err)
	}
	if err := update(func(a *Application) { a.DisplayName = "anything" }); err != nil {
		t.Errorf("a change of something else: %v", err)
	}
}

// TestReadYourWrites: the writer sees a write immediately, others after the lag.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	d, pass := lagging(t)
	d.SetLag(Lag{Delay: 10 * time.Second, ReadYourWrites: true})
	create := func(writer, name string) (id string) {
		t.Helper()
		err := d.UpdateBy(writer, func(tx *Tx) error {
			app, err := tx.CreateApplication(&Application{DisplayName: name})
			if err == nil {
				id = app.ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	sees := func(reader, id string) bool {
		_, ok := d.SeenBy(reader).Application(id)
		return ok
	}
	one := create("ada", "one")
	if !sees("ada", one) || sees("bob", one) || sees("", one) {
		t.Error("at first it is not shown to its writer alone")
	}
	pass(5 * time.Second)
	two := create("bob", "two")
	if sees("ada", two) || !sees("bob", two) || !sees("ada", one) {
		t.Error("a write is shown to another caller, or no longer to its writer")
	}
	// Only the writer can refer to a new object immediately.
	refer := func(writer string) error {
		return d.UpdateBy(writer, func(tx *Tx) error {
			app, _ := tx.Application(two)
			_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
			return err
		})
	}
	check(t, "refer to another's", refer("cy"), "does not reference a valid application")
	check(t, "refer to the caller's own write", refer("bob"), "")
	pass(5 * time.Second)
	if !sees("cy", one) || sees("cy", two) {
		t.Error("after the lag of the first it is not the first alone that all see")
	}
	pass(5 * time.Second)
	if !sees("cy", two) || !sees("", two) {
		t.Error("after the lag it is not shown to all")
	}
}

// TestJitter: jitter can only delay a write, and its writer continues to see it.
func TestJitter(t *testing.T) {
	t.Parallel()
	d, pass := lagging(t)
	d.SetLag(Lag{Delay: time.Second, Jitter: 10 * time.Second, ReadYourWrites: true})
	var ids []string
	for range 20 {
		err := d.UpdateBy("ada", func(tx *Tx) error {
			app, err := tx.CreateApplication(&Application{DisplayName: "x"})
			if err == nil {
				ids = append(ids, app.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	count := func(reader string) (n int) {
		for _, id := range ids {
			if _, ok := d.SeenBy(reader).Application(id); ok {
				n++
			}
		}
		return n
	}
	pass(time.Second - 1)
	if count("") != 0 {
		t.Error("a write is seen before its delay has passed")
	}
	between := false
	for before := 0; before < len(ids); {
		pass(500 * time.Millisecond)
		now := count("")
		if now < before || count("ada") != len(ids) {
			t.Fatalf("seen: %d and then %d; by the writer %d of %d", before, now, count("ada"), len(ids))
		}
		between = between || 0 < now && now < len(ids)
		before = now
	}
	if !between {
		t.Error("all became visible at the same time")
	}
}

func TestParseLag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Lag{
		"0s":                              {},
		"5s":                              {Delay: 5 * time.Second},
		"2s,read-your-writes":             {Delay: 2 * time.Second, ReadYourWrites: true},
		"2s, jitter=1s, read-your-writes": {2 * time.Second, time.Second, true},
		"0s,jitter=1s":                    {Jitter: time.Second},
	} {
		got, err := ParseLag(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if again, err := ParseLag(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, text := range []string{"", "5", "-1s", "2s,jitter=-1s", "2s,jitter", "2s,read-my-writes", "read-your-writes", "2s,"} {
		if got, err := ParseLag(text); err == nil {
			t.Errorf("%q: %v, want a refusal", text, got)
		}
	}
}
