package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// CheckFiles returns the reason why Apply would refuse to write or remove a file with a secret of a
// plan. Unlike Apply, it does not ask the services of sinks, which only the account that applies may use.
func (a Applier) CheckFiles(ctx context.Context, p *plan.Plan) error {
	return a.checkSinks(ctx, p, func(where stack.Sink) bool { return where.GitHub == nil && where.KeyVault == nil })
}

// checkSinks finds out whether every secret that a plan creates in a chosen sink can be stored, and the value
// of every secret that it deletes can be removed, before anything is changed.
func (a Applier) checkSinks(ctx context.Context, p *plan.Plan, chosen func(stack.Sink) bool) error {
	kept, err := a.Keep.index()
	if err != nil {
		return err
	}
	files := map[string]string{} // a file, or a line of one → the secret that is stored there
	for _, s := range p.Steps {
		switch {
		case s.Action == plan.Delete:
			if err := a.Keep.checkRemoval(kept, s); err != nil {
				return err
			}
		case s.Kind != plan.Secret || s.Secret.Sink.Waits() || !chosen(s.Secret.Sink):
			// There is nothing to store, or Terraform creates the sink; it is checked afterwards.
		default:
			if err := a.checkSink(ctx, s, p.Orphans); err != nil {
				return fmt.Errorf("secret %s cannot be stored: %w", s.Name, err)
			}
			if refused := a.Keep.shared(files, s.Name, s.Secret.Sink); refused != nil {
				return fmt.Errorf("secret %s cannot be stored: %w", s.Name, refused)
			}
		}
	}
	return nil
}

// shared refuses a sink that is the file, or the line of a file, of another secret of the plan under another name, for
// example by a symbolic link. The names alone are compared when the manifests are read.
func (k Keep) shared(files map[string]string, name string, where stack.Sink) *sink.Refused {
	if where.Path() == "" {
		return nil
	}
	file := resolved(k.Sinks.Path(where.Path()))
	place, own, others := file, "file "+file, "lines of "+file
	if where.Env != nil {
		place, own, others = where.Env.Key+" in "+file, others, own
	}
	for _, place := range []string{place, others} {
		if other, taken := files[place]; taken {
			return &sink.Refused{File: shortest(file), Why: "it is also the sink of secret " + other}
		}
	}
	files[place], files[own] = name, name
	return nil
}

// checkSink finds out whether the secret of a step can be stored. orphans are the stacks of the tenant that no
// manifest declares.
func (a Applier) checkSink(ctx context.Context, s plan.Step, orphans []string) error {
	application := s.Refs.Resource.Name
	return a.Keep.check(ctx, application, s.Secret.Name, s.Secret.Sink, a.Keep.unless(orphans, a.Keep.file(application, s.Secret.Name)))
}

// checkRemoval refuses, with a *sink.Refused, to delete secrets whose values are in folders that
// cannot be written to.
func (k Keep) checkRemoval(kept index, s plan.Step) error {
	application := s.Name
	if s.Kind == plan.Secret {
		application = s.Refs.Resource.Name
	} else if s.Kind != plan.Application {
		return nil
	}
	for _, e := range kept[application] {
		if s.Kind == plan.Secret && e.KeyID != s.ID {
			continue
		}
		for _, where := range []stack.Sink{k.at(e.Sink, e.Location), k.at(e.Former, e.FormerLocation)} {
			if where.Path() == "" {
				continue
			}
			file := k.Sinks.Path(where.Path())
			if err := sink.Removable(file); err != nil {
				return fmt.Errorf("the value of secret %s %s cannot be removed: %w", application, e.DisplayName, &sink.Refused{File: shortest(file), Why: err.Error(), Err: err})
			}
		}
	}
	return nil
}

// secret creates a client secret and stores its value. The old secret is revoked at the
// end of the apply, when the sink contains the new one. If an apply is interrupted, the
// next one sees which of the two secrets the sink contains. If the application has no
// permissions yet, the old secret is revoked immediately, because the creator of the
// application may know it.
func (t *task) secret() ([]graph.Request, error) {
	s := t.step
	switch s.Action {
	case plan.Delete:
		return t.deleteSecret()
	case plan.Update:
		return nil, t.moveSecret()
	}
	lifetime, err := stack.Lifetime(s.Secret.Lifetime)
	if err != nil {
		return nil, err
	}
	application := s.Refs.Resource.Name
	if slices.ContainsFunc(s.Needs, func(k plan.Key) bool { return k.Kind == plan.Terraform }) {
		if err := t.checkSink(t.ctx, s, t.orphans); err != nil {
			return nil, fmt.Errorf("it cannot be stored: %w", err)
		}
	}
	before, _, err := t.Keep.Secret(t.ctx, application, s.Secret.Name, s.Secret.Sink)
	if err != nil {
		return nil, err
	}
	now := t.Now().UTC().Truncate(time.Second)
	known := secretsIn(t.state.Objects[s.Refs.Resource.Key])
	n := newSecret{application: t.resource, name: s.Secret.Name, end: now.Add(lifetime), known: func(keyID string) bool { return known[keyID] }}
	return t.newSecret(n, func(made graph.Password) ([]graph.Request, error) {
		t.learn(s.Key, plan.ID, made.KeyID)
		t.kept = nil // it is read again, with the new record
		stays, err := t.Keep.saveSecret(t.ctx, sink.Secret{
			Application: application, DisplayName: s.Secret.Name,
			ClientID: t.lookup(s.Refs.Resource.Key, plan.AppID),
			KeyID:    made.KeyID, SecretText: made.Text,
			StartDateTime: now, EndDateTime: made.End,
			Retiring: before.Retiring,
		}, s.Secret.Sink)
		if stays != nil {
			t.done.Stays = append(t.done.Stays, stays)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("store the secret: %w", err)
		case s.Action != plan.Replace:
		case s.Secret.BeforeGrants:
			return t.revokeOld()
		default:
			t.superseded = append(t.superseded, s)
		}
		return nil, nil
	})
}

// moveSecret writes the value of a secret to the sink that the manifest names now.
func (t *task) moveSecret() error {
	s := t.step
	kept, ok := t.moving[s.Key]
	if !ok || kept.KeyID != s.ID {
		return fmt.Errorf("its value is not in %s any more", s.Reason)
	}
	t.kept = nil // it is read again, with the new record
	stays, err := t.Keep.saveSecret(t.ctx, kept, s.Secret.Sink)
	if stays != nil {
		t.done.Stays = append(t.done.Stays, stays)
	}
	return err
}

// deleteSecret revokes a client secret: at the end if another one has replaced it.
func (t *task) deleteSecret() ([]graph.Request, error) {
	s := t.step
	switch {
	case s.Secret.Superseded && !s.Secret.BeforeGrants:
		t.superseded = append(t.superseded, s)
		return nil, nil
	case s.Refs.Resource.Kind == plan.ServicePrincipal:
		return t.revoke(graph.OwnedServicePrincipal, t.resource, s.ID, nil)
	}
	if err := t.readKept(); err != nil {
		return nil, err
	}
	return t.revoke(graph.OwnedApplication, t.resource, s.ID, func() error { return t.forget(s.Refs.Resource.Name, s.ID) })
}

// revokeOld revokes the old secret of a step that has created a new one.
func (t *task) revokeOld() ([]graph.Request, error) {
	return t.revoke(graph.OwnedApplication, t.step.Refs.Resource.Resolve(t.lookup), t.step.ID, nil)
}

// revoke removes a client secret, and continues with then.
func (t *task) revoke(of graph.Owned, id, keyID string, then func() error) ([]graph.Request, error) {
	return t.remove(graph.RemovePassword(of, id, keyID), graph.PasswordCredentials(of, id), keyID, then)
}

// maxNewSecrets is the maximum number of times that a new secret is requested.
const maxNewSecrets = 3

// newSecret is a client secret to create for an application.
type newSecret struct {
	application string // object id
	name        string
	end         time.Time
	known       func(keyID string) bool // the secrets that the application had before
	tries       int
}

// newSecret creates a client secret and continues with done. If the answer is lost,
// nobody knows the value of the secret that may exist, so it is revoked and another one
// is created.
func (t *task) newSecret(n newSecret, done func(graph.Password) ([]graph.Request, error)) ([]graph.Request, error) {
	return []graph.Request{t.send(graph.AddPassword(n.application, n.name, n.end), func(a graph.Answer) ([]graph.Request, error) {
		if graph.Uncertain(a.Err) && n.tries < maxNewSecrets-1 {
			n.tries++
			return t.revokeUnknown(n, a.Err, func() ([]graph.Request, error) { return t.newSecret(n, done) })
		}
		if err := t.count(a.Err); err != nil {
			return nil, err
		}
		made, err := a.Password(n.end)
		if err != nil {
			return nil, err
		}
		return done(made)
	})}, nil
}

// revokeUnknown revokes the unknown secrets with a name, and continues with then. lost
// is the error because of which there may be one.
func (t *task) revokeUnknown(n newSecret, lost error, then func() ([]graph.Request, error)) ([]graph.Request, error) {
	return []graph.Request{t.read(graph.PasswordCredentials(graph.OwnedApplication, n.application), func(r graph.Result, err error) ([]graph.Request, error) {
		if err != nil {
			return nil, errors.Join(lost, err)
		}
		if r.Object == nil {
			return then()
		}
		var held struct {
			PasswordCredentials []struct{ KeyID, DisplayName string }
		}
		if err := json.Unmarshal(r.Object, &held); err != nil {
			return nil, err
		}
		var unknown []string
		for _, c := range held.PasswordCredentials {
			if c.DisplayName == n.name && !n.known(c.KeyID) {
				unknown = append(unknown, c.KeyID)
			}
		}
		return t.revokeEach(n.application, unknown, then)
	})}, nil
}

// revokeEach revokes secrets of an application one after another.
func (t *task) revokeEach(application string, keyIDs []string, then func() ([]graph.Request, error)) ([]graph.Request, error) {
	if len(keyIDs) == 0 {
		return then()
	}
	return []graph.Request{t.send(graph.RemovePassword(graph.OwnedApplication, application, keyIDs[0]), func(a graph.Answer) ([]graph.Request, error) {
		if a.Err != nil && !graph.NoSuchSecret(a.Err) {
			return nil, a.Err
		}
		return t.revokeEach(application, keyIDs[1:], then)
	})}, nil
}

// secretsIn returns the keyIds of the secrets that an application had when it was read. For
// nil the list is empty.
func secretsIn(o *plan.Live) map[string]bool {
	all := map[string]bool{}
	if o == nil {
		return all
	}
	credentials, _ := o.Properties["passwordCredentials"].([]any)
	for _, c := range credentials {
		if credential, ok := c.(map[string]any); ok {
			all[str(credential, "keyId")] = true
		}
	}
	return all
}

// readKept reads the secrets folder.
func (r *run) readKept() (err error) {
	if r.kept != nil {
		return nil
	}
	if err := r.Keep.sweep(); err != nil {
		return err
	}
	r.kept, err = r.Keep.index()
	return err
}

// forget deletes the stored value of revoked secrets of an application: of keyID, or of
// all secrets if keyID is "".
func (r *run) forget(application, keyID string) error {
	if err := r.readKept(); err != nil {
		return err
	}
	stays, err := r.Keep.forget(r.ctx, r.kept, application, func(e entry) bool { return keyID == "" || e.KeyID == keyID })
	r.done.Stays = append(r.done.Stays, stays...)
	return err
}
