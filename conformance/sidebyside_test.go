package conformance

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// changing is a tenant that records which run's lifecycle cases have changed it.
type changing struct {
	*tenant
	by  *atomic.Pointer[string]
	who string
}

func (c changing) Disturb(ctx context.Context, how KeyFault) (Disturbance, error) {
	d, err := c.tenant.Disturb(ctx, how)
	c.by.Store(&c.who)
	return restored{d, c.by}, err
}

type restored struct {
	Disturbance
	by *atomic.Pointer[string]
}

func (r restored) End(ctx context.Context) error {
	r.by.Store(nil)
	return r.Disturbance.End(ctx)
}

// oneTenant synchronizes the runs of one process.
type oneTenant struct{ sync.RWMutex }

func (o *oneTenant) Share(context.Context) (func(), error) {
	o.RLock()
	return o.RUnlock, nil
}

func (o *oneTenant) Alone(context.Context) (func(), error) {
	o.Lock()
	return o.Unlock, nil
}

// While the lifecycle cases of a run change a tenant, no other run with the same tenant executes
// cases.
func TestRunsSideBySide(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	var by atomic.Pointer[string]
	lock := new(oneTenant)
	var running sync.WaitGroup
	for _, who := range []string{"one", "two", "three"} {
		api := validator{issuer: s.issuer(), keys: s.cache(nil).find}
		suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if changes := by.Load(); changes != nil && *changes != who {
				t.Errorf("%s %s of run %s while run %s changes the tenant", r.Method, r.URL, who, *changes)
			}
			api.ServeHTTP(w, r)
		})))
		suite.Changes = TenantChanges{Keys: changing{s, &by, who}, Assignments: s, Lock: lock}
		running.Go(func() {
			if summary, err := Run(t.Context(), suite, &recorder{}); err != nil || !summary.OK() || summary.Skipped > 0 {
				t.Errorf("run %s: %v %+v", who, err, summary)
			}
		})
	}
	running.Wait()
}

// A recorded run is passed on unchanged.
func TestRecording(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	var recording Recording
	var direct, later recorder
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Only = "GET /health"
	if _, err := Run(t.Context(), suite, Handlers{&direct, &recording}); err != nil {
		t.Fatal(err)
	}
	if err := recording.Replay(&later); err != nil {
		t.Fatal(err)
	}
	if len(later.results) == 0 || later.ended != 1 || later.plan.Name != "secure" {
		t.Errorf("replayed %d results, ended %d times, plan %+v", len(later.results), later.ended, later.plan)
	}
	if diff := cmp.Diff(direct.ids(Pass), later.ids(Pass)); diff != "" {
		t.Errorf("(-direct +replayed):\n%s", diff)
	}
}

// The duration of runs side by side is the time from the first start to the last end.
func TestSummaryOfRunsSideBySide(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var total Summary
	for _, one := range []Summary{
		{Began: begin.Add(2 * time.Second), Duration: 3 * time.Second},
		{Began: begin, Duration: 4 * time.Second},
		{Began: begin.Add(time.Second), Duration: time.Second},
	} {
		total.Add(one)
	}
	if total.Duration != 5*time.Second {
		t.Errorf("took %s, want 5s", total.Duration)
	}
}

// The issuer signs equal claims once, and again after a failure.
func TestSignsOnce(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	calls := 0
	tokens := suite.Tokens.(*Tenant)
	sign := tokens.Signer
	tokens.Signer = func(ctx context.Context, header, claims map[string]any) (string, error) {
		if calls++; calls == 1 {
			return "", context.DeadlineExceeded
		}
		return sign(ctx, header, claims)
	}
	n := newRunState(suite, nil)
	if _, err := n.sign(t.Context(), nil, claimSet{"sub": "ada"}); err == nil {
		t.Error("the failure is not told")
	}
	first, err := n.sign(t.Context(), nil, claimSet{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := n.sign(t.Context(), nil, claimSet{"sub": "ada"})
	if err != nil || again != first || calls != 2 {
		t.Errorf("%d calls: %v", calls, err)
	}
	if other, err := n.sign(t.Context(), map[string]any{"kid": "x"}, claimSet{"sub": "ada"}); err != nil || other == first {
		t.Errorf("another header, the same token: %v", err)
	}
}
