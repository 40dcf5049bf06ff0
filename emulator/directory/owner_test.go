package directory

import "testing"

// TestAGroupKeepsItsLastOwner if this owner is a user.
func TestAGroupKeepsItsLastOwner(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	bert := s.user("bert")
	step := func(what, want string, change func(*Tx) error) {
		t.Helper()
		check(t, what, s.Update(change), want)
	}
	step("the first owner", "", func(tx *Tx) error { return tx.AddOwner(s.group.ID, s.ada.ID) })
	step("an application", "", func(tx *Tx) error { return tx.AddOwner(s.group.ID, s.client.ID) })
	step("the last user goes", "at least one owner", func(tx *Tx) error { return tx.RemoveOwner(s.group.ID, s.ada.ID) })
	step("the application goes", "", func(tx *Tx) error { return tx.RemoveOwner(s.group.ID, s.client.ID) })
	step("another user", "", func(tx *Tx) error { return tx.AddOwner(s.group.ID, bert.ID) })
	step("the first goes", "", func(tx *Tx) error { return tx.RemoveOwner(s.group.ID, s.ada.ID) })
	step("one who is none", "404", func(tx *Tx) error { return tx.RemoveOwner(s.group.ID, s.ada.ID) })
}
