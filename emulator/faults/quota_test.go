package faults_test

import (
	"testing"
	"time"

	"provision/emulator/faults"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestQuotasAreTokenBuckets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		size     faults.TenantSize
		spending faults.Spending
		passes   int // the number of requests that pass in a burst
		scope    string
		reason   string
		flows    time.Duration // the time after which one more request passes
	}{
		{"units of a small tenant", faults.Small, faults.Spending{Units: 1}, 3500, "Tenant_Application/ReadWrite/app/tenant", "ResourceUnitLimitExceeded", 10 * time.Second / 3500},
		{"units of a medium tenant", faults.Medium, faults.Spending{Units: 5}, 1000, "Tenant_Application/ReadWrite/app/tenant", "ResourceUnitLimitExceeded", 10 * time.Millisecond},
		{"units of a large tenant", faults.Large, faults.Spending{Units: 2}, 4000, "Tenant_Application/ReadWrite/app/tenant", "ResourceUnitLimitExceeded", 10 * time.Second / 4000},
		{"writes", faults.Large, faults.Spending{Units: 1, Writes: 1}, 3000, "Tenant_Application/Write/app/tenant", "WriteLimitExceeded", 50 * time.Millisecond},
		{"applications for personal accounts", faults.Small, faults.Spending{Units: 1, Writes: 1, Personal: true}, 60, "Application/Write/app/tenant", "WriteLimitExceeded", time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var q faults.Quotas
			q.SetSize(c.size)
			c.spending.Tenant, c.spending.Client = "tenant", "app"
			for i := range c.passes {
				if got := q.Spend(c.spending, noon); got.RetryAfter != 0 {
					t.Fatalf("request %d of %d: %+v", i+1, c.passes, got)
				}
			}
			got := q.Spend(c.spending, noon)
			if got.RetryAfter != time.Second || got.Scope != c.scope || got.Information != c.reason {
				t.Errorf("one more: %+v, want a second of %s, %s", got, c.scope, c.reason)
			}
			if got := q.Spend(c.spending, noon.Add(c.flows-time.Millisecond)); got.RetryAfter == 0 && c.flows > 5*time.Millisecond {
				t.Errorf("a moment before %v one more passes", c.flows)
			}
			if got := q.Spend(c.spending, noon.Add(c.flows+time.Millisecond)); got.RetryAfter != 0 {
				t.Errorf("after %v: %+v, want it to pass", c.flows, got)
			}
			other := c.spending
			other.Client = "other"
			if got := q.Spend(other, noon); got.RetryAfter != 0 {
				t.Errorf("another application: %+v, want it to pass", got)
			}
			q.SetSize(faults.Unlimited)
			if got := q.Spend(c.spending, noon); got != (faults.Throttle{}) {
				t.Errorf("without quotas: %+v", got)
			}
		})
	}
}

func TestHeadersOfQuotas(t *testing.T) {
	t.Parallel()
	var q faults.Quotas
	q.SetSize(faults.Small)
	for _, c := range []struct {
		units int
		want  float64
	}{{2800, 0.8}, {350, 0.9}} {
		if got := q.Spend(faults.Spending{Tenant: "t", Client: "c", Units: c.units}, noon).Used; got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("used %v, want %v", got, c.want)
		}
	}
}

func TestParseTenantSize(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"small": true, "Medium": true, "large": true, "": true, "huge": false} {
		if _, err := faults.ParseTenantSize(text); (err == nil) != ok {
			t.Errorf("ParseTenantSize(%q): %v", text, err)
		}
	}
}
