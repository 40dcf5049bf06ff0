package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Key is a signing key for the management of a tenant.
type Key struct {
	ID        string    `json:"id"`        // kid and x5t
	State     string    `json:"state"`     // next: published, signs nothing yet; current: signs; retired: still published
	NotBefore time.Time `json:"notBefore"` // of its certificate
	NotAfter  time.Time `json:"notAfter"`
	Owner     string    `json:"owner,omitempty"` // who published it temporarily, and removes it
}

// The errors of DropKey.
var (
	ErrNoKey      = errors.New("no such signing key")
	ErrKeyCurrent = errors.New("the current signing key cannot be dropped: rotate first")
)

func (k *signingKey) describe() Key {
	return Key{ID: k.id, State: string(k.state), NotBefore: k.certificate.NotBefore.UTC(), NotAfter: k.certificate.NotAfter.UTC(), Owner: k.stored.Owner}
}

// Keys lists the signing keys, all of which are published, oldest first.
func (l *Login) Keys() []Key {
	var all []Key
	for _, k := range l.keys.all() {
		all = append(all, k.describe())
	}
	return all
}

// PublishKey creates the next signing key, unless there is one, and returns it. It is
// published from then on, so that validators know it before Rotate makes it sign.
func (l *Login) PublishKey() (Key, error) { return l.publish(l.keys.withNext) }

// PublishAnotherKey creates an additional key, even if there is a next key. With a
// tenant's id it is a key of only that tenant, which never becomes the current key.
// The key sets of all tenants contain it with the issuer of that tenant.
func (l *Login) PublishAnotherKey(tenant, owner string) (Key, error) {
	return l.publish(func(keys []*signingKey, now time.Time) ([]*signingKey, *signingKey, error) {
		return l.keys.withAnother(keys, tenant, owner, now)
	})
}

func (l *Login) publish(add func([]*signingKey, time.Time) ([]*signingKey, *signingKey, error)) (Key, error) {
	var published Key
	err := l.keys.change(func(keys []*signingKey) ([]*signingKey, error) {
		keys, k, err := add(keys, l.clock())
		if err == nil {
			published = k.describe()
		}
		return keys, err
	})
	return published, err
}

// Rotate makes the next signing key the current one, or a new key if none was
// published, and retires the previous one: its tokens stay valid until it is dropped.
// It returns the key that signs now.
func (l *Login) Rotate() (Key, error) {
	var rotated Key
	err := l.keys.change(func(keys []*signingKey) ([]*signingKey, error) {
		keys, following, err := l.keys.withNext(keys, l.clock())
		if err != nil {
			return nil, err
		}
		for i, k := range keys {
			switch {
			case k.state == current:
				keys[i] = k.in(retired)
			case k.id == following.id:
				keys[i] = k.in(current)
				rotated = keys[i].describe()
			}
		}
		return keys, nil
	})
	return rotated, err
}

// DropKey removes a retired or next signing key: it is no longer published, and tokens
// that it signed are no longer valid. The error wraps ErrNoKey or ErrKeyCurrent.
func (l *Login) DropKey(id string) error {
	return l.keys.change(func(keys []*signingKey) ([]*signingKey, error) {
		i := slices.IndexFunc(keys, func(k *signingKey) bool { return k.id == id })
		switch {
		case i < 0:
			return nil, fmt.Errorf("drop signing key %q: %w", id, ErrNoKey)
		case keys[i].state == current:
			return nil, fmt.Errorf("drop signing key %q: %w", id, ErrKeyCurrent)
		}
		return slices.Delete(keys, i, i+1), nil
	})
}

// change replaces the list of keys, first in the directory. The function gets a copy of
// the list.
func (r *keyring) change(edit func([]*signingKey) ([]*signingKey, error)) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	keys, err := edit(slices.Clone(r.all()))
	if err != nil {
		return err
	}
	stored := []storedKey{}
	for _, k := range keys {
		stored = append(stored, k.stored)
	}
	data, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("store signing keys: %w", err)
	}
	if err := r.directory.Save(bucket, signingKeysKey, data); err != nil {
		return fmt.Errorf("store signing keys: %w", err)
	}
	r.keys.Store(&keys)
	return nil
}

// withNext returns the keys including a next one, and the next one.
func (r *keyring) withNext(keys []*signingKey, now time.Time) ([]*signingKey, *signingKey, error) {
	for _, k := range keys {
		if k.state == next && k.tenant == "" {
			return keys, k, nil
		}
	}
	return r.withAnother(keys, "", "", now)
}

// withAnother returns the keys with an additional next one, and this one.
func (r *keyring) withAnother(keys []*signingKey, tenant, owner string, now time.Time) ([]*signingKey, *signingKey, error) {
	made, err := newSigningKey(r.generate, next, now)
	if err != nil {
		return nil, nil, err
	}
	made.Tenant, made.Owner = tenant, owner
	k, err := made.open()
	if err != nil {
		return nil, nil, fmt.Errorf("make signing key: %w", err)
	}
	return append(keys, k), k, nil
}

// in returns the key in another state.
func (k *signingKey) in(state keyState) *signingKey {
	other := *k
	other.state, other.stored.State = state, state
	return &other
}
