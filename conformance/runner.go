package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"
)

// runner tries cases concurrently, at most limit at a time.
type runner struct {
	state     *runState
	endpoints [][]Case               // the endpoints with a chosen case, with all of their cases in order
	slots     map[string]chan Result // of the chosen cases, by id
	limit     *semaphore.Weighted
	running   sync.WaitGroup
	cases     sync.WaitGroup // of running, all but the lifecycle cases

	unshare func() // ends the shared use of the tenant
	lone    error  // why the tenant is not used alone

	early map[string]*Result // the results of the cases that others depend on, by id

	mu     sync.Mutex
	halted string          // why cases that have not begun are not tried; "" means that they are tried
	open   map[string]bool // endpoints that admit requests without a token
}

func newRunner(s *Suite, all, chosen []Case) *runner {
	r := &runner{
		state: newRunState(s, all), slots: make(map[string]chan Result, len(chosen)),
		limit: semaphore.NewWeighted(int64(s.Concurrency)), open: make(map[string]bool), early: make(map[string]*Result),
	}
	wanted := make(map[string]bool)
	for _, c := range chosen {
		r.slots[c.ID] = make(chan Result, 1)
		wanted[c.Endpoint] = true
	}
	index := make(map[string]int)
	for _, c := range all {
		if !wanted[c.Endpoint] {
			continue
		}
		i, ok := index[c.Endpoint]
		if !ok {
			i = len(r.endpoints)
			index[c.Endpoint] = i
			r.endpoints = append(r.endpoints, nil)
		}
		r.endpoints[i] = append(r.endpoints[i], c)
	}
	return r
}

// probe tries the first case, which does not depend on another case. It returns an
// error if the API does not answer, because all other cases would fail the same way.
func (r *runner) probe(ctx context.Context) error {
	cases := r.endpoints[0]
	result, err := r.try(ctx, cases[0])
	var nobody *unreachable
	if errors.As(err, &nobody) {
		return fmt.Errorf("reach the api: %w", err)
	}
	r.deliver(result)
	r.endpoints[0] = cases[1:]
	return nil
}

// start executes all other cases in the background.
func (r *runner) start(ctx context.Context) {
	for _, cases := range r.endpoints {
		r.cases.Go(func() { r.endpoint(ctx, cases) })
	}
	r.running.Go(func() {
		r.cases.Wait()
		r.unshare()
		if lock := r.state.Changes.Lock; lock != nil && r.changesTenant() {
			release, err := lock.Alone(ctx)
			if r.lone = err; err == nil {
				defer release()
			}
		}
		r.lifecycle(ctx, stageLifecycle)
		r.lifecycle(ctx, stageEnd)
	})
}

// share starts to use the tenant together with other runs.
func (r *runner) share(ctx context.Context) error {
	r.unshare = func() {}
	if lock := r.state.Changes.Lock; lock != nil {
		release, err := lock.Share(ctx)
		if err != nil {
			return fmt.Errorf("share the tenant with other runs: %w", err)
		}
		r.unshare = sync.OnceFunc(release)
	}
	return nil
}

// changesTenant reports whether a chosen case disturbs other runs.
func (r *runner) changesTenant() bool {
	for _, cases := range r.endpoints {
		for _, c := range cases {
			if _, chosen := r.slots[c.ID]; chosen && c.stage >= stageLifecycle && c.skip == nil {
				return true
			}
		}
	}
	return false
}

// lifecycle tries the cases that disturb others, after all other cases.
func (r *runner) lifecycle(ctx context.Context, stage stage) {
	for _, cases := range r.endpoints {
		for _, c := range cases {
			if _, wanted := r.slots[c.ID]; wanted && c.stage == stage {
				result, _ := r.try(ctx, c)
				r.state.lastLifecycle = c.Name
				r.deliver(result)
			}
		}
	}
}

// endpoint tries the cases of one endpoint.
func (r *runner) endpoint(ctx context.Context, cases []Case) {
	r.state.learnNextKey(ctx, cases)
	for _, c := range cases {
		if _, wanted := r.slots[c.ID]; wanted && c.stage == stageRest {
			r.cases.Go(func() {
				result, _ := r.try(ctx, c)
				r.deliver(result)
			})
		}
	}
}

func (r *runner) deliver(result Result) {
	if slot, wanted := r.slots[result.ID]; wanted {
		slot <- result
	}
}

// try executes one case. The result contains the text of the error.
func (r *runner) try(ctx context.Context, c Case) (result Result, err error) {
	result = Result{Case: c}
	fail := func(err error) (Result, error) {
		if cannot, ok := asSkipped(err); ok {
			result.Outcome, result.Reason, result.Add, result.vacuous = Skip, cannot.reason, cannot.add, cannot.vacuous
		} else if c.stage != stageFirst && r.isGone(ctx, err) {
			result.verdict(down(err))
		} else {
			result.Outcome, result.Reason = Error, plain(err).Error()
		}
		return result, err
	}
	if c.skip != nil {
		return fail(c.skip)
	}
	if err := r.limit.Acquire(ctx, 1); err != nil {
		return fail(err)
	}
	defer r.limit.Release(1)
	if why := r.isHalted(); why != "" {
		return fail(vacuous("%s", why))
	}
	if c.stage >= stageLifecycle && r.lone != nil {
		return fail(fmt.Errorf("use the tenant alone: %w", r.lone))
	}
	if c.try != nil {
		tried, err := c.try(ctx, r, c)
		if err != nil {
			result.Exchange, result.Duration = tried.Exchange, tried.Duration
			return fail(err)
		}
		tried.nameBreakdown()
		return r.state.strictly(tried), nil
	}
	presented, err := r.present(ctx, c)
	if err != nil {
		return fail(err)
	}
	if presented.restore != nil {
		defer func() { result.Note = joinNotes(result.Note, presented.restore(ctx)) }()
	}
	scene, err := r.state.prepare(ctx, c)
	if err != nil {
		return fail(err)
	}
	if c.Expect, err = scene.known.expectation(c.Expect); err != nil {
		return fail(err)
	}
	if presented.respell != nil {
		presented = presented.respell(r.state.spoken(scene.request))
		presented.catchAll = r.state.catchesAll(ctx)
	}
	presented.may429 = c.Expect.met(http.StatusTooManyRequests) && !c.Expect.Refused
	went, got, elapsed, err := r.state.sendAll(ctx, scene.request, presented)
	result.Exchange, result.Duration = went.exchange(), elapsed
	made := got
	if c.reveals && r.state.ranFor(c, got).wrong == "" {
		made = reply{} // a success that did not admit anybody
	}
	left := r.state.cleanUp(ctx, c, scene, made)
	if err != nil && wasCut(err) && c.stage != stageFirst {
		v := r.unanswered(ctx, c, presented, err)
		if r.state.Strict {
			v = v.strictly()
		}
		result.verdict(v)
		result.Note = joinNotes(v.note, left)
		return result, nil
	}
	if err != nil {
		return fail(err)
	}
	result.Status = went.status
	if c.reveals && !presented.catchAll {
		presented.inspect = func(a reply) finding { return r.state.ranFor(c, a) }
	}
	r.learn(c, got)
	v := c.judge(got, presented, r.state.isAdmitted(c.base()))
	if r.state.OutputCommand != "" {
		v.cause = strings.ReplaceAll(v.cause, outputCommand, r.state.OutputCommand)
	}
	if r.state.Strict {
		if v.outcome == Note {
			result.Severity, result.Gain = Low, ""
		}
		v = v.strictly()
	}
	if v.means == CauseDebugger {
		result.Severity = Critical
	}
	result.verdict(v)
	long := ""
	if got.cut {
		long = cutNote
	}
	result.Note = joinNotes(presented.note, v.note, r.openNote(c), long, left)
	return result, nil
}

// wasCut distinguishes a closed connection from a timeout.
func wasCut(err error) bool {
	var nobody *unreachable
	return errors.As(err, &nobody) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// present returns the credential that the case sends, and stores the token of the base case.
func (r *runner) present(ctx context.Context, c Case) (credential, error) {
	if c.stage < stageLifecycle { // lifecycle cases wait as long as the document allows the API
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.state.Timeout)
		defer cancel()
	}
	if c.admit == nil {
		return c.present(ctx, r.state)
	}
	g, err := c.admit(ctx, r.state)
	if err != nil {
		return credential{}, err
	}
	if c.stage == stageBase {
		r.state.setBaselineToken(c, g)
	}
	accepted := bearer(g.raw)
	accepted.note = g.note
	return accepted, nil
}

// learn stores the facts of an answer that all other cases of the endpoint need.
func (r *runner) learn(c Case, got reply) {
	admitted := got.status < http.StatusMultipleChoices
	switch {
	case c.stage == stageBase && admitted:
		r.state.setAdmitted(c, got.body)
	case c.stage == stageFirst && admitted && !c.Expect.admits():
		r.mu.Lock()
		r.open[c.Endpoint] = true
		r.mu.Unlock()
	}
}

func (r *runner) isOpen(request string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[request]
}

func (r *runner) openNote(c Case) string {
	if c.Expect.admits() && c.stage != stageFirst && r.isOpen(c.Endpoint) {
		return "proves nothing: the endpoint also admits requests without a token"
	}
	return ""
}

func joinNotes(notes ...string) string {
	joined := ""
	for _, note := range notes {
		if joined != "" && note != "" {
			joined += "; "
		}
		joined += note
	}
	return joined
}

// unproven returns the endpoints and alternatives that did not admit a caller in the run.
func (r *runner) unproven() []string {
	var names []string
	for _, cases := range r.endpoints {
		seen := make(map[string]bool)
		for _, c := range cases {
			if c.admit != nil && !seen[c.base()] {
				seen[c.base()] = true
				if !r.state.isAdmitted(c.base()) {
					names = append(names, c.base())
				}
			}
		}
	}
	return names
}
