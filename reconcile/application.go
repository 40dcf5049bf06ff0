package reconcile

import (
	"provision/graph"
	"provision/plan"
)

func (t *task) application() ([]graph.Request, error) {
	s := t.step
	switch s.Action {
	case plan.Create:
		return t.create(graph.UpsertApplication(s.Name, t.bodies[0]), graph.ApplicationNamed(s.Name), func(made graph.Created) {
			t.learn(s.Key, plan.ID, made.ID)
			t.learn(s.Key, plan.AppID, made.AppID)
		})
	case plan.Link, plan.Update, plan.Adopt:
		id := t.lookup(s.Key, plan.ID)
		writes := make([]graph.Write, len(t.bodies))
		for i, body := range t.bodies {
			writes[i] = graph.UpdateApplication(id, body)
		}
		return t.writes(writes...)
	default:
		if err := t.readKept(); err != nil {
			return nil, err
		}
		return t.remove(graph.DeleteApplication(s.ID), graph.ByID(graph.Applications, s.ID), "", func() error { return t.forget(s.Name, "") })
	}
}

func (t *task) servicePrincipal() ([]graph.Request, error) {
	s, app := t.step, plan.Key{Kind: plan.Application, Name: t.step.Name}
	switch s.Action {
	case plan.Create:
		appID := t.lookup(app, plan.AppID)
		return t.create(graph.UpsertServicePrincipal(appID, t.bodies[0]), graph.ServicePrincipalByAppID(appID), func(made graph.Created) {
			t.learn(s.Key, plan.ID, made.ID)
			t.learn(app, plan.ServicePrincipalID, made.ID)
		})
	case plan.Update, plan.Adopt:
		return t.writes(graph.UpdateServicePrincipal(s.ID, t.bodies[0]))
	default:
		return t.remove(graph.DeleteServicePrincipal(s.ID), graph.ByID(graph.ServicePrincipals, s.ID), "", nil)
	}
}

// owned are the entity sets of objects that have owners.
var owned = map[plan.Kind]graph.Owned{
	plan.Application: graph.OwnedApplication, plan.ServicePrincipal: graph.OwnedServicePrincipal, plan.Group: graph.OwnedGroup,
}

func (t *task) owner() ([]graph.Request, error) {
	of := owned[t.step.Refs.Resource.Kind]
	if t.step.Action == plan.Delete {
		return t.remove(graph.RemoveOwner(of, t.resource, t.principal), graph.Owners(of, t.resource), t.principal, nil)
	}
	return t.relate(graph.AddOwner(of, t.resource, t.principal))
}
