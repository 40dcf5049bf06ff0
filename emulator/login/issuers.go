package login

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	issuerKeysLifetime = time.Hour
	issuerKeysPause    = time.Minute // the minimum time between two searches for an unknown key
	issuerTimeout      = 10 * time.Second
	maxIssuerDocument  = 1 << 20
)

// issuers reads the keys of other issuers over HTTPS and caches them (OpenID Connect
// Discovery 1.0).
type issuers struct {
	client *http.Client
	clock  func() time.Time
	flight singleflight.Group
	mu     sync.Mutex
	known  map[string]issuerKeys
}

type issuerKeys struct {
	keys []jose.JSONWebKey
	read time.Time
}

func newIssuers(roots *x509.CertPool, clock func() time.Time) *issuers {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &issuers{
		clock: clock,
		known: map[string]issuerKeys{},
		client: &http.Client{
			Transport: transport,
			Timeout:   issuerTimeout,
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if r.URL.Scheme != "https" || len(via) > 3 {
					return errors.New("redirected too often or away from https")
				}
				return nil
			},
		},
	}
}

// find returns an issuer's RSA keys with an id, or all of them for an empty id. An
// unknown key is looked up again at most once a minute.
func (i *issuers) find(ctx context.Context, issuer, id string) ([]jose.JSONWebKey, error) {
	i.mu.Lock()
	known, found := i.known[issuer]
	i.mu.Unlock()
	matching := withID(known.keys, id)
	age := i.clock().Sub(known.read)
	if found && age < issuerKeysLifetime && (len(matching) > 0 || age < issuerKeysPause) {
		return matching, nil
	}
	// A caller that stops waiting must not cancel the fetch of the other callers.
	ctx = context.WithoutCancel(ctx)
	fresh, err, _ := i.flight.Do(issuer, func() (any, error) {
		keys, err := i.read(ctx, issuer)
		if err != nil {
			return nil, err
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		i.known[issuer] = issuerKeys{keys, i.clock()}
		return keys, nil
	})
	if err != nil {
		return nil, err
	}
	return withID(fresh.([]jose.JSONWebKey), id), nil
}

func withID(keys []jose.JSONWebKey, id string) []jose.JSONWebKey {
	var matching []jose.JSONWebKey
	for _, key := range keys {
		if id == "" || key.KeyID == id {
			matching = append(matching, key)
		}
	}
	return matching
}

// read gets an issuer's metadata and its keys. It skips keys of types other than RSA,
// because assertions must not be signed with them.
func (i *issuers) read(ctx context.Context, issuer string) ([]jose.JSONWebKey, error) {
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := i.fetchDocument(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &metadata); err != nil {
		return nil, err
	}
	if metadata.Issuer != issuer {
		return nil, fmt.Errorf("read issuer %s: its metadata is that of %q", issuer, metadata.Issuer)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := i.fetchDocument(ctx, metadata.JWKSURI, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil {
			continue
		}
		if _, ok := key.Key.(*rsa.PublicKey); ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (i *issuers) fetchDocument(ctx context.Context, address string, into any) error {
	if !strings.HasPrefix(address, "https://") {
		return fmt.Errorf("read %q: an https URL is needed", address)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	answer, err := i.client.Do(r)
	if err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("read %s: status %d", address, answer.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxIssuerDocument)).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	return nil
}
