package localtenant_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"provision/localtenant"
)

// stopped is a server that accepts requests and does not answer.
type stopped struct{}

func (stopped) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestAServerThatDoesNotAnswerIsNamed: the error of a request that times out names the process
// that serves the tenant. The first request of a command has a short timeout.
func TestAServerThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &localtenant.Management{URL: "http://127.0.0.1:9", PID: 4242, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: stopped{}}}
		for name, test := range map[string]struct {
			send func() error
			wait time.Duration
		}{
			"first request":   {func() error { _, err := m.ReplicationLag(t.Context()); return err }, 10 * time.Second},
			"another request": {func() error { _, err := m.Tenants(t.Context()); return err }, 30 * time.Second},
		} {
			began := time.Now()
			err := test.send()
			if waited := time.Since(began); waited != test.wait {
				t.Errorf("%s: waited %s, want %s", name, waited, test.wait)
			}
			var named *localtenant.Error
			if !errors.As(err, &named) || !strings.Contains(err.Error(), "(pid 4242) does not answer") || !strings.Contains(named.Hint, "`kill -CONT 4242`") {
				t.Errorf("%s: %v", name, err)
			}
		}
		m.PID = 0
		if _, err := m.Tenants(t.Context()); err == nil || strings.Contains(err.Error(), "pid") {
			t.Errorf("unknown process: %v", err)
		}
	})
}
