package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"provision/graph"
	"provision/plan"
)

// Applier carries plans out.
type Applier struct {
	Graph *graph.Client
	Keep  Keep
	Now   func() time.Time

	// Patience bounds how long a write is repeated that fails because Entra
	// does not show it an earlier one yet.
	Patience time.Duration

	// Outputs, when set, puts new secrets wherever else they are to be, before the
	// ones that they replace are revoked.
	Outputs func(ctx context.Context) error

	// Progress, when set, hears of every step before it is done.
	Progress func(number, of int, s plan.Step)
}

// Done is what an Apply did.
type Done struct {
	Writes   int
	Warnings []string // steps left out, each with what would allow it
}

// StepError says which step could not be done. The steps before it are done;
// a later apply goes on from there.
type StepError struct {
	Step plan.Step
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Step.Action, e.Step.Key, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// Apply does the steps of p in order, in the tenant whose state it was made
// from. It stops at the first that fails, with a *StepError. A plan with a
// secret that cannot be kept is refused before its first step.
func (a Applier) Apply(ctx context.Context, p *plan.Plan, state *plan.State) (Done, error) {
	if len(p.Distrusted) > 0 {
		return Done{}, p.Distrusted
	}
	if err := a.checkSinks(ctx, p); err != nil {
		return Done{}, err
	}
	run := &run{Applier: a, ctx: ctx, state: state, learned: map[learned]string{}}
	err := run.all(p)
	return run.done, errors.Join(err, a.Keep.settlePasswords())
}

func (run *run) all(p *plan.Plan) error {
	a, ctx := run.Applier, run.ctx
	for i, s := range p.Steps {
		if a.Progress != nil {
			a.Progress(i+1, len(p.Steps), s)
		}
		var err error
		if s.Action == plan.Purge {
			err = run.purge(s)
		} else {
			err = graph.Settle(ctx, a.Patience, func() error { return run.step(s) })
		}
		if err != nil {
			return &StepError{s, err}
		}
	}
	if len(run.superseded) == 0 {
		return nil
	}
	if a.Outputs != nil {
		if err := a.Outputs(ctx); err != nil {
			return err
		}
	}
	for _, old := range run.superseded {
		if err := old.revoke(); err != nil {
			return &StepError{old.step, err}
		}
	}
	return nil
}

// superseded is a client secret that another one has replaced. It goes when
// every place that holds it has the new one.
type superseded struct {
	step   plan.Step
	revoke func() error
}

// run is one Apply.
type run struct {
	Applier
	ctx     context.Context
	state   *plan.State
	learned map[learned]string // ids that Entra chose in this run
	kept    index              // the secrets folder, once it was read

	superseded []superseded

	passwords map[string]string // that were kept, and those of this run; once one was asked for
	done      Done
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

// write counts a request that changed something.
func (r *run) write(err error) error {
	if err == nil {
		r.done.Writes++
	}
	return err
}

func (r *run) step(s plan.Step) error {
	bodies := make([]map[string]any, len(s.Bodies))
	for i, b := range s.Bodies {
		bodies[i] = plan.Resolve(b, r.lookup)
		if left := plan.Unknowns(bodies[i]); len(left) > 0 {
			return fmt.Errorf("%s is not known: the tenant does not have it", left[0].String())
		}
	}
	switch s.Kind {
	case plan.User:
		return r.user(s, bodies)
	case plan.Password:
		return r.password(s)
	case plan.Group:
		return r.group(s, bodies)
	case plan.Application:
		return r.application(s, bodies)
	case plan.ServicePrincipal:
		return r.servicePrincipal(s, bodies)
	case plan.Member:
		return r.member(s, bodies[0])
	case plan.Assignment:
		return r.assignment(s, bodies[0])
	case plan.Grant:
		return r.grant(s, bodies)
	case plan.Secret:
		return r.secret(s, bodies[0])
	case plan.Federated:
		return r.federated(s, bodies)
	case plan.Owner:
		return r.owner(s, bodies[0])
	}
	return fmt.Errorf("no such kind of object: %s", s.Kind)
}

// purge takes an object out of the recycle bin. Right after its delete it may
// not be there yet; later, or where it went with its application, it is gone.
// Without the permission it stays there, which is worth a warning and no error.
func (r *run) purge(s plan.Step) error {
	purge := func() error { return r.Graph.Purge(r.ctx, s.ID) }
	var err error
	if s.FollowsDelete && s.Kind != plan.ServicePrincipal {
		err = graph.Settle(r.ctx, r.Patience, purge)
	} else {
		err = purge()
	}
	if graph.Denied(err) {
		r.done.Warnings = append(r.done.Warnings, fmt.Sprintf(
			"%s stays in the recycle bin for up to 30 days and keeps its name: the caller lacks the Graph permission %s", s.Key, Permission(s)))
		return nil
	}
	return r.deleted(err, graph.ByID(graph.DeletedItems, s.ID), "")
}
