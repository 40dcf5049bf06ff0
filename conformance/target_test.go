package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Paths below a base path are found, in every spelling of the base path.
func TestTargetWithABasePath(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	var mu sync.Mutex
	outside := map[string]bool{}
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if original := r.Header.Get("X-Original-Url"); !strings.HasPrefix(original, "/api/v2/") && original != "" {
			t.Errorf("X-Original-Url is %s", original)
		}
		if !strings.HasPrefix(r.URL.Path, "/api/v2/") {
			mu.Lock()
			outside[r.URL.Path] = true
			mu.Unlock()
		}
		http.StripPrefix("/api/v2", api).ServeHTTP(w, r)
	})))
	suite.Target.URL += "/api/v2/"
	r := run(t, suite)
	if failed := append(r.ids(Fail), r.ids(Error)...); len(failed) > 0 || len(outside) > 0 {
		t.Errorf("failed: %v; outside the base path: %v", failed, outside)
	}
}

// Configured headers are sent with every request, and no result contains their secrets, even if
// the target returns them.
func TestHeaders(t *testing.T) {
	t.Parallel()
	const key, random, session = `k"1 &x`, "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA", "abcd1234efgh"
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != key || r.Header.Get("X-Version") != "2" || !strings.HasPrefix(r.Header.Get("Cookie"), "session="+session) || r.Host != "api.example" {
			t.Errorf("%s %s: headers %v, host %s", r.Method, r.URL, r.Header, r.Host)
		}
		w.Header().Set("X-Echo", key+r.Header.Get("X-Route"))
		http.Redirect(w, r, "/?"+r.Header.Get("X-Route"), api.status(r.Header.Get("Authorization")))
		_ = json.NewEncoder(w).Encode(r.Header)
	})))
	suite.Target.Header = http.Header{"X-Api-Key": {key}, "X-Version": {"2"}, "X-Route": {random}, "Cookie": {"session=" + session}, "Host": {"api.example"}}
	r := run(t, suite)
	all, err := json.Marshal(r.results)
	if err != nil {
		t.Fatal(err)
	}
	text := string(all)
	for _, hidden := range []string{key, `k\"1`, `k\\\"1`, random, session} {
		if strings.Contains(text, hidden) {
			t.Errorf("the results hold %q", hidden)
		}
	}
	shown := r.result(t, "GET /secure: valid").Exchange.RequestHeader
	if shown.Get("X-Version") != "2" || shown.Get("X-Api-Key") != masked {
		t.Errorf("shown: %v", shown)
	}
}

func TestIsCredential(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"X-Api-Key: a": true, "Ocp-Apim-Subscription-Key: b": true, "X-Auth: 1": true, "X-Csrf: 1": true, "My-Token: 1": true,
		"X-Version: 2": false, "Accept-Language: de": false, "X-Trace: 0123456789abcdef0123456789abcdef": true,
		"X-Author: ada": false, "X-Note: a plain sentence that is quite long": false,
	} {
		name, value, _ := strings.Cut(header, ": ")
		if IsCredential(name, value) != want {
			t.Errorf("%s: %t", header, !want)
		}
	}
}

// busy answers 429 to every second request.
type busy struct {
	validator
	mu    sync.Mutex
	n     int
	after string // Retry-After
}

func (b *busy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.n++
	refused := b.n%2 == 1
	b.mu.Unlock()
	if refused {
		if b.after != "" {
			w.Header().Set("Retry-After", b.after)
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	b.validator.ServeHTTP(w, r)
}

// naps records the times that a run wants to wait, without waiting.
type naps struct {
	mu  sync.Mutex
	all []time.Duration
}

func (n *naps) sleep(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, d)
	return ctx.Err()
}

func TestTargetWithRetryAfter(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for _, after := range []string{"7", ""} {
		suite := quickstart(s, serve(t, &busy{validator: validator{issuer: s.issuer()}, after: after}))
		waited := &naps{}
		suite.sleep, suite.Concurrency = waited.sleep, 1
		r := run(t, suite)
		if wrong := append(r.ids(Fail), r.ids(Error)...); len(wrong) > 0 {
			t.Errorf("after %q: %s", after, list(wrong))
		}
		want := time.Second
		if after != "" {
			want = 7 * time.Second
		}
		if longest := slices.Max(waited.all); longest < want-time.Second/2 {
			t.Errorf("after %q: it waited at most %s", after, longest)
		}
	}
}

// A target that always answers 429 gets no verdict.
func TestTargetThatAlwaysThrottles(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for _, after := range []string{"0", "3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		var asked int
		suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusTooManyRequests)
		})))
		suite.sleep, suite.Concurrency, suite.Only = (&naps{}).sleep, 1, "GET /secure: no-token"
		result := run(t, suite).result(t, "GET /secure: no-token")
		if result.Outcome != Error || !strings.Contains(result.Reason, "429") {
			t.Errorf("after %s: %s %s", after, result.Outcome, result.Reason)
		}
		// The first request and its repeats, one on a new connection, and two with the valid token.
		if most := 1 + maxRepeats + 3; asked > most {
			t.Errorf("after %s: asked %d times", after, asked)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	var asked atomic.Int64
	suite := quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		api.ServeHTTP(w, r)
	})))
	waited := &naps{}
	suite.sleep, suite.Target.Rate = waited.sleep, 1e-3
	r := run(t, suite)
	if failed := r.ids(Fail); len(failed) > 0 {
		t.Errorf("failed: %v", failed)
	}
	// The test does not really wait, so the n-th request waits for about n intervals.
	if longest, want := slices.Max(waited.all), time.Duration(asked.Load()-2)*1000*time.Second; longest < want {
		t.Errorf("of %d requests the last waits %s, want %s", asked.Load(), longest, want)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]string{
		"3": "3s", "0": "0s", "": "none", "-1": "none", "soon": "none", "99999999999999": "291h16m16s",
		"Fri, 01 May 2026 12:00:09 GMT": "9s", "Fri, 01 May 2026 11:00:00 GMT": "0s", strconv.Itoa(1 << 30): "291h16m16s",
	} {
		got := "none"
		if d, ok := retryAfter(value, now); ok {
			got = d.String()
		}
		if got != want {
			t.Errorf("Retry-After %q: %s, want %s", value, got, want)
		}
	}
}

// A transport error contains the URL, but not the secrets in it.
func TestErrorsHoldNoToken(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer()}
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(w, r)
	}))))
	result := r.result(t, "GET /secure: token-in-query")
	if result.Outcome != Fail || strings.Contains(result.Reason, "eyJ") || !strings.Contains(result.Reason, masked) {
		t.Errorf("%s %s", result.Outcome, result.Reason)
	}
}

// If a target answers 429 with Retry-After now and then, the rate stays. If it answers 429 often,
// the rate drops, and later rises again up to the rate of the user.
func TestPaceRecovers(t *testing.T) {
	t.Parallel()
	p := &pace{sleep: (&naps{}).sleep, interval: 5 * time.Millisecond, least: 5 * time.Millisecond}
	soon := http.Header{"Retry-After": {"0"}}
	if err := p.slowDown(0, soon); err != nil || p.interval != p.least {
		t.Errorf("after one refusal: %s %v", p.interval, err)
	}
	for n := range 3 {
		p.slowed = time.Time{}
		if err := p.slowDown(n, http.Header{}); err != nil {
			t.Fatal(err)
		}
	}
	if p.interval != 200*time.Millisecond {
		t.Errorf("after three: %s", p.interval)
	}
	for range 10 * maxFine {
		p.speedUp()
	}
	if p.interval != p.least {
		t.Errorf("recovered: %s", p.interval)
	}
}
