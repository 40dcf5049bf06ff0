package directory

import (
	"fmt"
	"testing"
	"time"
)

// TestPurgeDoesNotListRecycleBin: the time of a purge must not depend on the number of other
// objects; otherwise the time to purge a tenant would grow with the square of its size. The
// fastest of many purges counts, in the best of several attempts, because the machine may be busy.
func TestPurgeDoesNotListRecycleBin(t *testing.T) {
	const purges = 40
	fastest := func(others int) time.Duration {
		b := inMemory(t)
		var deleted []string
		b.update(func(tx *Tx) error {
			for i := range others + purges {
				name := fmt.Sprint("app", i)
				app, err := tx.CreateApplication(&Application{DisplayName: name, UniqueName: &name})
				if err != nil {
					return err
				}
				if _, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID}); err != nil {
					return err
				}
				if err := tx.DeleteApplication(app.ID); err != nil {
					return err
				}
				deleted = append(deleted, app.ID)
			}
			return nil
		})
		best := time.Hour
		for _, id := range deleted[:purges] {
			began := time.Now()
			b.update(func(tx *Tx) error { return tx.Purge(id) })
			best = min(best, time.Since(began))
		}
		return best
	}
	for attempt := 1; ; attempt++ {
		few, many := fastest(10), fastest(2000)
		if many <= 3*few {
			return
		}
		if attempt == 5 {
			t.Fatalf("a purge takes %s beside 10 deleted applications and %s beside 2,000", few, many)
		}
	}
}

// TestPurgedApplicationPurgesItsServicePrincipals that were deleted with it and before it, and no
// others.
func TestPurgedApplicationPurgesItsServicePrincipals(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app, other := b.application(&Application{DisplayName: "app"}), b.application(&Application{DisplayName: "other"})
	first, others := b.principal(app), b.principal(other)
	b.update(func(tx *Tx) error { return tx.DeleteServicePrincipal(first.ID) })
	second := b.principal(app)
	b.update(func(tx *Tx) error { return tx.DeleteApplication(app.ID) })
	b.update(func(tx *Tx) error { return tx.DeleteApplication(other.ID) })
	b.update(func(tx *Tx) error { return tx.Purge(app.ID) })
	for id, want := range map[string]bool{first.ID: false, second.ID: false, others.ID: true, other.ID: true} {
		if _, left := b.DeletedObject(id); left != want {
			t.Errorf("%s is in the recycle bin: %t, want %t", id, left, want)
		}
	}
}
