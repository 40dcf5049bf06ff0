package localtenant_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"provision/conformance"
	"provision/emulator/emulatortest"
	"provision/localtenant"
	"provision/reconcile"
)

func management(t *testing.T) *localtenant.Management {
	t.Helper()
	tenant := emulatortest.Start(t)
	return &localtenant.Management{URL: tenant.ManagementURL, Key: tenant.ManagementKey, HTTP: http.DefaultClient}
}

// TestManagement: the answer to each operation.
func TestManagement(t *testing.T) {
	t.Parallel()
	m, ctx := management(t), t.Context()
	if signed, err := m.Sign(ctx, map[string]any{"alg": "RS256"}, map[string]any{"sub": "ada"}); err != nil || strings.Count(signed, ".") != 2 {
		t.Errorf("signed claims are %q, %v", signed, err)
	}
	if signed, err := m.SignPayload(ctx, map[string]any{"alg": "RS256"}, []byte("no JSON")); err != nil || strings.Count(signed, ".") != 2 {
		t.Errorf("a signed payload is %q, %v", signed, err)
	}
	identity, err := m.ManagedIdentity(ctx, "orders", "")
	if err != nil || identity["IDENTITY_ENDPOINT"] == "" {
		t.Errorf("a managed identity has %v, %v", identity, err)
	}
	id, err := m.CreateTenant(ctx, "fabrikam.onmicrosoft.com")
	if err != nil || id == "" {
		t.Errorf("a tenant has the id %q, %v", id, err)
	}
	tenants, err := m.Tenants(ctx)
	if err != nil || len(tenants) != 2 || tenants[1].TenantID != id || tenants[1].Domain != "fabrikam.onmicrosoft.com" {
		t.Errorf("the tenants are %v, %v", tenants, err)
	}
	if lag, err := m.ReplicationLag(ctx); err != nil || lag != 0 {
		t.Errorf("the lag is %s, %v", lag, err)
	}
	good, err := m.Prove(ctx, []reconcile.Credential{
		{AppID: tenants[0].ClientID, Secret: tenants[0].ClientSecret}, {AppID: tenants[0].ClientID, Secret: "another"}})
	if err != nil || len(good) != 2 || !good[0] || good[1] {
		t.Errorf("the credentials are good: %v, %v", good, err)
	}
	other := *m
	other.Key = "another"
	if _, err := other.Tenants(ctx); err == nil || !strings.Contains(err.Error(), "list the local tenants: the management API answered 401") {
		t.Errorf("with another key: %v", err)
	}
}

// TestReplicationLag: the client waits a little longer than the lag of the tenant.
func TestReplicationLag(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t, emulatortest.WithReplicationLag(2*time.Second))
	m := &localtenant.Management{URL: tenant.ManagementURL, Key: tenant.ManagementKey, HTTP: http.DefaultClient}
	if lag, err := m.ReplicationLag(t.Context()); err != nil || lag <= 2*time.Second || lag > 4*time.Second {
		t.Errorf("the lag is %s, %v", lag, err)
	}
}

// TestKeys: a published key is withdrawn once, and a fault of the keys counts requests until it
// ends.
func TestKeys(t *testing.T) {
	t.Parallel()
	tenant := emulatortest.Start(t)
	keys, ctx := localtenant.Keys{Management: &localtenant.Management{URL: tenant.ManagementURL, Key: tenant.ManagementKey, HTTP: http.DefaultClient}}, t.Context()
	for name, publish := range map[string]func() (string, func() error, error){
		"another key": func() (string, func() error, error) {
			kid, withdraw, err := keys.Publish(ctx)
			return kid, func() error { return withdraw(ctx) }, err
		},
		"a key of a tenant": func() (string, func() error, error) {
			kid, withdraw, err := keys.PublishOf(ctx, "11111111-1111-4111-8111-111111111111")
			return kid, func() error { return withdraw(ctx) }, err
		},
	} {
		kid, withdraw, err := publish()
		if err != nil || kid == "" {
			t.Fatalf("%s: %q, %v", name, kid, err)
		}
		for range 2 {
			if err := withdraw(); err != nil {
				t.Errorf("%s is withdrawn: %v", name, err)
			}
		}
	}
	d, err := keys.Disturb(ctx, conformance.KeyFault{Status: 503})
	if err != nil {
		t.Fatal(err)
	}
	read := func() int {
		answer, err := tenant.HTTPClient().Get(tenant.Origin + "/" + tenant.TenantID + "/discovery/v2.0/keys")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if status := read(); status != 503 {
		t.Errorf("disturbed, the key set answers %d", status)
	}
	if n, err := d.Requests(ctx); err != nil || n != 1 {
		t.Errorf("%d requests, %v; want one", n, err)
	}
	if err := d.End(ctx); err != nil || read() != 200 {
		t.Errorf("the disturbance does not end: %v", err)
	}
}

// TestSweep: a run removes what a killed run has left, and keeps what others have set.
func TestSweep(t *testing.T) {
	t.Parallel()
	m, ctx := management(t), t.Context()
	keys := localtenant.Keys{Management: m}
	count := func(path string) int {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+m.Key)
		response, err := m.HTTP.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var all []any
		if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL+"/keys?another=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+m.Key)
	response, err := m.HTTP.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response, err)
	}
	response.Body.Close()
	before := count("/keys")
	for range 2 {
		if _, _, err := keys.Publish(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.Disturb(ctx, conformance.KeyFault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	if left := count("/keys") - before; left != 2 {
		t.Fatalf("%d keys were published", left)
	}
	if err := keys.SweepFaults(ctx); err != nil {
		t.Fatal(err)
	}
	if n, faults := count("/keys"), count("/faults"); n != before+2 || faults != 0 {
		t.Errorf("beside another run: %d keys and %d faults are left, want %d and none", n, faults, before+2)
	}
	if _, err := keys.Disturb(ctx, conformance.KeyFault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	if err := keys.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if n, faults := count("/keys"), count("/faults"); n != before || faults != 0 {
		t.Errorf("%d keys and %d faults are left, want %d and none", n, faults, before)
	}
}
