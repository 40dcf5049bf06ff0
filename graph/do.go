package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// batchLimit is the maximum number of requests that Graph accepts in one $batch.
const batchLimit = 20

// maxAttempts is the maximum number of times that an item is sent if Graph is too busy.
const maxAttempts = 9

// lastWrites is the maximum time to wait for writes in progress after the context of a
// do has ended.
const lastWrites = 15 * time.Second

// request is one item of a $batch.
type request struct {
	operation string // its description in errors, e.g. "read /users/ada"
	method    string
	path      string // below the version, with the query
	headers   map[string]string
	body      json.RawMessage
	invalid   error // the reason if the body cannot be sent
	beta      bool  // of the beta version
	once      bool  // see Write

	// take receives the answer and returns the requests that may follow now. An
	// error ends do. It is called from do's goroutine, one answer after another.
	take func(answer) ([]request, error)

	attempts  int
	notBefore time.Time // the zero value sends it immediately
}

func (r request) writes() bool { return r.method != http.MethodGet }

// answer is Graph's answer to a request.
type answer struct {
	body json.RawMessage
	err  error // an *Error for a refusal
}

// do sends requests, and the requests that follow from their answers, until none is
// left. Twenty requests share a $batch, and several batches are in progress at the same
// time. do sends a batch when it is full, or when no other batch is in progress. It
// sends an item that Graph throttles again, after its Retry-After.
//
// do returns an error if the context ends, if take returns an error, or if the service
// cannot be reached or is not Graph. Every other failure is an answer. Before do returns
// an error, it passes on the answers to writes that are in progress.
// Source: learn.microsoft.com/graph/json-batching.
func (c *Client) do(ctx context.Context, requests []request) error {
	sending, stop := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), interrupted{}, ctx.Done()))
	defer stop()
	d := &dispatcher{client: c, ctx: ctx, sending: sending, arrivals: make(chan arrival)}
	if err := d.add(requests); err != nil {
		return err
	}
	err := d.run()
	if err != nil {
		d.drain()
	}
	return err
}

// interrupted is the context key of a channel that is closed when the caller no longer
// waits for the batch. Closing it ends pauses, but not a request in progress.
type interrupted struct{}

// dispatcher is the state of one do.
type dispatcher struct {
	client   *Client
	ctx      context.Context // of the caller
	sending  context.Context // of the batches, which continue after the caller's context ends
	ready    []request       // in the order in which they are sent
	delayed  []request
	gate     time.Time // no batch is sent before this time
	unsaid   string    // the reason for the closed gate, until a request waits for it
	inFlight int       // the number of batches in progress
	writing  int       // the number of these that contain a write
	arrivals chan arrival
}

// arrival is the outcome of a batch.
type arrival struct {
	requests []request
	answers  map[string]batchAnswer
	err      error
}

func (d *dispatcher) run() error {
	for {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		d.wake(time.Now())
		for d.mayDispatch() {
			d.dispatch()
		}
		if d.inFlight == 0 && len(d.delayed) == 0 && len(d.ready) == 0 {
			return nil
		}
		if err := d.wait(); err != nil {
			return err
		}
	}
}

// wait waits for an answer, or until a delayed request or the gate is due.
func (d *dispatcher) wait() error {
	var next time.Time
	for _, r := range d.delayed {
		if next.IsZero() || r.notBefore.Before(next) {
			next = r.notBefore
		}
	}
	if pause := time.Until(d.gate); len(d.ready) > 0 && pause > 0 {
		if d.unsaid != "" {
			d.client.requests.say(pause, d.unsaid)
			d.unsaid = ""
		}
		if next.IsZero() || d.gate.Before(next) {
			next = d.gate
		}
	}
	due := make(<-chan time.Time)
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-d.ctx.Done():
		return d.ctx.Err()
	case <-due:
		return nil
	case a := <-d.arrivals:
		return d.take(a)
	}
}

// drain passes on the answers to the writes in progress, and sends nothing more.
func (d *dispatcher) drain() {
	timeout := time.NewTimer(lastWrites)
	defer timeout.Stop()
	for d.writing > 0 {
		select {
		case a := <-d.arrivals:
			_ = d.take(a) // do returns the first error
		case <-timeout.C:
			return
		}
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

// mayDispatch reports whether a batch may be sent. A batch that is not full waits for
// the answers in progress, because requests that follow from them may fill it.
func (d *dispatcher) mayDispatch() bool {
	return len(d.ready) > 0 && !d.gate.After(time.Now()) &&
		(d.inFlight == 0 || len(d.ready) >= batchLimit && d.inFlight < d.client.limit.width())
}

// dispatch sends a batch of ready requests, or closes the gate until the quota of
// writes allows it.
func (d *dispatcher) dispatch() {
	requests, rest := nextBatch(d.ready)
	writes := 0
	for _, r := range requests {
		if r.writes() {
			writes++
		}
	}
	if pause := d.client.limit.spend(writes, time.Now()); pause > 0 {
		d.close(pause)
		d.client.requests.say(pause, "the quota of writes is used up")
		return
	}
	d.ready = rest
	d.inFlight++
	if writes > 0 {
		d.writing++
	}
	go func() {
		answers, err := d.client.batch(d.sending, requests[0].beta, requests)
		select {
		case d.arrivals <- arrival{requests, answers, err}:
		case <-d.sending.Done():
		}
	}()
}

// nextBatch takes the requests of one batch, which are of one version, from the beginning
// of the ready ones. It copies the rest only if it skipped some: a copy for each batch would
// make the work quadratic.
func nextBatch(ready []request) (batch, rest []request) {
	var skipped []request
	looked := 0
	for ; looked < len(ready) && len(batch) < batchLimit; looked++ {
		if r := ready[looked]; r.beta == ready[0].beta {
			batch = append(batch, r)
		} else {
			skipped = append(skipped, r)
		}
	}
	if rest = ready[looked:]; len(skipped) > 0 {
		rest = append(skipped, rest...)
	}
	return batch, rest
}

// close sends no batch for a time.
func (d *dispatcher) close(pause time.Duration) {
	if due := time.Now().Add(pause); due.After(d.gate) {
		d.gate = due
	}
}

// take passes on the answers of a batch. The items that were refused temporarily are
// sent again together.
func (d *dispatcher) take(a arrival) error {
	d.inFlight--
	if slices.ContainsFunc(a.requests, request.writes) {
		d.writing--
	}
	if a.err != nil {
		return d.lost(a)
	}
	var refused []request
	var pause time.Duration
	used := 0.0
	for i, r := range a.requests {
		item, ok := a.answers[itemID(i)]
		if !ok {
			return fmt.Errorf("%s: the answer to the batch does not contain it", r.operation)
		}
		used = max(used, item.used())
		if r.attempts++; retryable(item.Status) && r.attempts < maxAttempts && !(r.once && uncertain(item.Status)) {
			refused = append(refused, r)
			pause = max(pause, item.retryAfter(r.attempts-1))
			if item.Status == http.StatusTooManyRequests && r.writes() {
				d.client.limit.drain(time.Now())
			}
			continue
		}
		if err := d.hand(r, item.answer(r.operation)); err != nil {
			return err
		}
	}
	d.client.limit.learn(len(refused) == 0)
	if pause := d.client.limit.ease(used, time.Now()); pause > 0 {
		d.close(pause)
		d.unsaid = fmt.Sprintf("%.0f %% of a quota of Graph is used", 100*used)
	}
	if len(refused) == 0 {
		return nil
	}
	d.client.requests.say(pause, "Graph is busy")
	pause = jitter(pause)
	d.close(pause)
	due := time.Now().Add(pause)
	for i := range refused {
		refused[i].notBefore = due
	}
	return d.add(refused)
}

// lost handles a batch without an answer. An item that must not be repeated gets an
// error, because nobody knows whether Graph carried it out. All other items are sent
// again.
func (d *dispatcher) lost(a arrival) error {
	if !slices.ContainsFunc(a.requests, func(r request) bool { return r.once }) || d.sending.Err() != nil {
		return a.err // the transport has already repeated it as often as permitted
	}
	var again []request
	for _, r := range a.requests {
		if r.once {
			if err := d.hand(r, answer{err: fmt.Errorf("%s: %w", r.operation, a.err)}); err != nil {
				return err
			}
			continue
		}
		r.attempts++
		again = append(again, r)
	}
	return d.add(again)
}

func (d *dispatcher) hand(r request, a answer) error {
	next, err := r.take(a)
	if err != nil {
		return err
	}
	return d.add(next)
}

// add queues requests. A request whose body cannot be sent gets its answer immediately.
func (d *dispatcher) add(requests []request) error {
	now := time.Now()
	for _, r := range requests {
		switch {
		case r.invalid != nil:
			if err := d.hand(r, answer{err: fmt.Errorf("%s: %w", r.operation, r.invalid)}); err != nil {
				return err
			}
		case r.notBefore.After(now):
			d.delayed = append(d.delayed, r)
		default:
			d.ready = append(d.ready, r)
		}
	}
	return nil
}
