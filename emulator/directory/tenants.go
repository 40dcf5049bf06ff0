package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Tenants contains the tenants of one process: the home tenant and the others. Each
// has a separate directory. A multi-tenant application of one tenant can have service
// principals in the others. Tenants is safe for concurrent use.
type Tenants struct {
	folder string // empty: in memory
	clock  func() time.Time
	all    atomic.Pointer[[]*Directory] // the home tenant first, then by domain
	making sync.Mutex
}

const (
	homeFile      = "directory.db"
	tenantsFolder = "tenants"
	tenantsBucket = "tenants" // the home tenant's list of the other tenants, by id
)

// OpenTenants opens the tenants that a folder contains, or new ones in memory if
// folder is empty. It creates a missing home tenant from seed. Only one process at a
// time can open the folder.
func OpenTenants(folder string, seed Seed, clock func() time.Time) (*Tenants, error) {
	t := &Tenants{folder: folder, clock: clock}
	home, err := Open(t.path(homeFile), seed, clock)
	if err != nil {
		return nil, err
	}
	home.tenants = t
	t.all.Store(&[]*Directory{home})
	for _, id := range home.Keys(tenantsBucket) {
		record, _ := home.Load(tenantsBucket, id)
		var kept Tenant
		if err = json.Unmarshal(record, &kept); err == nil {
			err = t.open(Seed{TenantID: kept.ID, Domain: kept.Domain, DisplayName: kept.DisplayName})
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open tenant %s: %w", id, err), t.Close())
		}
	}
	for _, d := range t.All() {
		if err := d.mirrorAll(); err != nil {
			return nil, errors.Join(err, t.Close())
		}
	}
	return t, nil
}

func (t *Tenants) path(names ...string) string {
	if t.folder == "" {
		return ""
	}
	return filepath.Join(append([]string{t.folder}, names...)...)
}

// Home returns the home tenant.
func (t *Tenants) Home() *Directory { return (*t.all.Load())[0] }

// All returns every tenant: the home tenant first, then the others by domain.
func (t *Tenants) All() []*Directory { return slices.Clone(*t.all.Load()) }

// Find returns the tenant with an id or a domain, in any case.
func (t *Tenants) Find(name string) (*Directory, bool) {
	for _, d := range *t.all.Load() {
		if same(d.tenant.ID, name) || same(d.tenant.Domain, name) {
			return d, true
		}
	}
	return nil, false
}

// Stored reports whether a folder contains tenants that OpenTenants would open.
func Stored(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, homeFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// Application returns the live application with an appId, and the tenant that
// it is registered in.
func (t *Tenants) Application(appID string) (*Application, *Directory, bool) {
	for _, d := range *t.all.Load() {
		if app, ok := d.ApplicationByAppID(appID); ok {
			return app, d, true
		}
	}
	return nil, nil, false
}

var domainName = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}$`)

// IsDomain reports whether a text can be a tenant's domain: at least two labels.
func IsDomain(text string) bool { return len(text) <= 253 && domainName.MatchString(text) }

// Create creates a tenant. The seed must contain a domain; Create chooses a missing id
// or name. If it refuses the seed, the error is an *Error.
func (t *Tenants) Create(seed Seed) (*Directory, error) {
	t.making.Lock()
	defer t.making.Unlock()
	if seed.TenantID == "" {
		seed.TenantID = uuid.NewString()
	}
	if !isUUID(seed.TenantID) || !IsDomain(seed.Domain) {
		return nil, badRequest("A tenant needs a domain such as fabrikam.onmicrosoft.com, and its id, if one is given, must be a GUID.")
	}
	if seed.DisplayName == "" {
		label, _, _ := strings.Cut(seed.Domain, ".")
		seed.DisplayName = strings.ToUpper(label[:1]) + label[1:]
	}
	for _, name := range []string{seed.TenantID, seed.Domain} {
		if _, taken := t.Find(name); taken {
			return nil, &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue",
				Message: "There is a tenant " + name + " already."}
		}
	}
	if err := t.open(seed); err != nil {
		return nil, fmt.Errorf("make tenant %s: %w", seed.Domain, err)
	}
	made, _ := t.Find(seed.TenantID)
	// If the process is killed before this write, the file remains, but no record names
	// it.
	if err := t.Home().saveIn(tenantsBucket, made.tenant.ID, made.tenant); err != nil {
		return nil, fmt.Errorf("make tenant %s: %w", seed.Domain, err)
	}
	return made, nil
}

// open opens or creates a tenant other than the home tenant.
func (t *Tenants) open(seed Seed) error {
	path := t.path(tenantsFolder, seed.TenantID+".db")
	if path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	d, err := Open(path, seed, t.clock)
	if err != nil {
		return err
	}
	d.tenants = t
	all := append(t.All(), d)
	slices.SortFunc(all[1:], func(a, b *Directory) int { return strings.Compare(a.tenant.Domain, b.tenant.Domain) })
	t.all.Store(&all)
	return nil
}

// Close closes the files of all tenants. No tenant may be used afterwards.
func (t *Tenants) Close() error {
	var errs []error
	for _, d := range t.All() {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}
