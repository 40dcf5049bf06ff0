package reconcile

import (
	"testing"

	"provision/plan"
)

func TestEveryKindHasAHandler(t *testing.T) {
	t.Parallel()
	for _, k := range plan.Kinds() {
		if handlers[k] == nil {
			t.Errorf("no handler does the steps of a %s", k)
		}
	}
}
