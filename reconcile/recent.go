package reconcile

import (
	"path/filepath"
	"time"

	"provision/plan"
	"provision/reconcile/sink"
)

// The recent writes of this machine may not be visible in the tenant yet. They are
// stored for the maximum time of this lag, so that the next command does not send them
// a second time.

func (k Keep) recentFile() string { return filepath.Join(k.Dir, "recent.json") }

// recentWrite is a completed step, with the ids that Entra chose for it.
type recentWrite struct {
	At     time.Time         `json:"at"`
	Tenant string            `json:"tenant"` // its id
	Step   plan.Step         `json:"step"`   // with ids instead of unknown values
	IDs    map[string]string `json:"ids,omitempty"`
	Before map[string]any    `json:"before,omitempty"` // the written properties of an object that existed
}

// overtaken reports whether somebody has changed the object since: the tenant shows neither
// the values before the write nor the values after it.
func (w recentWrite) overtaken(state *plan.State) bool {
	have := state.Objects[w.Step.Key]
	return have != nil && w.Before != nil && !plan.Same(have.Properties, w.Before)
}

func (w recentWrite) lookup(k plan.Key, property string) string {
	if k == w.Step.Key {
		return w.IDs[property]
	}
	return ""
}

// remember records that the step of a task is complete.
func (t *task) remember() {
	if t.Lag <= 0 || t.step.Kind == plan.Terraform || t.step.Action == plan.Purge || t.step.Action == plan.Restore || t.step.Name == "" {
		return
	}
	s := t.step
	s.Changes, s.Needs, s.Clients, s.Bodies = nil, nil, nil, t.bodies
	s.Refs.Resource.ID, s.Refs.Principal.ID = t.resource, t.principal
	if s.Kind == plan.User && s.Action == plan.Create {
		delete(s.Bodies[0], "passwordProfile")
	}
	w := recentWrite{At: t.Now().UTC(), Tenant: t.run.state.Tenant.ID, Step: s, IDs: map[string]string{}}
	for _, property := range []string{plan.ID, plan.AppID, plan.ServicePrincipalID} {
		if v := t.lookup(s.Key, property); v != "" {
			w.IDs[property] = v
		}
	}
	if have := t.run.state.Objects[s.Key]; have != nil && s.Action != plan.Create && s.Action != plan.Replace {
		w.Before = map[string]any{}
		for _, body := range s.Bodies {
			for name := range body {
				w.Before[name] = have.Properties[name]
			}
		}
	}
	switch s.Kind {
	case plan.Assignment, plan.Grant, plan.Federated:
		if w.IDs[plan.ID] == "" {
			return // the object existed already: without its id, the record would be useless
		}
	}
	t.recent = append(t.recent, w)
}

// saveRecent stores the writes of this run and of the time shortly before.
func (r *run) saveRecent() error {
	if len(r.recent) == 0 {
		return nil
	}
	all, err := r.Keep.recent(r.Now(), r.Lag)
	if err != nil {
		return err
	}
	return sink.WriteJSON(r.Keep.recentFile(), append(all, r.recent...))
}

// recent are the recent writes.
func (k Keep) recent(now time.Time, lag time.Duration) (recent []recentWrite, err error) {
	var all []recentWrite
	if _, err := sink.ReadJSON(k.recentFile(), &all); err != nil {
		return nil, err
	}
	for _, w := range all {
		if now.Sub(w.At).Abs() < lag { // a time far in the future comes from a wrong clock, and would stay recent until then
			recent = append(recent, w)
		}
	}
	return recent, nil
}

// pending adds recent writes to the state that the tenant does not show yet.
func (t *tenant) pending() error {
	if t.Lag <= 0 {
		return nil
	}
	recent, err := t.Keep.recent(t.began, t.Lag) // the object was read after that
	if err != nil {
		return err
	}
	n, first := 0, recentWrite{}
	for _, w := range recent {
		if w.Tenant != t.state.Tenant.ID || t.state.Shows(w.Step, w.lookup) || w.overtaken(t.state) {
			continue
		}
		if n++; n == 1 {
			first = w
		}
		t.state.Advance(w.Step, w.lookup)
	}
	if n > 0 {
		t.note("%d writes of the last %s are not visible in the tenant yet, for example %s %s; the plan treats them as done",
			n, t.Lag.Round(time.Second), first.Step.Action, first.Step.Key)
	}
	return nil
}
