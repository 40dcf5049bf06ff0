package directory

import (
	"runtime"
	"testing"
	"weak"
)

// TestObjectsKeepNoFormerState: an object that refers to the Update that wrote it would keep the
// whole former state in memory, and a tenant with many deleted objects would use many times the
// memory of its content.
func TestObjectsKeepNoFormerState(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app := b.application(&Application{DisplayName: "app"})
	other := b.principal(b.application(&Application{DisplayName: "other"}))
	b.principal(app)
	user, group := b.user("ada"), b.group("team")
	var guest *User
	for _, write := range []struct {
		name string
		do   func(*Tx) error
	}{
		{"create an application", func(tx *Tx) error { _, err := tx.CreateApplication(&Application{DisplayName: "new"}); return err }},
		{"add a secret", func(tx *Tx) error { _, err := tx.AddPassword(app.ID, PasswordCredential{}); return err }},
		{"invite a guest", func(tx *Tx) (err error) { guest, err = tx.InviteUser("eve@fabrikam.com", "", false); return err }},
		{"accept the invitation", func(tx *Tx) error { _, err := tx.AcceptInvitation(guest.ID, HomeAccount{"t", "o"}); return err }},
		{"reset the redemption", func(tx *Tx) error { _, err := tx.ResetRedemption(guest.ID); return err }},
		{"delete an application", func(tx *Tx) error { return tx.DeleteApplication(app.ID) }},
		{"delete a service principal", func(tx *Tx) error { return tx.DeleteServicePrincipal(other.ID) }},
		{"delete a user", func(tx *Tx) error { return tx.DeleteUser(user.ID) }},
		{"delete a group", func(tx *Tx) error { return tx.DeleteGroup(group.ID) }},
		{"restore an application", func(tx *Tx) error { _, err := tx.Restore(app.ID); return err }},
	} {
		var of weak.Pointer[Tx]
		b.update(func(tx *Tx) error {
			of = weak.Make(tx)
			return write.do(tx)
		})
		runtime.GC()
		if of.Value() != nil {
			t.Errorf("%s: the tenant keeps the Update", write.name)
		}
	}
	runtime.KeepAlive(b)
}
