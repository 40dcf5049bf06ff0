package token

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestKeysAreFetchedOnce(t *testing.T) {
	t.Parallel()
	p := publish(t, publicJWK("one", ours(), nil))
	release := make(chan struct{})
	answer := p.answer
	p.does(func(w http.ResponseWriter) { <-release; answer(w) })
	v := newVerifier(t, p, newClock(), nil)
	raw := sign(ours(), header, userClaims())

	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	callers.Wait()
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("20 concurrent callers made %d fetches, not 1", n)
	}
}

func TestCallerGivesUpWaitingForKeys(t *testing.T) {
	t.Parallel()
	p := publish(t)
	release := make(chan struct{})
	p.does(func(http.ResponseWriter) { <-release })
	defer close(release)
	v := newVerifier(t, p, newClock(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, sign(ours(), header, userClaims())); !errors.Is(err, ErrKeysNotKnown) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRotationIsFollowedAfterTheCooldown(t *testing.T) {
	t.Parallel()
	p, c := publish(t, publicJWK("one", ours(), nil)), newClock()
	v := newVerifier(t, p, c, func(c *Config) { c.KeyCooldown = time.Minute })
	rotated := sign(theirs(), with(header, object{"kid": "two"}), userClaims())
	expect := func(raw string, want error, fetches int32) {
		t.Helper()
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if n := p.fetches.Load(); n != fetches {
			t.Errorf("%d fetches, want %d", n, fetches)
		}
	}
	expect(sign(ours(), header, userClaims()), nil, 1)
	p.serve(publicJWK("one", ours(), nil), publicJWK("two", theirs(), nil))
	expect(rotated, nil, 2) // the first key set starts no cool-down
	third := sign(theirs(), with(header, object{"kid": "third"}), userClaims())
	for range 50 {
		expect(third, ErrUnknownKey, 2) // many unknown kids do not cause many requests
	}
	p.serve(publicJWK("one", ours(), nil), publicJWK("two", theirs(), nil), publicJWK("third", theirs(), nil))
	expect(third, ErrUnknownKey, 2)
	c.advance(time.Minute)
	expect(third, nil, 3)
	expect(sign(ours(), header, userClaims()), nil, 3)

	// The next set no longer has the first key.
	p.serve(publicJWK("two", theirs(), nil))
	c.advance(time.Minute)
	expect(sign(ours(), with(header, object{"kid": "three"}), userClaims()), ErrUnknownKey, 4)
	expect(sign(ours(), header, userClaims()), ErrUnknownKey, 4)
}

func TestKeysStayCachedDuringOutage(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(http.ResponseWriter){
		"unavailable": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"garbage":     func(w http.ResponseWriter) { w.Write([]byte("<html>")) },
		"no keys":     func(w http.ResponseWriter) { w.Write([]byte(`{"keys":[]}`)) },
		"redirected to plain http": func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/keys")
			w.WriteHeader(http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, c := publish(t, publicJWK("one", ours(), nil)), newClock()
			v := newVerifier(t, p, c, nil)
			raw := sign(ours(), header, with(userClaims(), object{"exp": noon.Add(48 * time.Hour).Unix()}))
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
			p.does(broken)
			c.advance(25 * time.Hour)
			for range 10 {
				if _, err := v.Verify(t.Context(), raw); err != nil {
					t.Fatal(err)
				}
			}
			// The refresh runs in the background; an unknown kid waits for it.
			v.Verify(t.Context(), sign(ours(), with(header, object{"kid": "two"}), userClaims()))
			if n := p.fetches.Load(); n != 2 {
				t.Errorf("%d fetches, want the first one, and one for each cool-down", n)
			}
			if _, err := v.Verify(t.Context(), raw); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStaleKeysAreRenewed(t *testing.T) {
	t.Parallel()
	p, c := publish(t, publicJWK("one", ours(), nil)), newClock()
	v := newVerifier(t, p, c, nil)
	raw := sign(ours(), header, with(userClaims(), object{"exp": noon.Add(72 * time.Hour).Unix()}))
	verify := func() error {
		_, err := v.Verify(t.Context(), raw)
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	c.advance(23 * time.Hour)
	if err := verify(); err != nil || p.fetches.Load() != 1 {
		t.Fatalf("within a day: %v, %d fetches", err, p.fetches.Load())
	}
	p.serve(publicJWK("two", theirs(), nil))
	c.advance(2 * time.Hour)
	if err := verify(); err != nil {
		t.Fatalf("a stale set serves while it is renewed: %v", err)
	}
	v.Verify(t.Context(), sign(ours(), with(header, object{"kid": "three"}), userClaims())) // waits for the renewal
	if err := verify(); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a withdrawn key after a day: %v", err)
	}
}

func TestNoKeysAtAll(t *testing.T) {
	t.Parallel()
	p, c := publish(t), newClock()
	p.does(func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
	v := newVerifier(t, p, c, nil)
	raw := sign(ours(), header, userClaims())
	for range 10 {
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, ErrKeysNotKnown) {
			t.Fatalf("got %v", err)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("%d fetches within a second", n)
	}
	p.serve(publicJWK("one", ours(), nil))
	c.advance(time.Second)
	if _, err := v.Verify(t.Context(), raw); err != nil {
		t.Errorf("after the keys are available: %v", err)
	}
}

func TestReadKeySet(t *testing.T) {
	t.Parallel()
	good := func(more object) object { return publicJWK("one", ours(), more) }
	tests := []struct {
		name string
		key  object
		want bool
	}{
		{"plain", good(nil), true},
		{"without use", good(object{"use": ""}), true},
		{"of this tenant", good(object{"issuer": issuerV2}), true},
		{"of any tenant", good(object{"issuer": "https://login.example/{tenantid}/v2.0"}), true},
		{"of another tenant", good(object{"issuer": "https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"}), false},
		{"for encryption", good(object{"use": "enc"}), false},
		{"without kid", good(object{"kid": ""}), false},
		{"elliptic", object{"kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA"}, false},
		{"symmetric", object{"kty": "oct", "kid": "one", "k": "AAAA"}, false},
		{"of an unknown key type", object{"kty": "ZZ", "kid": "one"}, false},
		{"short", object{"kty": "RSA", "kid": "one", "e": "AQAB", "n": segment(ours().N.Bytes()[:128])}, false},
		{"broken certificate", good(object{"x5c": []string{"AAAA"}}), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// An unusable key does not affect the others.
			keys, err := readKeySet(encode(object{"keys": []object{test.key, publicJWK("spare", theirs(), nil)}}), tenant)
			if err != nil {
				t.Fatal(err)
			}
			if got := keys["one"] != nil; got != test.want || keys["spare"] == nil {
				t.Errorf("usable: %v, want %v; the other: %v", got, test.want, keys["spare"] != nil)
			}
		})
	}
}

func FuzzReadKeySet(f *testing.F) {
	f.Add(encode(object{"keys": []object{publicJWK("one", ours(), nil)}}))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"","e":""}]}`))
	f.Add([]byte(`{"keys":[null,1,"x"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := readKeySet(body, tenant)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("%d keys, %v", len(keys), err)
		}
	})
}
