package graph

import (
	"math/rand/v2"
	"sync"
	"time"
)

// maxParallel is how many batches are under way side by side at most.
const maxParallel = 4

// limiter decides how many batches are under way side by side. It begins with
// two, adds one for each batch that Graph carries out whole, and halves them for
// one with a refusal.
type limiter struct {
	mu      sync.Mutex
	current int
}

func newLimiter() *limiter { return &limiter{current: 2} }

func (l *limiter) width() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// learn takes what became of a batch.
func (l *limiter) learn(whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if whole {
		l.current = min(l.current+1, maxParallel)
	} else {
		l.current = max(l.current/2, 1)
	}
}

// jitter makes a pause up to a tenth longer, so that requests that were refused
// together do not come back together.
func jitter(d time.Duration) time.Duration { return d + time.Duration(rand.Int64N(int64(d/10)+1)) }
