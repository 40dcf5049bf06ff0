package reconcile

import (
	"context"

	"provision/graph"
	"provision/plan"
)

// Hosting executes the steps for Terraform. lookup knows the ids and outputs that
// the run has learned so far.
type Hosting interface {
	Apply(ctx context.Context, s plan.Step, lookup func(k plan.Key, property string) string) (outputs map[string]string, err error)
	Destroy(ctx context.Context, s plan.Step) error
}

// terraform runs Terraform. No request waits for it in the meantime: the step starts
// after all steps that need none of its outputs.
func (t *task) terraform() ([]graph.Request, error) {
	if t.step.Action == plan.Delete {
		return nil, t.Hosting.Destroy(t.ctx, t.step)
	}
	outputs, err := t.Hosting.Apply(t.ctx, t.step, t.lookup)
	for name, value := range outputs {
		t.learn(t.step.Key, name, value)
	}
	return nil, err
}
