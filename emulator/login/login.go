package login

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"provision/emulator/directory"
)

// Config is the configuration of a Login.
type Config struct {
	Tenants *directory.Tenants
	Origin  string           // scheme, host and port that clients know, as in https://localhost:8443
	Clock   func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: nothing is logged

	// RootCAs are the authorities that the issuers of federated credentials are
	// trusted by when their keys are read. Nil: the system's.
	RootCAs *x509.CertPool

	// GenerateKey makes the signing keys. Nil: a new RSA key of 2048 bits for each.
	GenerateKey func() (*rsa.PrivateKey, error)
}

// Login is the authorization server of every tenant. It is safe for use by many
// goroutines.
type Login struct {
	tenants   *directory.Tenants
	home      *directory.Directory // stores the state of the server itself
	localhost string               // Config.Origin
	clock     func() time.Time
	log       *slog.Logger
	keys      *keyring
	seal      *sealer
	mux       *http.ServeMux

	pollInterval time.Duration // of devices
	issuers      *issuers
}

// New opens the authorization server over tenants. It creates the signing key, and the
// key that seals codes, refresh tokens and sessions, on first use, and stores them
// with the home tenant, so that a restart invalidates nothing.
func New(config Config) (*Login, error) {
	if config.Tenants == nil || config.Origin == "" {
		return nil, errors.New("open login: tenants and an origin are needed")
	}
	l := &Login{
		tenants:   config.Tenants,
		home:      config.Tenants.Home(),
		localhost: strings.TrimSuffix(config.Origin, "/"),
		clock:     config.Clock,
		log:       config.Logger,

		pollInterval: deviceInterval,
	}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	l.issuers = newIssuers(config.RootCAs, l.clock)
	var err error
	generate := config.GenerateKey
	if generate == nil {
		generate = generateKey
	}
	if l.keys, err = openKeyring(l.home, generate, l.clock()); err != nil {
		return nil, fmt.Errorf("open login: %w", err)
	}
	if l.seal, err = openSealer(l.home); err != nil {
		return nil, fmt.Errorf("open login: %w", err)
	}
	for _, bucket := range []string{codesBucket, endedSessionsBucket} {
		if err := l.forgetExpired(bucket); err != nil {
			return nil, fmt.Errorf("open login: %w", err)
		}
	}
	if err := l.forgetExpiredDevices(); err != nil {
		return nil, fmt.Errorf("open login: %w", err)
	}
	l.mux = l.routes()
	return l, nil
}

func (l *Login) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/{tenant}/v2.0/.well-known/openid-configuration", l.api((*call).discoveryV2))
	mux.HandleFunc("/{tenant}/.well-known/openid-configuration", l.api((*call).discoveryV1))
	mux.HandleFunc("/{tenant}/discovery/v2.0/keys", l.api((*call).keysV2))
	mux.HandleFunc("/{tenant}/discovery/keys", l.api((*call).keysV1))
	mux.HandleFunc("/{tenant}/discovery/instance", l.api((*call).instance))
	mux.HandleFunc("/{tenant}/oauth2/v2.0/authorize", l.page(v2, (*call).authorize))
	mux.HandleFunc("/{tenant}/oauth2/authorize", l.page(v1, (*call).authorize))
	mux.HandleFunc("/{tenant}/v2.0/adminconsent", l.page(v2, (*call).adminConsent))
	mux.HandleFunc("/{tenant}/adminconsent", l.page(v1, (*call).adminConsent))
	mux.HandleFunc("POST /{tenant}/login", l.page(v2, (*call).signIn))
	mux.HandleFunc("POST /{tenant}/consent", l.page(v2, (*call).consent))
	mux.HandleFunc("/{tenant}/oauth2/v2.0/token", l.token(v2, (*call).grant))
	mux.HandleFunc("/{tenant}/oauth2/token", l.token(v1, (*call).grant))
	mux.HandleFunc("/{tenant}/oauth2/v2.0/devicecode", l.token(v2, (*call).deviceCode))
	mux.HandleFunc("/{tenant}/oauth2/devicecode", l.token(v1, (*call).deviceCode))
	mux.HandleFunc("/{tenant}/deviceauth", l.page(v2, (*call).deviceAuth))
	mux.HandleFunc("/{tenant}/oauth2/deviceauth", l.page(v2, (*call).deviceAuth)) // Entra's own path
	mux.HandleFunc("/{tenant}/oauth2/v2.0/logout", l.page(v2, (*call).logout))
	mux.HandleFunc("/{tenant}/oauth2/logout", l.page(v1, (*call).logout))
	mux.HandleFunc("GET /{tenant}/redeem", l.page(v2, (*call).redeem))
	mux.HandleFunc("/{tenant}/userrealm/{user}", l.api((*call).realm)) // MSAL Python
	mux.HandleFunc("/{tenant}/UserRealm/{user}", l.api((*call).realm)) // MSAL Go
	mux.HandleFunc("/oidc/userinfo", l.userinfo)
	return mux
}

// Handler serves every path of the authorization server. The first segment of a
// path can be the name of any tenant, so Handler must get all paths of a host,
// except for the paths that the caller routes to other handlers first (/v1.0,
// /beta, /metadata).
func (l *Login) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A login endpoint that is configured with a trailing slash results in paths
		// with two slashes. The mux would redirect them, and a redirected POST loses
		// its body.
		if strings.Contains(r.URL.Path, "//") {
			r = r.Clone(r.Context())
			r.URL.Path = path.Clean(r.URL.Path)
			r.URL.RawPath = ""
		}
		l.mux.ServeHTTP(w, r)
	})
}
