package reconcile

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
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

	// Released is set if the marks of the object were removed: it is no longer the stack's.
	Released bool `json:"released,omitempty"`
}

// shown reports whether the tenant shows the write.
func (w recentWrite) shown(state *plan.State) bool {
	if have := state.Objects[w.Step.Key]; w.Released {
		return have == nil || have.Stack == "" || have.Adopted
	}
	return state.Shows(w.Step, w.lookup)
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
	if s.Kind == plan.Secret && s.Action == plan.Update {
		return // only its sink changed
	}
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
func (r *run) saveRecent() error { return r.Keep.addRecent(r.Now(), r.Lag, r.recent...) }

// addRecent adds writes to the recent ones, unless every write is visible immediately.
func (k Keep) addRecent(now time.Time, lag time.Duration, writes ...recentWrite) error {
	if lag <= 0 || len(writes) == 0 {
		return nil
	}
	all, err := k.recent(now, lag)
	if err != nil {
		return err
	}
	return sink.WriteJSON(k.recentFile(), append(all, writes...))
}

// recent returns the recent writes.
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
	read := *t.state
	read.Objects = maps.Clone(t.state.Objects)
	var treated []recentWrite
	for _, w := range recent {
		if w.Tenant != t.state.Tenant.ID || w.shown(t.state) || w.overtaken(t.state) {
			continue
		}
		stored, err := t.stored(w)
		if err != nil {
			return err
		}
		if stored {
			t.state.Advance(w.Step, w.lookup)
			treated = append(treated, w)
		}
	}
	// A later write can undo an earlier one, which the tenant then never shows.
	treated = slices.DeleteFunc(treated, func(w recentWrite) bool { return w.shown(&read) || !w.shown(t.state) })
	if n := len(treated); n > 0 {
		first := treated[0].Step
		what := "1 recent write of this machine is"
		if n > 1 {
			what = fmt.Sprintf("%d recent writes of this machine are", n)
		}
		t.note("%s not visible in the tenant yet, for example %s %s; the plan treats them as done", what, first.Action, first.Key)
	}
	return nil
}

// stored reports whether the value of a new secret is stored. A secret without its value is
// useless, so the plan replaces it although the tenant does not show it yet.
func (t *tenant) stored(w recentWrite) (bool, error) {
	if w.Step.Kind != plan.Secret || w.Step.Secret == nil || w.Step.Action == plan.Delete {
		return true, nil
	}
	kept, ok, err := t.Keep.Secret(t.ctx, w.Step.Refs.Resource.Key.Name, w.Step.Secret.Name, w.Step.Secret.Sink)
	return ok && strings.EqualFold(kept.KeyID, w.IDs[plan.ID]), err
}

// RecordRelease records that a release has removed the marks of objects. Their earlier writes are
// no longer recent: the next command would add the marks again.
func (k Keep) RecordRelease(tenantID string, objects []*plan.Live, now time.Time, lag time.Duration) error {
	if lag <= 0 || len(objects) == 0 {
		return nil
	}
	recent, err := k.recent(now, lag)
	if err != nil {
		return err
	}
	for _, o := range objects {
		recent = withoutRecent(recent, tenantID, o.Key)
		recent = append(recent, recentWrite{At: now.UTC(), Tenant: tenantID, Released: true,
			Step: plan.Step{Action: plan.Delete, Key: o.Key, Stack: o.Stack, ID: o.ID}})
	}
	return sink.WriteJSON(k.recentFile(), recent)
}

func withoutRecent(recent []recentWrite, tenantID string, k plan.Key) []recentWrite {
	return slices.DeleteFunc(recent, func(w recentWrite) bool { return w.Tenant == tenantID && w.Step.Concerns(k) })
}

// forgetDeleted removes the recent writes of the objects that a plan deletes, before it is executed: if
// the command is killed, the next one must not treat deleted objects as created a moment ago.
func (r *run) forgetDeleted(p *plan.Plan) error {
	if r.Lag <= 0 || !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Action == plan.Delete }) {
		return nil
	}
	recent, err := r.Keep.recent(r.Now(), r.Lag)
	if err != nil || len(recent) == 0 {
		return err
	}
	for _, s := range p.Steps {
		if s.Action == plan.Delete {
			recent = withoutRecent(recent, r.state.Tenant.ID, s.Key)
		}
	}
	return sink.WriteJSON(r.Keep.recentFile(), recent)
}

// recordRotation records that a rotation has created a secret.
func (k Keep) recordRotation(r Rotation, keyID string, now time.Time, lag time.Duration) error {
	application := plan.Key{Kind: plan.Application, Name: r.UniqueName}
	step := plan.Step{Action: plan.Replace, Key: plan.SecretKey(application, r.Secret.Name), Stack: r.Stack, ID: r.Current,
		Refs:   plan.Refs{Resource: plan.Ref{Key: application, ID: r.Application}},
		Secret: &plan.SecretStep{Name: r.Secret.Name, Lifetime: r.Secret.Lifetime, Sink: r.Secret.Sink}}
	return k.addRecent(now, lag, recentWrite{At: now.UTC(), Tenant: r.Tenant, Step: step, IDs: map[string]string{plan.ID: keyID}})
}
