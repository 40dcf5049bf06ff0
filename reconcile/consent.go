package reconcile

import (
	"provision/graph"
	"provision/plan"
)

func (t *task) assignment() ([]graph.Request, error) {
	if t.step.Action == plan.Delete {
		return t.remove(graph.RemoveAssignment(t.resource, t.step.ID), graph.AssignedTo(t.resource), t.step.ID, nil)
	}
	return t.relate(graph.AssignRole(t.resource, t.principal, str(t.bodies[0], "appRoleId")))
}

func (t *task) grant() ([]graph.Request, error) {
	switch t.step.Action {
	case plan.Delete:
		return t.remove(graph.RevokeGrant(t.step.ID), graph.ByID(graph.Grants, t.step.ID), "", nil)
	case plan.Update:
		return t.writes(graph.UpdateGrant(t.step.ID, str(t.bodies[0], "scope")))
	default:
		return t.relate(graph.Grant(t.principal, t.resource, str(t.bodies[0], "scope")))
	}
}
