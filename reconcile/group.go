package reconcile

import (
	"provision/graph"
	"provision/plan"
)

func (t *task) group() ([]graph.Request, error) {
	s := t.step
	switch s.Action {
	case plan.Create:
		return t.create(graph.UpsertGroup(s.Name, t.bodies[0]), graph.GroupNamed(s.Name), func(made graph.Created) {
			t.learn(s.Key, plan.ID, made.ID)
		})
	case plan.Update:
		return t.writes(graph.UpdateGroup(s.ID, t.bodies[0]))
	default:
		return t.remove(graph.DeleteGroup(s.ID), graph.ByID(graph.Groups, s.ID), "", nil)
	}
}

func (t *task) member() ([]graph.Request, error) {
	if t.step.Action == plan.Delete {
		return t.remove(graph.RemoveMember(t.resource, t.principal), graph.Members(t.resource), t.principal, nil)
	}
	return t.relate(graph.AddMember(t.resource, t.principal))
}
