package reconcile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/reconcile/sink"
)

// run is the state of one Apply.
type run struct {
	Applier
	ctx     context.Context
	state   *plan.State
	learned map[learned]string // ids that Entra chose in this run
	kept    index              // the index of the secrets folder, after it was read
	orphans []string           // stacks of the tenant that no manifest declares

	// moving are the secrets whose values move to other sinks. They are read before the first step, because secrets
	// can exchange their sinks.
	moving map[plan.Key]sink.Secret

	recent     []recentWrite
	superseded []plan.Step // applications whose stored secrets are removed at the end

	passwords map[string]string // the stored passwords and those of this run; nil before the first use
	over      int               // completed tasks
	done      Done
}

func (a Applier) run(ctx context.Context, state *plan.State) *run {
	return &run{Applier: a, ctx: ctx, state: state, learned: map[learned]string{}}
}

type learned struct {
	key      plan.Key
	property string
}

func (r *run) lookup(k plan.Key, property string) string {
	if v, ok := r.learned[learned{k, property}]; ok {
		return v
	}
	return r.state.Lookup(k, property)
}

func (r *run) learn(k plan.Key, property, value string) { r.learned[learned{k, property}] = value }

// steps executes the steps of a plan.
func (r *run) steps(p *plan.Plan) error {
	r.orphans, r.moving = p.Orphans, map[plan.Key]sink.Secret{}
	for _, s := range p.Steps {
		if s.Kind == plan.Secret && s.Action == plan.Update {
			if kept, _, ok := r.Keep.moves(r.ctx, s.Refs.Resource.Name, s.Secret.Name, s.Secret.Sink); ok {
				r.moving[s.Key] = kept
			}
		}
	}
	tasks := make([]*task, len(p.Steps))
	for i, s := range p.Steps {
		do := handlers[s.Kind]
		switch s.Action {
		case plan.Purge:
			do = (*task).purge
		case plan.Restore:
			do = (*task).restore
		}
		tasks[i] = r.task(s, func(t *task) ([]graph.Request, error) {
			if r.Progress != nil {
				r.Progress(r.over, len(p.Steps), s)
			}
			if err := t.resolve(); err != nil {
				return nil, err
			}
			return do(t)
		})
	}
	for i, d := range p.Dependencies() {
		for _, j := range d.Needs {
			tasks[i].follow(tasks[j], true)
		}
		for _, j := range d.After {
			tasks[i].follow(tasks[j], false)
		}
	}
	return r.execute(tasks)
}

// execute executes tasks, each as soon as the tasks that it depends on have ended.
func (r *run) execute(tasks []*task) error {
	var first []graph.Request
	for _, t := range tasks {
		if t.waits == 0 && t.status == waiting {
			first = append(first, t.start()...)
		}
	}
	err := r.Graph.Do(r.ctx, first...)
	return incomplete(tasks, err)
}

// Incomplete is the error of an Apply that has not executed every step.
type Incomplete struct {
	Failed  []*StepError
	Skipped []plan.Step // steps that depend on a failed step
	Left    []plan.Step // steps that were not reached, or whose answer did not arrive
	Done    []plan.Step
	Err     error // the reason why Left were not reached
}

func incomplete(tasks []*task, err error) error {
	e := &Incomplete{Err: err}
	for _, t := range tasks {
		switch t.status {
		case finished:
			e.Done = append(e.Done, t.step)
		case failed:
			f := &StepError{Step: t.step, Err: t.err}
			if graph.Lag(t.err) {
				f.Repeated = t.repeated
			}
			e.Failed = append(e.Failed, f)
		case skipped:
			e.Skipped = append(e.Skipped, t.step)
		default:
			e.Left = append(e.Left, t.step)
		}
	}
	if len(e.Done) == len(tasks) && err == nil {
		return nil
	}
	return e
}

// Error returns the first failure, and the number of further failures.
func (e *Incomplete) Error() string {
	var parts []string
	if len(e.Failed) > 0 {
		parts = append(parts, e.Failed[0].Error())
	}
	if n := len(e.Failed) - 1; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more failed", n))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns the errors of all failed steps.
func (e *Incomplete) Unwrap() []error {
	var all []error
	for _, f := range e.Failed {
		all = append(all, f)
	}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

// StepError is a step that failed, and the reason.
type StepError struct {
	Step     plan.Step
	Err      error
	Repeated time.Duration // how long the request was repeated, if the failure looked like replication lag
}

func (e *StepError) Error() string {
	reason := e.Err.Error()
	if refusal, ok := e.Err.(*graph.Error); ok {
		reason = refusal.Answer() // the error of the step already names the operation
	}
	if e.Repeated > 0 {
		reason += fmt.Sprintf("; repeated for %s in case of replication lag", e.Repeated.Round(time.Second/10))
	}
	return e.Step.Title() + ": " + reason
}

func (e *StepError) Unwrap() error { return e.Err }
