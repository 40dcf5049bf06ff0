package graph

import (
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxParallel is the maximum number of simultaneous batches, unless
// Options state another limit.
const maxParallel = 4

// The writes of an application in a tenant: a number in a burst, and then as many as the
// quota refills. Source:
// learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits.
const (
	writeBurst  = 3_000
	writeWindow = 150 * time.Second
)

// Reads are slowed down when more than this share of their quota is used up. The quota
// refills within unitsWindow.
const (
	unitsAlarm  = 0.9
	unitsTarget = 0.85
	unitsWindow = 10 * time.Second
)

// limiter keeps a client within the quotas of its tenant.
//
// It limits the number of simultaneous batches: it begins with two, adds one for each batch without a refusal,
// and halves the number after a batch with a refusal. It counts writes itself, because
// their quota is the same for all tenants, and keeps within it as soon as Graph reports
// that a quota is nearly used up. The quota of reads depends on the size of the tenant,
// so the limiter only knows the used share that Graph reports.
type limiter struct {
	mu      sync.Mutex
	current int
	most    int
	metered bool // Graph has reported a quota
	writes  *rate.Limiter
}

func newLimiter(most int) *limiter {
	if most <= 0 {
		most = maxParallel
	}
	return &limiter{current: min(2, most), most: most, writes: rate.NewLimiter(rate.Limit(writeBurst/writeWindow.Seconds()), writeBurst)}
}

func (l *limiter) width() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// learn records the result of a batch.
func (l *limiter) learn(whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if whole {
		l.current = min(l.current+1, l.most)
	} else {
		l.current = max(l.current/2, 1)
	}
}

// spend counts n writes, or returns how long they must wait.
func (l *limiter) spend(n int, now time.Time) (pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.writes.ReserveN(now, n)
	if pause = r.DelayFrom(now); pause == 0 {
		return 0
	}
	r.CancelAt(now)
	if !l.metered {
		l.empty(now)
		return 0
	}
	return pause
}

// empty sets the remaining quota of writes to zero.
func (l *limiter) empty(now time.Time) {
	if left := int(l.writes.TokensAt(now)); left > 0 {
		l.writes.ReserveN(now, left)
	}
}

// drain sets the remaining quota of writes to zero after Graph has refused a write.
func (l *limiter) drain(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.metered = true
	l.empty(now)
}

// ease returns the pause after Graph reported that this share of a quota is used, if
// it is not the quota of writes.
func (l *limiter) ease(used float64, now time.Time) (pause time.Duration) {
	if used > 0 {
		l.mu.Lock()
		l.metered = true
		l.mu.Unlock()
	}
	writes := 1 - l.writes.TokensAt(now)/writeBurst
	if used < unitsAlarm || used <= writes+0.02 {
		return 0
	}
	return time.Duration((used - unitsTarget) * float64(unitsWindow))
}

// jitter makes a pause up to a tenth longer, so that requests that were refused
// together are not sent together again.
func jitter(d time.Duration) time.Duration { return d + time.Duration(rand.Int64N(int64(d/10)+1)) }
