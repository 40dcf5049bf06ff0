package conformance

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A correct API is not accused over HTTP/2 either, and no request is repeated until the time is up.
func TestNoFalseAlarmOverHTTP2(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api, second := validator{issuer: s.issuer()}, atomic.Int64{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			second.Add(1)
		}
		api.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = unstarted(t, nil).Config.ErrorLog
	server.StartTLS()
	t.Cleanup(server.Close)
	suite := without(quickstart(s, nil), Lifecycle)
	suite.Target, suite.Timeout = at(server), 10*time.Second
	r := run(t, suite)
	noFalseAlarm(t, r)
	for _, result := range r.results {
		if result.Duration > suite.Timeout/2 {
			t.Errorf("%s took %s", result.ID, result.Duration)
		}
	}
	if second.Load() < 100 {
		t.Errorf("%d requests over HTTP/2", second.Load())
	}
}
