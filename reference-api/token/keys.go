package token

import (
	"context"
	"crypto/rsa"
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
	fetchTimeout = 10 * time.Second
	maxKeySet    = 1 << 20
	// firstRetry replaces the cool-down until the first keys have been fetched: without
	// keys nobody can be admitted, so a longer wait would only prolong an outage.
	firstRetry = time.Second
)

// keySet contains the signing keys that a tenant publishes (RFC 7517). Fetched keys
// stay in use until a newer set was fetched.
type keySet struct {
	url      string
	tenantID string
	client   *http.Client
	clock    func() time.Time
	lifetime time.Duration
	cooldown time.Duration

	flight singleflight.Group

	mu      sync.Mutex
	keys    map[string]*rsa.PublicKey // by kid; nil before the first success
	fetched time.Time
	tried   time.Time
}

func newKeySet(c Config) *keySet {
	client := *c.HTTPClient
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > 3 {
			return fmt.Errorf("redirected to %s", r.URL.Redacted())
		}
		return nil
	}
	return &keySet{
		url: c.JWKSURL, tenantID: c.TenantID, client: &client, clock: c.Clock,
		lifetime: c.KeyLifetime, cooldown: c.KeyCooldown,
	}
}

// find returns the key that kid names. It returns a known key immediately, and renews an
// overdue set in the background. For an unknown key it fetches the set first, if the
// cool-down permits this.
func (s *keySet) find(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	key, stale, _ := s.lookup(kid)
	if key != nil {
		if stale {
			s.flight.DoChan("", s.refresh)
		}
		return key, nil
	}
	var cause error
	select {
	case result := <-s.flight.DoChan("", s.refresh):
		cause = result.Err
	case <-ctx.Done():
		cause = ctx.Err()
	}
	key, _, known := s.lookup(kid)
	switch {
	case key != nil:
		return key, nil
	case known:
		return nil, fmt.Errorf("%w: kid %.64q", ErrUnknownKey, kid)
	case cause != nil:
		return nil, fmt.Errorf("%w: %w", ErrKeysNotKnown, cause)
	}
	return nil, ErrKeysNotKnown
}

func (s *keySet) lookup(kid string) (key *rsa.PublicKey, stale, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[kid], s.clock().Sub(s.fetched) >= s.lifetime, s.keys != nil
}

// refresh fetches the set unless a fetch was tried too recently. All waiting callers
// share the fetch, so it does not use the context of any request.
func (s *keySet) refresh() (any, error) {
	if !s.due() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	keys, err := s.fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", s.url, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		// The first fetch does not begin a cool-down, so that a key which is published
		// right after it is found immediately. A flood of unknown keys causes only one
		// additional fetch.
		s.tried = time.Time{}
	}
	s.keys, s.fetched = keys, s.clock()
	return nil, nil
}

func (s *keySet) due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := s.cooldown
	if s.keys == nil {
		wait = min(wait, firstRetry)
	}
	now := s.clock()
	if !s.tried.IsZero() && now.Sub(s.tried) < wait {
		return false
	}
	s.tried = now
	return true
}

func (s *keySet) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet))
	if err != nil {
		return nil, err
	}
	return readKeySet(body, s.tenantID)
}

// readKeySet reads the RSA signing keys of a JWK Set. It skips keys that it cannot use:
// the set may contain keys of future types.
func readKeySet(body []byte, tenantID string) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("not a json web key set: %w", err)
	}
	keys := make(map[string]*rsa.PublicKey)
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil {
			continue
		}
		public, ok := key.Key.(*rsa.PublicKey)
		if !ok || key.KeyID == "" || key.Use != "sig" && key.Use != "" || public.N.BitLen() < 2048 {
			continue
		}
		if !servesTenant(raw, tenantID) {
			continue
		}
		keys[key.KeyID] = public
	}
	if len(keys) == 0 {
		return nil, errors.New("a json web key set without a usable rsa key")
	}
	return keys, nil
}

// servesTenant reports whether a key may sign for the tenant: Entra restricts some keys
// to one issuer, by the key's member issuer. Source: "Access tokens", section "Validate
// the issuer".
func servesTenant(raw json.RawMessage, tenantID string) bool {
	var key struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(raw, &key); err != nil {
		return false
	}
	return key.Issuer == "" || strings.Contains(key.Issuer, "/{tenantid}/") || strings.Contains(key.Issuer, "/"+tenantID+"/")
}
