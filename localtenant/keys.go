package localtenant

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"provision/conformance"
)

// Keys changes the local tenant's signing keys by its management API.
type Keys struct{ *Management }

// owner marks the keys and faults of the suite.
const owner = "verify"

// Sweep removes the keys and faults that an earlier run has left, because it was killed. No
// other run may be under way.
func (k Keys) Sweep(ctx context.Context) error {
	var keys []struct{ ID, Owner string }
	if err := k.send(ctx, http.MethodGet, "/keys", nil, &keys); err != nil {
		return fmt.Errorf("list signing keys: %w", err)
	}
	for _, key := range keys {
		if key.Owner == owner {
			if err := k.remove(ctx, "/keys/"+url.PathEscape(key.ID)); err != nil {
				return err
			}
		}
	}
	return k.SweepFaults(ctx)
}

// SweepFaults removes the faults alone.
func (k Keys) SweepFaults(ctx context.Context) error {
	var faults []struct{ Name string }
	if err := k.send(ctx, http.MethodGet, "/faults", nil, &faults); err != nil {
		return fmt.Errorf("list faults: %w", err)
	}
	for _, fault := range faults {
		if strings.HasPrefix(fault.Name, owner+"-") {
			if err := k.remove(ctx, "/faults/"+url.PathEscape(fault.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k Keys) remove(ctx context.Context, path string) error {
	if err := k.send(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return fmt.Errorf("remove what an earlier run has left: %w", err)
	}
	return nil
}

// Publish publishes another signing key of the tenant.
func (k Keys) Publish(ctx context.Context) (kid string, withdraw func(context.Context) error, err error) {
	return k.publish(ctx, url.Values{"another": {"true"}, "owner": {owner}}.Encode())
}

// PublishOf publishes a signing key that another tenant has.
func (k Keys) PublishOf(ctx context.Context, tenantID string) (kid string, withdraw func(context.Context) error, err error) {
	return k.publish(ctx, url.Values{"tenant": {tenantID}, "owner": {owner}}.Encode())
}

func (k Keys) publish(ctx context.Context, query string) (kid string, withdraw func(context.Context) error, err error) {
	var made struct{ ID string }
	if err := k.send(ctx, http.MethodPost, "/keys?"+query, nil, &made); err != nil {
		return "", nil, fmt.Errorf("publish a signing key: %w", err)
	}
	gone := false
	return made.ID, func(ctx context.Context) error {
		if gone {
			return nil
		}
		err := k.send(ctx, http.MethodDelete, "/keys/"+made.ID, nil, nil)
		gone = err == nil
		return err
	}, nil
}

// keySetPaths are the paths of the tenant's key sets, for both versions.
const keySetPaths = "*/discovery/*keys*"

// Disturb injects a fault into the answers of the key set, and counts the requests.
func (k Keys) Disturb(ctx context.Context, how conformance.KeyFault) (conformance.Disturbance, error) {
	d := disturbance{k.Management, owner + "-" + rand.Text()}
	rule := map[string]any{"name": d.name, "path": keySetPaths, "latency": max(how.Latency, 1).String()} // 1 ns: the fault only counts requests
	if how.Status != 0 {
		rule["status"] = how.Status
	}
	if how.Body != "" {
		rule["body"] = how.Body
	}
	if err := k.send(ctx, http.MethodPost, "/faults", []any{rule}, nil); err != nil {
		return nil, fmt.Errorf("inject a fault into the key set: %w", err)
	}
	return d, nil
}

// disturbance is a fault in the answers of the tenant's key set.
type disturbance struct {
	*Management
	name string
}

// Requests returns the number of requests that the fault applied to.
func (d disturbance) Requests(ctx context.Context) (int, error) {
	var faults []struct {
		Name  string
		Fired int
	}
	if err := d.send(ctx, http.MethodGet, "/faults", nil, &faults); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	n := 0
	for _, f := range faults {
		if f.Name == d.name {
			n += f.Fired
		}
	}
	return n, nil
}

// End removes the fault.
func (d disturbance) End(ctx context.Context) error {
	return d.send(ctx, http.MethodDelete, "/faults/"+d.name, nil, nil)
}
