package reconcile_test

import (
	"time"

	"provision/graph"
	"provision/reconcile"
)

// Changes that other users make in the tenant.

func (w *world) create(write graph.Write, find graph.Read) (graph.Created, error) {
	answer := w.graph.Send(w.t.Context(), write)
	if answer.Err != nil {
		return graph.Created{}, answer.Err
	}
	made, ok, err := answer.Created()
	if err != nil || ok {
		return made, err
	}
	found, err := w.graph.Read(w.t.Context(), find)
	if err == nil {
		made, _, err = graph.Answer{Body: found[0].Object}.Created()
	}
	return made, err
}

func (w *world) createUser(body graph.Object) (id string, err error) {
	made, err := w.create(graph.CreateUser(body), graph.Read{})
	return made.ID, err
}

func (w *world) upsertGroup(name string, body graph.Object) (id string, err error) {
	made, err := w.create(graph.UpsertGroup(name, body), graph.GroupNamed(name))
	return made.ID, err
}

func (w *world) upsertApplication(name string, body graph.Object) (id, appID string, err error) {
	made, err := w.create(graph.UpsertApplication(name, body), graph.ApplicationNamed(name))
	return made.ID, made.AppID, err
}

func (w *world) upsertServicePrincipal(appID string, body graph.Object) (id string, err error) {
	made, err := w.create(graph.UpsertServicePrincipal(appID, body), graph.ServicePrincipalByAppID(appID))
	return made.ID, err
}

func (w *world) addPassword(id, name string, end time.Time) (graph.Password, error) {
	answer := w.graph.Send(w.t.Context(), graph.AddPassword(id, name, end))
	if answer.Err != nil {
		return graph.Password{}, answer.Err
	}
	return answer.Password(end)
}

func (w *world) write(write graph.Write) error { return w.graph.Send(w.t.Context(), write).Err }

func (w *world) reader() reconcile.Reader {
	return reconcile.Reader{Graph: w.graph, Home: w.home, Keep: w.keep, Now: time.Now, Lag: w.lag}
}

func (w *world) applier() reconcile.Applier {
	return reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience, Lag: w.lag}
}
