package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config determines which tokens a Verifier accepts. TenantID, JWKSURL, one Audience
// and one of the issuers are required.
type Config struct {
	TenantID string // the directory's id, compared with tid
	IssuerV1 string // iss of version 1.0 tokens; empty: they are not accepted
	IssuerV2 string // iss of version 2.0 tokens; empty: they are not accepted
	// Tenants decides which other tenants are accepted; nil: none. Their issuers contain
	// their id instead of TenantID, and JWKSURL must be the key set of all tenants.
	Tenants   func(id string) bool
	Audiences []string // every value that aud may have
	JWKSURL   string   // https

	HTTPClient *http.Client     // fetches the key set; default: one with a time limit
	Clock      func() time.Time // default time.Now
	Leeway     time.Duration    // clock skew allowed for exp and nbf; 0 means 60 s, a negative value none

	KeyLifetime time.Duration // the age at which a key set is renewed; default 24 h
	KeyCooldown time.Duration // minimum time between two fetches; default 1 min
}

// Verifier verifies access tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	keys   *keySet
}

// New creates a Verifier. It sends no request; the first token does.
func New(c Config) (*Verifier, error) {
	if c.TenantID == "" {
		return nil, errors.New("token verifier: no tenant id")
	}
	if c.IssuerV1 == "" && c.IssuerV2 == "" {
		return nil, errors.New("token verifier: no issuer")
	}
	if c.IssuerV1 == c.IssuerV2 {
		return nil, fmt.Errorf("token verifier: %s cannot be the issuer of both token versions", c.IssuerV1)
	}
	if len(c.Audiences) == 0 || slices.Contains(c.Audiences, "") {
		return nil, errors.New("token verifier: no audience, or an empty one")
	}
	if u, err := url.Parse(c.JWKSURL); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("token verifier: key set url %q: not an https url", c.JWKSURL)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Timeout: fetchTimeout}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Leeway = max(0, cmp.Or(c.Leeway, time.Minute))
	c.KeyLifetime = cmp.Or(c.KeyLifetime, 24*time.Hour)
	c.KeyCooldown = cmp.Or(c.KeyCooldown, time.Minute)
	return &Verifier{config: c, keys: newKeySet(c)}, nil
}

// Verify returns the claims of raw, a JWS in compact form, or an error that wraps the
// sentinel of the first check that failed. The signature is checked before every claim:
// no part of an unverified payload is read.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Claims, error) {
	signed, err := parse(raw)
	if err != nil {
		return nil, err
	}
	key, err := v.keys.find(ctx, signed.kid)
	if err != nil {
		return nil, err
	}
	payload, err := signed.verify(key)
	if err != nil {
		return nil, err
	}
	members, err := decodeObject(payload)
	if err != nil {
		return nil, err
	}
	claims, err := newClaims(members)
	if err != nil {
		return nil, err
	}
	if err := v.check(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// check compares the claims of the token with the values that this API accepts.
func (v *Verifier) check(c *Claims) error {
	v1, v2 := v.config.IssuerV1, v.config.IssuerV2
	guest := c.TenantID != v.config.TenantID && c.TenantID != "" && v.config.Tenants != nil && v.config.Tenants(c.TenantID)
	if guest {
		v1, v2 = strings.ReplaceAll(v1, v.config.TenantID, c.TenantID), strings.ReplaceAll(v2, v.config.TenantID, c.TenantID)
	}
	version := ""
	switch {
	case c.Issuer == "":
		return fmt.Errorf("%w: no iss", ErrIssuer)
	case c.Issuer == v1:
		version = "1.0"
	case c.Issuer == v2:
		version = "2.0"
	default:
		return fmt.Errorf("%w: iss %q", ErrIssuer, c.Issuer)
	}
	if c.TenantID != v.config.TenantID && !guest {
		return fmt.Errorf("%w: tid %q", ErrTenant, c.TenantID)
	}
	if c.Version != version {
		return fmt.Errorf("%w: ver %q from %s", ErrVersion, c.Version, c.Issuer)
	}
	if !slices.Contains(v.config.Audiences, c.Audience) {
		return fmt.Errorf("%w: aud %q", ErrAudience, c.Audience)
	}
	now, leeway := v.config.Clock(), v.config.Leeway
	if !now.Before(c.Expires.Add(leeway)) {
		return fmt.Errorf("%w: at %s", ErrExpired, c.Expires.UTC().Format(time.RFC3339))
	}
	if now.Before(c.NotBefore.Add(-leeway)) {
		return fmt.Errorf("%w: not before %s", ErrNotYetValid, c.NotBefore.UTC().Format(time.RFC3339))
	}
	// No standard requires this check of iat, but no issuer issues a token in the
	// future.
	if now.Before(c.IssuedAt.Add(-leeway)) {
		return fmt.Errorf("%w: issued at %s", ErrNotYetValid, c.IssuedAt.UTC().Format(time.RFC3339))
	}
	return c.checkAccess()
}
