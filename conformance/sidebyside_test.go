package conformance

import (
	"context"
	"net/http"
	"strings"
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

// crowded is a tenant with other programs, which request the key set or make the API do so
// whenever a key is published.
type crowded struct {
	*tenant
	meanwhile func(published int)
	published *int
}

func (c crowded) Publish(ctx context.Context) (string, func(context.Context) error, error) {
	kid, withdraw, err := c.tenant.Publish(ctx)
	*c.published++
	c.meanwhile(*c.published)
	return kid, withdraw, err
}

// An API that knows a withdrawn key because it has fetched the key set at the wrong moment gets
// no failure.
func TestRetiredKeyWithOtherPrograms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		keys  func(*keyCache)
		until int // the last published key that the API fetches
		want  Outcome
		note  string
	}{
		{"once", func(k *keyCache) { k.pause = time.Hour }, 1, Pass, ""},
		{"always, and the API fetches the keys again", nil, 100, Pass, ""},
		{"always, and the API does not fetch the keys again", func(k *keyCache) { k.pause = time.Hour }, 100, Pass, "the API has not fetched the key set again"},
		{"always, and the API never removes a key", func(k *keyCache) { k.adds = true }, 100, Fail, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, published := startTenant(t), 0
			cache := s.cache(test.keys)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: cache.find}))
			suite.Only = "GET /secure: retired-key"
			suite.Changes.Keys = crowded{s, func(n int) {
				if n <= test.until {
					cache.fetch()
				}
			}, &published}
			got := run(t, suite).result(t, "GET /secure: retired-key")
			outcome := got.Outcome
			if outcome == Note {
				outcome = Pass
			}
			if outcome != test.want || !strings.Contains(got.Note, test.note) || test.note == "" && got.Note != "" {
				t.Errorf("%s: %s %q, %d keys published", got.Outcome, got.Reason, got.Note, published)
			}
		})
	}
}
