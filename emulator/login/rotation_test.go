package login

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// states returns the states of the signing keys, in order.
func (w *world) states() []string {
	var states []string
	for _, k := range w.login.Keys() {
		states = append(states, k.State)
	}
	return states
}

// published returns the ids of the published keys.
func (w *world) published() []string {
	w.t.Helper()
	var ids []string
	for _, path := range []string{"/discovery/v2.0/keys", "/discovery/keys"} {
		var set jose.JSONWebKeySet
		w.document("/"+w.tid()+path, &set)
		ids = nil
		for _, k := range set.Keys {
			ids = append(ids, k.KeyID)
		}
	}
	return ids
}

func (w *world) kid(token string) string {
	w.t.Helper()
	header, _ := w.decode(token)
	return header.KeyID
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.login.Keys()[0]
	old := w.granted(w.siteRedemption(w.code(w.siteRequest("scope", "User.Read openid"), w.ada))).text("access_token")

	second, err := w.login.PublishKey()
	w.must(err)
	another, err := w.login.PublishAnotherKey("", "")
	w.must(err)
	if another.ID == second.ID || !slices.Equal(w.states(), []string{"current", "next", "next"}) {
		t.Errorf("another key beside %v: %v, %v", second, another, w.states())
	}
	w.must(w.login.DropKey(another.ID))
	if again, err := w.login.PublishKey(); err != nil || again.ID != second.ID {
		t.Errorf("published twice: %v %v", again, err)
	}
	if !slices.Equal(w.published(), []string{first.ID, second.ID}) || !slices.Equal(w.states(), []string{"current", "next"}) {
		t.Errorf("published %v, %v", w.published(), w.states())
	}
	if kid := w.kid(w.granted(w.daemonRequest()).text("access_token")); kid != first.ID {
		t.Errorf("a next key signs")
	}

	if rotated, err := w.login.Rotate(); err != nil || rotated.ID != second.ID || rotated.State != "current" {
		t.Errorf("rotated to %v: %v", rotated, err)
	}
	w.open() // a restart changes nothing
	if !slices.Equal(w.published(), []string{first.ID, second.ID}) || !slices.Equal(w.states(), []string{"retired", "current"}) {
		t.Errorf("after rotation %v, %v", w.published(), w.states())
	}
	if kid := w.kid(w.granted(w.daemonRequest()).text("access_token")); kid != second.ID {
		t.Errorf("signed by %s", kid)
	}
	if _, err := w.login.VerifyGraphToken("", old); err != nil {
		t.Errorf("a token of the retired key's: %v", err)
	}
	late, err := w.login.Sign(map[string]any{"kid": first.ID}, map[string]any{"aud": "x"})
	w.must(err)
	if w.kid(late) != first.ID {
		t.Error("the retired key cannot be made to sign")
	}

	w.must(w.login.DropKey(first.ID))
	w.open()
	if !slices.Equal(w.published(), []string{second.ID}) {
		t.Errorf("after dropping %v", w.published())
	}
	if _, err := w.login.VerifyGraphToken("", old); !errors.Is(err, ErrSignature) {
		t.Errorf("a token of the dropped key's: %v", err)
	}
	if err := w.login.DropKey(first.ID); !errors.Is(err, ErrNoKey) {
		t.Errorf("dropped twice: %v", err)
	}
	if err := w.login.DropKey(second.ID); !errors.Is(err, ErrKeyCurrent) {
		t.Errorf("dropped the current key: %v", err)
	}
	// If no next key was published, rotation generates one.
	if third, err := w.login.Rotate(); err != nil || third.ID == second.ID || !slices.Equal(w.published(), []string{second.ID, third.ID}) {
		t.Errorf("rotated to %v, %v: %v", third, w.published(), err)
	}
}

func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var signing sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		signing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				token, err := w.login.Sign(nil, map[string]any{"aud": "x"})
				if err != nil || w.login.audienceOf(token) != "x" {
					t.Errorf("token is not valid: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		if _, err := w.login.Rotate(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	signing.Wait()
	if states := w.states(); !slices.Equal(states, []string{"retired", "retired", "retired", "current"}) {
		t.Errorf("states %v", states)
	}
}

// A key of one tenant is in the key set of all tenants, with that tenant as its issuer, and is
// never the current key.
func TestKeyOfOneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const other = "9188040d-6c67-4c5b-b112-36a304b66dad"
	key, err := w.login.PublishAnotherKey(other, "")
	w.must(err)
	issuers := func(path string) map[string]string {
		var set struct {
			Keys []struct{ Kid, Issuer string }
		}
		w.document(path, &set)
		all := map[string]string{}
		for _, k := range set.Keys {
			all[k.Kid] = k.Issuer
		}
		return all
	}
	if got := issuers("/common/discovery/v2.0/keys")[key.ID]; !strings.HasSuffix(got, "/"+other+"/v2.0") {
		t.Errorf("issuer %q", got)
	}
	if got, found := issuers("/" + w.tid() + "/discovery/v2.0/keys")[key.ID]; found {
		t.Errorf("the key set of the home tenant has it, with issuer %q", got)
	}
	if rotated, err := w.login.Rotate(); err != nil || rotated.ID == key.ID {
		t.Errorf("rotated to %v: %v", rotated, err)
	}
}
