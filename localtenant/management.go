package localtenant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"provision/reconcile"
)

// Management is the management API of a local tenant.
type Management struct {
	URL, Key string
	HTTP     *http.Client
	PID      int // of the process that serves the tenant, for errors; 0 if it is unknown
}

// Sign signs any claims with the tenant's current key.
func (m *Management) Sign(ctx context.Context, header, claims map[string]any) (string, error) {
	var signed struct{ Token string }
	err := m.post(ctx, "/sign", map[string]any{"header": header, "claims": claims}, &signed)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed.Token, nil
}

// ManagedIdentity creates or finds the managed identity with a name, and
// returns the environment variables of a program that uses it. Its tokens have
// the names of a cloud or, if cloud is empty, of the cloud of each requested resource.
func (m *Management) ManagedIdentity(ctx context.Context, name, cloud string) (map[string]string, error) {
	var identity struct{ Environment map[string]string }
	err := m.post(ctx, "/managed-identities", map[string]any{"name": name, "publicHosts": true, "cloud": cloud}, &identity)
	if err != nil {
		return nil, fmt.Errorf("create managed identity %q: %w", name, err)
	}
	return identity.Environment, nil
}

// SignPayload signs a payload without changing it.
func (m *Management) SignPayload(ctx context.Context, header map[string]any, payload []byte) (string, error) {
	var signed struct{ Token string }
	err := m.post(ctx, "/sign", map[string]any{"header": header, "payload": string(payload)}, &signed)
	if err != nil {
		return "", fmt.Errorf("sign a payload: %w", err)
	}
	return signed.Token, nil
}

// Prove returns which credentials are valid.
func (m *Management) Prove(ctx context.Context, kept []reconcile.Credential) ([]bool, error) {
	var all []bool
	for some := range slices.Chunk(kept, 1000) { // the maximum number in one request
		var answer struct{ Good []bool }
		if err := m.post(ctx, "/credentials", some, &answer); err != nil {
			return nil, err
		}
		if len(answer.Good) != len(some) {
			return nil, fmt.Errorf("the management API answered for %d credentials of %d", len(answer.Good), len(some))
		}
		all = append(all, answer.Good...)
	}
	return all, nil
}

// Tenant is one of the served tenants, with the credentials of its administrator.
type Tenant struct{ TenantID, Domain, ClientID, ClientSecret string }

// Tenants returns the served tenants.
func (m *Management) Tenants(ctx context.Context) (all []Tenant, err error) {
	if err := m.send(ctx, http.MethodGet, "/tenants", nil, &all); err != nil {
		return nil, fmt.Errorf("list the local tenants: %w", err)
	}
	return all, nil
}

// CreateTenant creates a further tenant and returns its id.
func (m *Management) CreateTenant(ctx context.Context, domain string) (id string, err error) {
	var made Tenant
	if err := m.post(ctx, "/tenants", map[string]any{"domain": domain}, &made); err != nil {
		return "", fmt.Errorf("create another local tenant, %s: %w", domain, err)
	}
	return made.TenantID, nil
}

func (m *Management) post(ctx context.Context, path string, body, into any) error {
	return m.send(ctx, http.MethodPost, path, body, into)
}

// send sends a request, with a JSON body unless body is nil, and decodes the answer
// unless into is nil.
func (m *Management) send(ctx context.Context, method, path string, body, into any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, m.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+m.Key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := m.HTTP.Do(r)
	if err != nil {
		return m.unanswered(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return fmt.Errorf("the management API answered %d %s", answer.StatusCode, strings.Join(strings.Fields(string(said)), " "))
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// unanswered names the process that serves the tenant in the error of a request that has timed
// out: the process may be stopped.
func (m *Management) unanswered(err error) error {
	var timed net.Error
	if m.PID == 0 || !errors.As(err, &timed) || !timed.Timeout() {
		return err
	}
	return &Error{fmt.Errorf("the process that serves the local tenant (pid %d) does not answer: %w", m.PID, err),
		fmt.Sprintf("if it is stopped, continue it: `kill -CONT %d`; else end it: `kill %d`", m.PID, m.PID)}
}

// firstPatience is how long the first request of a command waits for the process that serves the
// tenant. The answer needs no work.
const firstPatience = 10 * time.Second

// lagMargin is the time after the lag during which a read can still miss a write.
const lagMargin = time.Second

// ReplicationLag returns the maximum time after which reads show a write; 0 if reads show
// every write immediately. It is the first request to a tenant that another process serves.
func (m *Management) ReplicationLag(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, firstPatience)
	defer cancel()
	var lag struct{ Lag, Jitter string }
	if err := m.send(ctx, http.MethodGet, "/replication-lag", nil, &lag); err != nil {
		return 0, fmt.Errorf("read the replication lag: %w", err)
	}
	delay, _ := time.ParseDuration(lag.Lag) // "" means no lag
	jitter, _ := time.ParseDuration(lag.Jitter)
	if delay+jitter == 0 {
		return 0, nil
	}
	return delay + jitter + lagMargin, nil
}
