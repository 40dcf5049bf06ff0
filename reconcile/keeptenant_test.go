package reconcile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"provision/reconcile"
	"provision/reconcile/sink"
)

// TestCheckTenant: the secrets of a tenant are not overwritten if its target becomes another tenant.
func TestCheckTenant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check := func(id string, overwrite, allowed bool) {
		t.Helper()
		err := reconcile.Keep{Dir: dir, Overwrite: overwrite}.CheckTenant(id)
		var refused *sink.Refused
		if allowed != (err == nil) || err != nil && (!errors.As(err, &refused) || refused.File != dir) {
			t.Errorf("tenant %s: %v; want it allowed: %t", id, err, allowed)
		}
	}
	check("one", false, true) // nothing is recorded
	check("two", false, true) // there is no secret
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sink.WriteJSON(filepath.Join(dir, "secrets", "s.a.key.json"), sink.Secret{Application: "s.a", DisplayName: "key", KeyID: "1", SecretText: "x"}); err != nil {
		t.Fatal(err)
	}
	check("TWO", false, true)
	check("one", false, false)
	check("one", true, true)
	check("one", false, true) // it is recorded now
	check("two", false, false)
}
