// Package emulatortest starts a local tenant for a test: a real one, over TLS
// on a free loopback port, gone when the test ends.
//
//	func TestMyTool(t *testing.T) {
//		tenant := emulatortest.Start(t)
//		t.Setenv("AZURE_AUTHORITY_HOST", tenant.Origin+"/")
//		t.Setenv("SSL_CERT_FILE", tenant.CAFile)
//		…
//	}
//
// Many tests may each have their own at the same time.
package emulatortest

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"provision/emulator"
	"provision/emulator/directory"
	"provision/emulator/faults"
)

// Tenant is a running local tenant.
type Tenant struct {
	Origin   string // https://localhost:PORT: the authority host and Graph's host
	TenantID string
	Domain   string // of user principal names

	// The seeded administrator's credentials.
	ClientID     string
	ClientSecret string

	CAFile        string // PEM of the authority that signed the server's certificate
	ManagementURL string
	ManagementKey string
	ProxyURL      string // for HTTPS_PROXY: Microsoft's public hosts end at the tenant

	emulator *emulator.Emulator
	clients  []*http.Client
	mu       sync.Mutex // guards clients
}

// Option changes how a tenant is started.
type Option func(*emulator.Config)

// InDir stores the tenant in a state directory. Another tenant can be started from it
// after the test of this one has ended.
func InDir(dir string) Option { return func(c *emulator.Config) { c.Dir = dir } }

// WithClock gives the tenant its own clock.
func WithClock(clock func() time.Time) Option {
	return func(c *emulator.Config) { c.Clock = clock }
}

// WithRequestLog writes a JSON line for each request.
func WithRequestLog(w io.Writer) Option {
	return func(c *emulator.Config) { c.RequestLog = w }
}

// WithFaults sets faults from the start. A rule that never applied fails the test at
// its end, because it has proved nothing.
func WithFaults(rules ...faults.Rule) Option {
	return func(c *emulator.Config) { c.Faults = append(c.Faults, rules...) }
}

// WithReplicationLag delays the visibility of every write.
func WithReplicationLag(lag time.Duration) Option {
	return func(c *emulator.Config) { c.ReplicationLag = directory.Lag{Delay: lag} }
}

// WithQuotas throttles like Graph for a tenant of a size.
func WithQuotas(size faults.TenantSize) Option {
	return func(c *emulator.Config) { c.Quotas = size }
}

// Start starts a tenant, in memory unless InDir is used.
func Start(t testing.TB, options ...Option) *Tenant {
	t.Helper()
	listeners, err := emulator.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := emulator.Config{Origin: emulator.Origin(listeners), GenerateKey: sharedKeys()}
	for _, option := range options {
		option(&config)
	}
	if config.Dir != "" {
		config.GenerateKey = nil // another start of the tenant would get the same keys again
	}
	e, err := emulator.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := e.Serve(listeners)
	if err != nil {
		t.Fatal(err)
	}
	tenant := &Tenant{}
	t.Cleanup(func() {
		for _, f := range e.Faults() {
			if f.Fired == 0 {
				t.Errorf("fault %s was never met", f.Name)
			}
		}
		tenant.closeClients() // a server's shutdown waits for idle connections
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shut down local tenant: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("close local tenant: %v", err)
		}
	})
	*tenant = Tenant{
		Origin:        config.Origin,
		Domain:        e.Tenant().Domain,
		CAFile:        e.Authority().Path(),
		ManagementURL: server.ManagementURL,
		ManagementKey: e.ManagementKey(),
		ProxyURL:      server.ProxyURL,
		emulator:      e,
	}
	tenant.TenantID, tenant.ClientID, tenant.ClientSecret = e.Administrator()
	if tenant.CAFile == "" {
		tenant.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(tenant.CAFile, e.Authority().PEM(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return tenant
}

// AddTenant creates another tenant in the same emulator, with its own users,
// applications and issuer. It has the same Origin. The seed must contain a Domain.
func (t *Tenant) AddTenant(tb testing.TB, seed directory.Seed) *Tenant {
	tb.Helper()
	made, err := t.emulator.AddTenant(seed)
	if err != nil {
		tb.Fatal(err)
	}
	other := &Tenant{
		Origin: t.Origin, TenantID: made.TenantID, Domain: made.Domain, ClientID: made.ClientID, ClientSecret: made.ClientSecret,
		CAFile: t.CAFile, ManagementURL: t.ManagementURL, ManagementKey: t.ManagementKey, ProxyURL: t.ProxyURL,
		emulator: t.emulator,
	}
	tb.Cleanup(other.closeClients) // before the server, which Start has left to be closed
	return other
}

// HTTPClient returns a client that trusts the tenant's authority.
func (t *Tenant) HTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: t.emulator.Authority().Pool()}
	transport.Proxy = nil // it is on this machine
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clients = append(t.clients, client)
	return client
}

func (t *Tenant) closeClients() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.clients {
		c.CloseIdleConnections()
	}
}

// SetReplicationLag delays the visibility of later writes.
func (t *Tenant) SetReplicationLag(lag time.Duration) {
	t.emulator.SetReplicationLag(directory.Lag{Delay: lag})
}

// Snapshot returns the directory by natural keys: the same bytes for the same
// content.
func (t *Tenant) Snapshot() ([]byte, error) { return t.emulator.SnapshotOf(t.TenantID) }
