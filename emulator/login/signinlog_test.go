package login

import (
	"testing"
)

func TestSignInsAreLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	w.signIn(client, w.get(client, w.authorizePath(), w.desktopRequest()), w.ada.UserPrincipalName, "wrong")
	answer := w.authorized(w.desktopRequest(), w.ada)
	w.granted(w.desktopRedemption(answer.Get("code")))
	log := w.dir.SignIns()
	if len(log) != 2 {
		t.Fatalf("%d entries, want the wrong password and the right one: %+v", len(log), log)
	}
	for i, code := range []int{50126, 0} {
		e := log[i]
		if e.Status.ErrorCode != code || e.UserID != w.ada.ID || !e.IsInteractive || e.ClientAppUsed != "Browser" {
			t.Errorf("entry %d: %+v, want Ada at the page with code %d", i, e, code)
		}
	}
}
