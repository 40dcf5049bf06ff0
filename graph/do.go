package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// batchLimit is the most requests that Graph takes in one $batch.
const batchLimit = 20

// maxAttempts bounds how often one item is sent that Graph is too busy for.
const maxAttempts = 9

// request is one item of a $batch.
type request struct {
	operation string // what it does, for errors, e.g. "read /users/ada"
	method    string
	path      string // below the version, with the query
	headers   map[string]string
	beta      bool // of the beta version

	// take receives the answer and returns the requests that may follow now. An
	// error ends do. It is called from do's goroutine, one answer after another.
	take func(answer) ([]request, error)

	attempts  int
	notBefore time.Time // the zero value sends it at once
}

// answer is Graph's answer to a request.
type answer struct {
	body json.RawMessage
	err  error // an *Error for a refusal
}

// do sends requests, and the requests that follow from their answers, until none is
// left. Twenty share a $batch, and several batches are under way side by side. A
// batch leaves when it is full, or when no other one is under way. An item that
// Graph throttles is sent again by itself, after its Retry-After.
//
// The error is the context's, take's, or that of a service that cannot be reached
// or does not speak Graph. Every other failure is an answer.
// Source: learn.microsoft.com/graph/json-batching.
func (c *Client) do(ctx context.Context, requests []request) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &dispatcher{client: c, ctx: ctx, ready: requests, arrivals: make(chan arrival)}
	return d.run()
}

// dispatcher is one do.
type dispatcher struct {
	client   *Client
	ctx      context.Context
	ready    []request // in the order in which they are sent
	delayed  []request
	inFlight int // batches
	arrivals chan arrival
}

// arrival is what came of a batch.
type arrival struct {
	requests []request
	answers  map[string]batchAnswer
	err      error
}

func (d *dispatcher) run() error {
	for {
		d.wake(time.Now())
		for d.mayDispatch() {
			d.dispatch()
		}
		if d.inFlight == 0 && len(d.delayed) == 0 {
			return nil
		}
		if err := d.wait(); err != nil {
			return err
		}
	}
}

// wait waits for an answer, or until a delayed request is due.
func (d *dispatcher) wait() error {
	due := make(<-chan time.Time)
	if len(d.delayed) > 0 {
		next := slices.MinFunc(d.delayed, func(a, b request) int { return a.notBefore.Compare(b.notBefore) })
		timer := time.NewTimer(time.Until(next.notBefore))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-d.ctx.Done():
		return d.ctx.Err()
	case <-due:
		return nil
	case a := <-d.arrivals:
		d.inFlight--
		return d.take(a)
	}
}

// wake moves the delayed requests that are due to the ready ones.
func (d *dispatcher) wake(now time.Time) {
	d.delayed = slices.DeleteFunc(d.delayed, func(r request) bool {
		if r.notBefore.After(now) {
			return false
		}
		d.ready = append(d.ready, r)
		return true
	})
}

// mayDispatch tells whether a batch may leave. One that is not full waits for
// the answers under way, since what follows from them may fill it.
func (d *dispatcher) mayDispatch() bool {
	return len(d.ready) > 0 && (d.inFlight == 0 || len(d.ready) >= batchLimit && d.inFlight < d.client.limit.width())
}

func (d *dispatcher) dispatch() {
	beta := d.ready[0].beta
	var requests, rest []request
	for _, r := range d.ready {
		if r.beta == beta && len(requests) < batchLimit {
			requests = append(requests, r)
		} else {
			rest = append(rest, r)
		}
	}
	d.ready = rest
	d.inFlight++
	go func() {
		answers, err := d.client.batch(d.ctx, beta, requests)
		select {
		case d.arrivals <- arrival{requests, answers, err}:
		case <-d.ctx.Done():
		}
	}()
}

// take hands out the answers of a batch. The items that were refused are sent
// again together.
func (d *dispatcher) take(a arrival) error {
	if a.err != nil {
		return a.err
	}
	var refused []request
	var pause time.Duration
	for i, r := range a.requests {
		item, ok := a.answers[itemID(i)]
		if !ok {
			return fmt.Errorf("%s: the answer to the batch does not contain it", r.operation)
		}
		if r.attempts++; retryable(item.Status) && r.attempts < maxAttempts {
			refused = append(refused, r)
			pause = max(pause, item.retryAfter(r.attempts-1))
			continue
		}
		next, err := r.take(item.answer(r.operation))
		if err != nil {
			return err
		}
		for _, r := range next {
			d.add(r)
		}
	}
	d.client.limit.learn(len(refused) == 0)
	if len(refused) > 0 {
		d.client.requests.say(pause, "Graph is busy")
	}
	due := time.Now().Add(jitter(pause))
	for _, r := range refused {
		r.notBefore = due
		d.add(r)
	}
	return nil
}

func (d *dispatcher) add(r request) {
	if r.notBefore.After(time.Now()) {
		d.delayed = append(d.delayed, r)
	} else {
		d.ready = append(d.ready, r)
	}
}
