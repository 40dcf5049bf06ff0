package faults

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// TenantSize determines the quotas of an application in a tenant: small is under 50
// users, medium up to 500, large above. "" means no quotas.
type TenantSize string

// The sizes.
const (
	Unlimited TenantSize = ""
	Small     TenantSize = "small"
	Medium    TenantSize = "medium"
	Large     TenantSize = "large"
)

// ParseTenantSize reads small, medium, large or "".
func ParseTenantSize(s string) (TenantSize, error) {
	switch size := TenantSize(strings.ToLower(s)); size {
	case Unlimited, Small, Medium, Large:
		return size, nil
	}
	return "", fmt.Errorf("%q is not a tenant size: use small, medium or large", s)
}

// allowance is a quota for a period. It is a token bucket, like Graph's: the whole
// quota is available immediately and then refills.
type allowance struct {
	amount float64
	in     time.Duration
}

// The quotas of Graph's identity and access service. The limit of an
// application in all tenants together is omitted: one tenant does not reach it.
// Source: learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits.
var (
	unitsOf = map[TenantSize]allowance{
		Small:  {3_500, 10 * time.Second},
		Medium: {5_000, 10 * time.Second},
		Large:  {8_000, 10 * time.Second},
	}
	writesOfPair     = allowance{3_000, 150 * time.Second}
	writesOfTenant   = allowance{18_000, 5 * time.Minute}
	writesOfPersonal = allowance{60, time.Minute}
)

// Spending is the cost of a request and the caller that is charged.
type Spending struct {
	Tenant   string // its id
	Client   string // the caller's appId
	Units    int    // resource units
	Writes   int
	Personal bool // it writes to an application that admits personal accounts
}

// Throttle is the decision about a request. RetryAfter is zero for a request that may
// pass.
type Throttle struct {
	RetryAfter  time.Duration
	Scope       string  // of x-ms-throttle-scope
	Information string  // of x-ms-throttle-information
	Used        float64 // the largest used share of a quota, 0 to 1
}

// Quotas count the requests of applications to tenants. They are safe for concurrent
// use; the zero value limits nothing.
type Quotas struct {
	mu      sync.Mutex
	size    TenantSize
	buckets map[string]*bucket
}

// SetSize resets the counters and selects the quotas of a tenant size.
func (q *Quotas) SetSize(size TenantSize) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size, q.buckets = size, map[string]*bucket{}
}

// Size returns the size that SetSize has set.
func (q *Quotas) Size() TenantSize {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// Spend takes the cost of a request from every quota that applies to it, or from none if one of
// them is exhausted.
func (q *Quotas) Spend(s Spending, now time.Time) Throttle {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size == Unlimited {
		return Throttle{}
	}
	type due struct {
		allowance
		cost               int
		scope, limit, what string
	}
	const units, writes = "ResourceUnitLimitExceeded", "WriteLimitExceeded"
	dues := []due{
		{unitsOf[q.size], s.Units, "Tenant_Application", "ReadWrite", units},
		{writesOfPair, s.Writes, "Tenant_Application", "Write", writes},
		{writesOfTenant, s.Writes, "Tenant", "Write", writes},
	}
	if s.Personal {
		dues = append(dues, due{writesOfPersonal, s.Writes, "Application", "Write", writes})
	}
	var taken []*bucket
	var t Throttle
	for _, d := range dues {
		key := d.scope + d.limit + s.Tenant
		if d.scope != "Tenant" {
			key += s.Client
		}
		b := q.buckets[key]
		if b == nil {
			b = &bucket{left: d.amount, at: now}
			q.buckets[key] = b
		}
		b.refill(d.allowance, now)
		if wait := b.wait(d.allowance, float64(d.cost)); wait > 0 {
			return Throttle{RetryAfter: wait, Information: d.what,
				Scope: strings.Join([]string{d.scope, d.limit, s.Client, s.Tenant}, "/")}
		}
		t.Used = max(t.Used, 1-(b.left-float64(d.cost))/d.amount)
		taken = append(taken, b)
	}
	for i, b := range taken {
		b.left -= float64(dues[i].cost)
	}
	return t
}

// bucket is a token bucket: the remaining part of a quota.
type bucket struct {
	left float64
	at   time.Time
}

func (b *bucket) refill(a allowance, now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(a.amount, b.left+a.amount*passed.Seconds()/a.in.Seconds())
	}
	b.at = now
}

// wait is the time until a cost can be charged, in whole seconds; 0: it can be charged
// now.
func (b *bucket) wait(a allowance, cost float64) time.Duration {
	if cost <= b.left {
		return 0
	}
	seconds := (cost - b.left) * a.in.Seconds() / a.amount
	return time.Duration(math.Ceil(seconds)) * time.Second
}
