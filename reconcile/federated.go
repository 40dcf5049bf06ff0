package reconcile

import (
	"encoding/json"
	"maps"

	"provision/graph"
	"provision/plan"
)

func (t *task) federated() ([]graph.Request, error) {
	switch t.step.Action {
	case plan.Delete:
		return t.remove(graph.RemoveFederatedCredential(t.resource, t.step.ID), graph.FederatedCredential(t.resource, t.step.ID), "", nil)
	case plan.Update:
		return t.writes(graph.UpdateFederatedCredential(t.resource, t.step.ID, t.bodies[0]))
	}
	return []graph.Request{t.send(graph.AddFederatedCredential(t.resource, t.bodies[0]), func(a graph.Answer) ([]graph.Request, error) {
		if graph.Exists(a.Err) {
			return t.sameFederated(a.Err)
		}
		return nil, t.made(a)
	})}, nil
}

// sameFederated updates an existing credential with the same name to the declared one:
// the answer to an earlier request was lost, or somebody else created the credential
// first.
func (t *task) sameFederated(exists error) ([]graph.Request, error) {
	want := t.bodies[0]
	find := graph.FederatedCredentials(t.resource)
	if want["claimsMatchingExpression"] != nil {
		find = graph.FlexibleFederatedCredentials(t.resource)
	}
	return []graph.Request{t.read(find, func(r graph.Result, err error) ([]graph.Request, error) {
		if err != nil {
			return nil, err
		}
		for _, raw := range r.Items {
			var have map[string]any
			if err := json.Unmarshal(raw, &have); err != nil {
				return nil, err
			}
			if str(have, "name") != str(want, "name") {
				continue
			}
			if plan.Same(have, want) {
				return nil, nil
			}
			changed := maps.Clone(want)
			delete(changed, "name") // which cannot change
			return t.writes(graph.UpdateFederatedCredential(t.resource, str(have, "id"), changed))
		}
		return nil, exists // the same tokens under another name
	})}, nil
}
