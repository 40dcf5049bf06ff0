package directory

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func export(t *testing.T, d *Directory) []byte {
	t.Helper()
	data, err := d.Export()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSnapshotRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.db")
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	b := book{t, d}
	app := b.application(&Application{DisplayName: "api", UniqueName: ptr("s.api"), AppRoles: []AppRole{role("Admin")}})
	sp, ada := b.principal(app), b.user("ada")
	b.group("operators", ada.ID)
	b.assign(ada.ID, sp.ID, role("Admin").ID)
	var secret PasswordCredential
	b.update(func(tx *Tx) (err error) {
		secret, err = tx.AddPassword(app.ID, PasswordCredential{})
		return err
	})
	snapshot, version := export(t, d), d.Version()
	for _, hidden := range []string{*secret.SecretText, password, d.Administrator().Secret} {
		if bytes.Contains(snapshot, []byte(hidden)) {
			t.Error("the snapshot holds a secret in clear")
		}
	}

	b.update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) })
	b.update(func(tx *Tx) error { return tx.Purge(app.ID) })
	b.application(&Application{DisplayName: "another", UniqueName: ptr("s.api")}) // this object has the name now
	b.update(func(tx *Tx) error { return tx.DeleteUser(ada.ID) })
	if err := d.Import(snapshot); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(export(t, d), snapshot) {
		t.Errorf("after the import the directory is:\n%s\nwant\n%s", export(t, d), snapshot)
	}
	if d.Version() <= version {
		t.Error("delta queries do not hear of the import")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(path, Seed{}, clock); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !bytes.Equal(export(t, d), snapshot) {
		t.Error("the import is not kept")
	}
	if u, ok := d.UserByUPN(ada.UserPrincipalName); !ok || !u.CheckPassword(password) {
		t.Error("a user's password is not what it was")
	}
	if again, ok := d.ApplicationByUniqueName("s.api"); !ok || !again.PasswordCredentials[0].Matches(*secret.SecretText) {
		t.Error("a secret is not what it was")
	}

	if err := d.Reset(); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.ApplicationByUniqueName("s.api"); ok {
		t.Error("a reset keeps an application")
	}
	if app, ok := d.ApplicationByAppID(d.Administrator().ClientID); !ok || !app.PasswordCredentials[0].Matches(d.Administrator().Secret) {
		t.Error("after a reset the administrator is another")
	}
}

func TestInvalidSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app := b.application(&Application{DisplayName: "api", UniqueName: ptr("s.api")})
	sp := b.principal(app)
	graph, _ := b.ServicePrincipalByAppID(MicrosoftGraphAppID)
	b.update(func(tx *Tx) error {
		_, err := tx.CreateGrant(&OAuth2PermissionGrant{ClientID: sp.ID, ResourceID: graph.ID, ConsentType: "AllPrincipals", Scope: "User.Read"})
		return err
	})
	whole := string(export(t, b.Directory))
	for name, c := range map[string]struct{ snapshot, want string }{
		"no JSON":              {"", "not a JSON object"},
		"a canonical one":      {`{"applications":[]}`, "format=full"},
		"another tenant's":     {strings.ReplaceAll(whole, b.Tenant().ID, newID()), "409 Conflict"},
		"half of one":          {`{"tenant":{"id":"` + b.Tenant().ID + `"}}`, "it lacks administrativeUnits"},
		"something unknown":    {strings.Replace(whole, `"applications"`, `"programs"`, 1), `"programs"`},
		"no object":            {strings.Replace(whole, `"groups": []`, `"groups": [1]`, 1), "groups[0]"},
		"an object with no id": {strings.Replace(whole, `"groups": []`, `"groups": [{}]`, 1), "groups[0]"},
		"an appId twice":       {strings.ReplaceAll(whole, b.Administrator().ClientID, app.AppID), "has the appId of another"},
		"a grant to nobody":    {strings.Replace(whole, `"clientId": "`+sp.ID, `"clientId": "`+newID(), 1), "which is not in it"},
	} {
		before := whole
		err := b.Import([]byte(c.snapshot))
		check(t, name, err, c.want)
		if err == nil || string(export(t, b.Directory)) != before {
			t.Errorf("%s: something is changed", name)
		}
	}
}

// FuzzImport imports modified snapshots: an accepted snapshot can be exported and dumped, and a
// refused one changes nothing.
func FuzzImport(f *testing.F) {
	d, err := Open("", Seed{TenantID: id("tenant")}, clock)
	if err != nil {
		f.Fatal(err)
	}
	whole, err := d.Export()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole), "")
	f.Add(`"groups": []`, `"groups": [{"id":"`+id("g")+`","members":["x"]}]`)
	f.Add(`"users": []`, `"users": [{"id":"`+id("u")+`","deletedDateTime":"2026-01-01T00:00:00Z"}]`)
	f.Add(`"deletedDateTime": null`, `"deletedDateTime": 1`)
	f.Fuzz(func(t *testing.T, old, replacement string) {
		if err := d.Reset(); err != nil {
			t.Fatal(err)
		}
		err := d.Import([]byte(strings.ReplaceAll(string(whole), old, replacement)))
		after, failed := d.Export()
		if failed != nil {
			t.Fatal(failed)
		}
		if err != nil && !bytes.Equal(after, whole) {
			t.Errorf("a refused snapshot changed the directory: %v", err)
		}
		if _, err := d.Canonical(); err != nil {
			t.Errorf("the directory cannot be written by natural keys: %v", err)
		}
	})
}
