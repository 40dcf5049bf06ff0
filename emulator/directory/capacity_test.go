package directory

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

const crowd = 10_000

// fill adds many applications of the usual size to a directory.
func fillWith(t testing.TB, d *Directory, n int) {
	t.Helper()
	for i := 0; i < n; i += 100 {
		err := d.Update(func(tx *Tx) error {
			for j := i; j < i+100; j++ {
				name := fmt.Sprintf("stack%d.api", j)
				app, err := tx.CreateApplication(&Application{
					DisplayName: name, UniqueName: &name, Tags: []string{"provision:stack=stack" + name},
					IdentifierUris: []string{"api://" + name},
					AppRoles:       []AppRole{role("Admin"), role("DevOps")},
					API: APIApplication{RequestedAccessTokenVersion: ptr(2),
						OAuth2PermissionScopes: []PermissionScope{scope("read"), scope("write")}},
					Web: WebApplication{RedirectURIs: []string{"https://" + name + ".example/callback"}},
				})
				if err != nil {
					return err
				}
				if _, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCrowdedDirectory runs alone, because the memory of parallel tests would be measured too.
func TestCrowdedDirectory(t *testing.T) {
	if testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" {
		t.Skip("makes 10,000 applications")
	}
	path := filepath.Join(t.TempDir(), "directory.db")
	before := heap()
	d, err := Open(path, Seed{}, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { d.Close() }()
	fillWith(t, d, crowd)
	if used := heap() - before; used > 200<<20 {
		t.Errorf("%d applications take %d MB", crowd, used>>20)
	} else {
		t.Logf("%d applications take %d MB", crowd, used>>20)
	}
	app, ok := d.ApplicationByUniqueName("stack7777.api")
	if !ok {
		t.Fatal("an application is not found by its uniqueName")
	}
	// A scan allocates memory for each application; a lookup by index does not.
	allocations := testing.AllocsPerRun(10, func() {
		if _, ok := d.ApplicationByAppID(app.AppID); !ok {
			t.Fatal("an application is not found by its appId")
		}
	})
	if allocations > 100 {
		t.Errorf("a look-up by appId allocates %v times", allocations)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if d, err = Open(path, Seed{}, clock); err != nil {
		t.Fatal(err)
	}
	t.Logf("opening it again takes %v", time.Since(begun))
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkApplicationByAppID(b *testing.B) {
	d, err := Open("", Seed{}, clock)
	if err != nil {
		b.Fatal(err)
	}
	fillWith(b, d, crowd)
	app, _ := d.ApplicationByUniqueName("stack7777.api")
	for b.Loop() {
		if _, ok := d.ApplicationByAppID(app.AppID); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	d, err := Open(filepath.Join(b.TempDir(), "directory.db"), Seed{}, clock)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	for b.Loop() {
		err := d.Update(func(tx *Tx) error {
			_, err := tx.CreateApplication(&Application{DisplayName: "orders"})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
