package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"provision/emulator/arm"
	"provision/emulator/directory"
	"provision/emulator/faults"
	"provision/emulator/login"
)

// Config is the configuration of a local tenant.
type Config struct {
	Dir        string           // the state directory, made with mode 0700; empty: in memory
	Origin     string           // the URL for clients: https://localhost:PORT
	Seed       directory.Seed   // the properties of a new tenant; ignored if the tenant exists
	Clock      func() time.Time // nil: time.Now
	Logger     *slog.Logger     // nil: nothing is logged
	RequestLog io.Writer        // a JSON line for each request; nil: none
	Faults     []faults.Rule    // the faults from the start

	GenerateKey func() (*rsa.PrivateKey, error) // of signing keys; nil: new ones

	ReplicationLag directory.Lag     // the time after which a write is visible; the zero value: immediately
	Quotas         faults.TenantSize // the size of the tenant whose quotas apply; Unlimited: no quotas
}

// Emulator is the local tenant and the other tenants that were added to it. It is
// safe for concurrent use.
type Emulator struct {
	origin     string
	tenants    *directory.Tenants
	directory  *directory.Directory // of the home tenant
	login      *login.Login
	authority  *Authority
	key        string // of the management API
	logger     *slog.Logger
	faults     faults.Injector
	quotas     faults.Quotas
	clock      *movableClock
	public     http.Handler
	management http.Handler
}

// New opens the local tenant and the other tenants of its folder, or creates the local
// tenant on first use. A state directory admits one process at a time.
func New(config Config) (*Emulator, error) {
	if !strings.HasPrefix(config.Origin, "https://") {
		return nil, fmt.Errorf("open local tenant: the origin %q is not an https URL", config.Origin)
	}
	clock := &movableClock{base: config.Clock}
	if clock.base == nil {
		clock.base = time.Now
	}
	config.Clock = clock.now
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Dir != "" {
		var err error
		if config.Dir, err = filepath.Abs(config.Dir); err != nil {
			return nil, fmt.Errorf("open local tenant: %w", err)
		}
		if err := os.MkdirAll(config.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("open local tenant: %w", err)
		}
	}
	e := &Emulator{origin: strings.TrimSuffix(config.Origin, "/"), key: newKey(), logger: config.Logger, clock: clock}
	var err error
	if e.tenants, err = directory.OpenTenants(config.Dir, config.Seed, config.Clock); err != nil {
		return nil, fmt.Errorf("open local tenant: %w", err)
	}
	e.directory = e.tenants.Home()
	if err := e.open(config); err != nil {
		return nil, errors.Join(fmt.Errorf("open local tenant: %w", err), e.tenants.Close())
	}
	return e, nil
}

func (e *Emulator) open(config Config) (err error) {
	if e.authority, err = OpenAuthority(config.Dir); err != nil {
		return err
	}
	e.login, err = login.New(login.Config{
		Tenants: e.tenants,
		Origin:  e.origin,
		Clock:   config.Clock,
		Logger:  config.Logger,
		RootCAs: e.issuerRoots(),

		GenerateKey: config.GenerateKey,
	})
	if err != nil {
		return err
	}
	manager := arm.New(arm.Config{Origin: e.origin, TenantID: e.directory.Tenant().ID, Authenticate: e.tenantsOf})
	graph := &graphs{tenants: e.tenants, serve: e.graphOf, handlers: map[*directory.Directory]http.Handler{}}
	e.faults.Add(config.Faults...)
	e.SetReplicationLag(config.ReplicationLag)
	e.quotas.SetSize(config.Quotas)
	e.public = readWithin(bodyTimeout, logRequests(config.RequestLog, injectFaults(&e.faults, routePublic(graph, e.login.Handler(), manager))))
	e.management = readWithin(bodyTimeout, e.managementHandler())
	return nil
}

// issuerRoots returns the authorities that the issuers of federated credentials are trusted
// by: the authorities of the system, and the local tenant's own for issuers on this
// machine.
func (e *Emulator) issuerRoots() *x509.CertPool {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any
	}
	roots.AppendCertsFromPEM(e.authority.PEM())
	return roots
}

// newKey makes a key for the management API.
func newKey() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// Handler serves the public origin.
func (e *Emulator) Handler() http.Handler { return e.public }

// Management serves the management API.
func (e *Emulator) Management() http.Handler { return e.management }

// ManagementKey returns the bearer key of the management API.
func (e *Emulator) ManagementKey() string { return e.key }

// Administrator returns the credentials of the seeded application with which the home
// tenant can be set up.
func (e *Emulator) Administrator() (tenantID, clientID, secret string) {
	admin := e.directory.Administrator()
	return e.directory.Tenant().ID, admin.ClientID, admin.Secret
}

// Tenant returns the home tenant's id, domain and name.
func (e *Emulator) Tenant() directory.Tenant { return e.directory.Tenant() }

// Authority returns the certificate authority that the public origin's
// certificates come from.
func (e *Emulator) Authority() *Authority { return e.authority }

// SnapshotOf is Snapshot of the tenant with an id or a domain.
func (e *Emulator) SnapshotOf(tenant string) ([]byte, error) {
	d, found := e.tenants.Find(tenant)
	if !found {
		return nil, fmt.Errorf("snapshot: there is no tenant %q", tenant)
	}
	return d.Canonical()
}

// Close releases the state directory. Shut the servers down before.
func (e *Emulator) Close() error { return e.tenants.Close() }
