package conformance

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// interrupting is a tenant whose user cancels the run at a chosen moment.
type interrupting struct {
	*tenant
	give context.CancelFunc
	when string
}

func (i interrupting) Publish(ctx context.Context) (string, func(context.Context) error, error) {
	if i.when == "publish" {
		i.give()
	}
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	return i.tenant.Publish(ctx)
}

func (i interrupting) Disturb(ctx context.Context, how KeyFault) (Disturbance, error) {
	if i.when == "disturb" {
		i.give()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return i.tenant.Disturb(ctx, how)
}

func (i interrupting) Unassign(ctx context.Context, oid string) (func(context.Context) error, error) {
	if i.when == "unassign" {
		i.give()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return i.tenant.Unassign(ctx, oid)
}

// If a run is interrupted at any moment, the tenant is unchanged when Run returns.
func TestInterruptedTenantChange(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"publish", "disturb", "unassign"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			before, _ := s.rolesOf("ada")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: s.cache(nil).find}))
			i := interrupting{s, cancel, when}
			suite.Changes = TenantChanges{Keys: i, Assignments: i}
			if _, err := Run(ctx, suite, &recorder{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("run: %v", err)
			}
			after, _ := s.rolesOf("ada")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("roles (-before +after):\n%s", diff)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.times == 0 || len(s.next) > 0 || s.fault != nil {
				t.Errorf("%d keys published, left: keys %q, fault %v", s.times, s.next, s.fault)
			}
		})
	}
}

// A cache that replaces its key set after it has answered, such as go-oidc's, may accept keys
// that it is about to drop: this is not a failure.
func TestLateKeyCacheIsNotAFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: s.cache(func(k *keyCache) { k.pause, k.late = 0, true }).find}))
	suite.Only = "*keys-withdrawn"
	r := run(t, suite)
	if got := r.result(t, "GET /secure: keys-withdrawn"); got.Outcome != Pass || got.Note != "" {
		t.Errorf("%s: %s %s", got.Outcome, got.Reason, got.Note)
	}
}

// The issuer delays its key set only until the API has answered the valid token.
func TestKeysSlowEndsWithTheAnswer(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: s.cache(func(k *keyCache) { k.pause = 0 }).find}))
	suite.Only = "*keys-slow"
	r := run(t, suite)
	if got := r.result(t, "GET /secure: keys-slow"); got.Outcome != Pass || got.Note != "" {
		t.Errorf("%s: %s %s", got.Outcome, got.Reason, got.Note)
	}
	if s.freed != 1 {
		t.Errorf("%d requests for the key set were answered at the end of the case, want 1", s.freed)
	}
}
