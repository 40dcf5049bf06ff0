package emulator

import (
	"errors"
	"net/http"
	"sync"

	"provision/emulator/arm"
	"provision/emulator/directory"
	"provision/emulator/graphapi"
)

// TenantAccess is a tenant, with the credentials of the seeded application with which
// it can be set up.
type TenantAccess struct {
	TenantID     string `json:"tenantId"`
	Domain       string `json:"domain"` // of user principal names
	DisplayName  string `json:"displayName"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

func accessTo(d *directory.Directory) TenantAccess {
	tenant, admin := d.Tenant(), d.Administrator()
	return TenantAccess{tenant.ID, tenant.Domain, tenant.DisplayName, admin.ClientID, admin.Secret}
}

// Tenants lists the tenants, the home tenant first.
func (e *Emulator) Tenants() []TenantAccess {
	var all []TenantAccess
	for _, d := range e.tenants.All() {
		all = append(all, accessTo(d))
	}
	return all
}

// AddTenant creates another tenant with its own users, applications and issuer. The
// seed must contain a domain. If the tenant exists or the seed is invalid, the error
// is a *directory.Error.
func (e *Emulator) AddTenant(seed directory.Seed) (TenantAccess, error) {
	d, err := e.tenants.Create(seed)
	if err != nil {
		return TenantAccess{}, err
	}
	d.SetLag(e.directory.Lag())
	return accessTo(d), nil
}

// ErrDamaged is the error if a tenant's store cannot be read.
var ErrDamaged = directory.ErrDamaged

// Stored reports whether a state folder contains a tenant.
func Stored(dir string) bool { return directory.Stored(dir) }

// IsDomain reports whether a text can be a tenant's domain.
func IsDomain(text string) bool { return directory.IsDomain(text) }

// EnsureTenant finds the tenant of a domain, or creates it.
func (e *Emulator) EnsureTenant(domain string) (TenantAccess, error) {
	if d, found := e.tenants.Find(domain); found {
		return accessTo(d), nil
	}
	return e.AddTenant(directory.Seed{Domain: domain})
}

// graphs serves each request to Graph from the directory that its token is for.
type graphs struct {
	tenants  *directory.Tenants
	serve    func(*directory.Directory) http.Handler
	mu       sync.Mutex
	handlers map[*directory.Directory]http.Handler
}

func (g *graphs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The handler verifies the token.
	d, found := g.tenants.Find(unverified(r).TenantID)
	if !found {
		d = g.tenants.Home()
	}
	g.of(d).ServeHTTP(w, r)
}

func (g *graphs) of(d *directory.Directory) http.Handler {
	g.mu.Lock()
	defer g.mu.Unlock()
	handler, made := g.handlers[d]
	if !made {
		handler = g.serve(d)
		g.handlers[d] = handler
	}
	return handler
}

// graphOf is Graph over one tenant's directory.
func (e *Emulator) graphOf(d *directory.Directory) http.Handler {
	return graphapi.New(graphapi.Config{
		Directory:    d,
		Origin:       e.origin,
		Authenticate: func(r *http.Request) (graphapi.Caller, error) { return e.authenticate(d, r) },
		Clock:        e.clock.now,
		Observe:      observe,
		Interfere:    batchFaults(&e.faults),
		Meter:        e.meter,
	})
}

// tenantsOf lists the tenants of the bearer of a token for Azure Resource Manager: the
// token's tenant and, for a user, the tenants where the user is a guest.
func (e *Emulator) tenantsOf(r *http.Request) ([]arm.Tenant, error) {
	token, err := e.login.VerifyManagementToken(r.Host, bearer(r))
	if err != nil {
		return nil, err
	}
	asked, _ := e.tenants.Find(token.TenantID) // otherwise the token would not have been accepted
	account := directory.HomeAccount{TenantID: token.TenantID, ObjectID: token.ObjectID}
	if user, found := asked.User(token.ObjectID); found && user.Home != (directory.HomeAccount{}) {
		account = user.Home
	}
	var all []arm.Tenant
	for _, d := range e.tenants.All() {
		_, guest := d.GuestOf(account)
		if tenant := d.Tenant(); d == asked || guest || tenant.ID == account.TenantID {
			all = append(all, arm.Tenant{ID: tenant.ID, Domain: tenant.Domain, DisplayName: tenant.DisplayName})
		}
	}
	return all, nil
}

// tenantAsked returns the tenant that a request to the management API names by id or
// domain, or the home tenant if it names none. If the tenant does not exist,
// tenantAsked answers the request.
func (e *Emulator) tenantAsked(w http.ResponseWriter, r *http.Request) (*directory.Directory, bool) {
	name := r.URL.Query().Get("tenant")
	if name == "" {
		return e.directory, true
	}
	d, found := e.tenants.Find(name)
	if !found {
		managementError(w, http.StatusNotFound, "no such tenant: %q", name)
	}
	return d, found
}

func (e *Emulator) listTenants(w http.ResponseWriter, _ *http.Request) {
	managementAnswer(w, e.Tenants())
}

// makeTenant answers the new tenant with its administrator's credentials.
func (e *Emulator) makeTenant(w http.ResponseWriter, r *http.Request) {
	var request struct {
		TenantID    string `json:"tenantId"`
		Domain      string `json:"domain"`
		DisplayName string `json:"displayName"`
	}
	if !managementBody(w, r, &request) {
		return
	}
	made, err := e.AddTenant(directory.Seed{TenantID: request.TenantID, Domain: request.Domain, DisplayName: request.DisplayName})
	var refused *directory.Error
	switch {
	case errors.As(err, &refused):
		managementError(w, refused.Status, "make tenant: %s", refused.Message)
	case err != nil:
		managementError(w, http.StatusInternalServerError, "%v", err)
	default:
		managementAnswer(w, made)
	}
}
