package reconcile

import (
	"context"
	"errors"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// Applier executes plans.
type Applier struct {
	Graph *graph.Client
	Keep  Keep
	Now   func() time.Time

	// Patience is the maximum time for which a write is repeated that fails because
	// Entra does not show an earlier write yet.
	Patience time.Duration

	// Lag is the maximum time until a write is visible in the tenant; 0 if every write
	// is visible immediately.
	Lag time.Duration

	// Outputs, if set, writes new secrets to the Output files before the secrets that
	// they replace are revoked.
	Outputs func(ctx context.Context, state *plan.State) error

	// Hosting runs Terraform; nil if no stack has a Terraform document.
	Hosting Hosting

	// Progress, if set, is called before every step, with the number of completed
	// steps and of all steps.
	Progress func(over, of int, s plan.Step)

	// Waiting, if set, is called for every step that waits because of replication lag.
	Waiting func(s plan.Step, err error)
}

// Done is the result of an Apply.
type Done struct {
	Writes   int
	Warnings []string // omitted steps, each with the change that would allow it
	Stays    []error  // why values of old secrets were not removed

	State *plan.State // the tenant afterwards; nil if a step was not executed
}

// Apply executes the steps of p in the tenant from whose state it was made, as many at
// the same time as Plan.Dependencies permits. If a step fails, the steps that depend on
// it are skipped, the others are executed, and the error is an *Incomplete; a later
// apply continues from there. Before the first step, Apply refuses a plan that requires
// permissions which the caller lacks, or that contains a secret which cannot be stored.
func (a Applier) Apply(ctx context.Context, p *plan.Plan, state *plan.State) (Done, error) {
	if len(p.Distrusted) > 0 {
		return Done{}, p.Distrusted
	}
	if err := p.CheckPermissions(state.Permissions); err != nil {
		return Done{}, err
	}
	if err := a.checkSinks(ctx, p, func(stack.Sink) bool { return true }); err != nil {
		return Done{}, err
	}
	r := a.run(ctx, state)
	if err := r.forgetDeleted(p); err != nil {
		return Done{}, err
	}
	err := r.steps(p)
	if err == nil {
		r.done.State = state.After(p.Steps, r.lookup)
		err = r.revokeSuperseded()
	}
	return r.done, errors.Join(err, a.Keep.settlePasswords(), r.saveRecent())
}

// revokeSuperseded revokes the secrets that others have replaced, after every place
// that contains them has the new ones.
func (r *run) revokeSuperseded() error {
	if len(r.superseded) == 0 {
		return nil
	}
	if r.Outputs != nil {
		if err := r.Outputs(r.ctx, r.done.State); err != nil {
			return err
		}
	}
	old := r.superseded
	tasks := make([]*task, len(old))
	for i, s := range old {
		tasks[i] = r.task(s, (*task).revokeOld)
	}
	return r.execute(tasks)
}
