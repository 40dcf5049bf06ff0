package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	maxRepeats  = 10              // of one request that is answered 429
	longestWait = time.Minute     // that a target may ask for
	slowest     = 2 * time.Second // between two requests, without being asked by the target
	maxFine     = 20              // answers at one rate, after a 429
)

// pace limits the rate of requests to the rate that the user allows, and lowers it if the target
// requests it.
type pace struct {
	sleep func(context.Context, time.Duration) error

	mu       sync.Mutex
	interval time.Duration // between two requests
	least    time.Duration // of interval, as the user asks for
	next     time.Time     // when the next one may go
	slowed   time.Time     // the interval was last raised for requests before this time
	fine     int           // answers since the last 429
	gaveUp   bool
}

// wait takes the next turn.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(p.interval)
	p.mu.Unlock()
	return p.sleep(ctx, at.Sub(now))
}

// slowDown handles a 429 after the request was repeated n times: it stops all requests
// for the time that the target asks for (RFC 9110, section 10.2.3; RFC 6585, section
// 4). If the answer states no time, or the repeated request is refused too, it halves the rate.
func (p *pace) slowDown(n int, header http.Header) error {
	now := time.Now()
	delay, stated := retryAfter(header.Get("Retry-After"), now)
	if !stated {
		delay = min(time.Second<<n, longestWait)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case delay > longestWait:
		p.gaveUp = true
		return fmt.Errorf("the target answers 429 and requests a wait of %s: lower --rate, or try later", delay.Round(time.Second))
	case p.gaveUp || n >= maxRepeats:
		p.gaveUp = true
		return fmt.Errorf("the target still answers 429 after the requested wait: lower --rate")
	}
	p.fine = 0
	if (!stated || n > 0) && !now.Before(p.slowed) {
		p.interval = min(max(2*p.interval, 50*time.Millisecond), max(p.interval, slowest))
		p.slowed = now.Add(delay)
	}
	if until := now.Add(delay); p.next.Before(until) {
		p.next = until
	}
	return nil
}

// speedUp handles another answer than 429: after enough of them the rate doubles.
func (p *pace) speedUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fine++; p.fine < maxFine || p.interval == p.least {
		return
	}
	p.fine = 0
	if p.interval = max(p.interval/2, p.least); p.interval < 10*time.Millisecond {
		p.interval = p.least
	}
}

// retryAfter reads seconds or a date.
func retryAfter(value string, now time.Time) (delay time.Duration, ok bool) {
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
