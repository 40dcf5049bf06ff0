package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// checkSinks finds out whether every secret that a plan makes can be kept,
// before anything is done.
func (a Applier) checkSinks(ctx context.Context, p *plan.Plan) error {
	for _, s := range p.Steps {
		if s.Kind != plan.Secret || s.Action == plan.Delete {
			continue
		}
		application, name, where, err := secretOf(s, s.Bodies[0])
		if err == nil {
			err = a.Keep.check(ctx, application, name, where)
		}
		if err != nil {
			return fmt.Errorf("secret %s cannot be stored: %w", s.Name, err)
		}
	}
	return nil
}

// secretOf is which secret a step makes, and where it is kept.
func secretOf(s plan.Step, body map[string]any) (application, name string, where stack.Sink, err error) {
	name = str(body, "displayName")
	raw, err := json.Marshal(body["sink"])
	if err == nil {
		err = json.Unmarshal(raw, &where)
	}
	return strings.TrimSuffix(s.Name, " "+name), name, where, err
}

// secret makes a client secret and keeps its text. The old one goes at the end
// of the apply, when the new one is wherever it is to be: cut short anywhere, the
// next apply sees which of the two the sink holds. Of an application that has been
// given nothing yet it goes at once, for whoever made that may know it.
func (r *run) secret(s plan.Step, body map[string]any) error {
	id := str(body, "application")
	if s.Action == plan.Delete {
		if sp := str(body, "servicePrincipal"); sp != "" {
			return r.deleted(r.Graph.RemoveServicePrincipalPassword(r.ctx, sp, s.ID), graph.PasswordCredentials(graph.OwnedServicePrincipal, sp), s.ID)
		}
		if body["superseded"] == true && body["beforeGrants"] != true {
			r.superseded = append(r.superseded, superseded{s, func() error { return r.write(r.revoke(r.ctx, id, s.ID)) }})
			return nil
		}
		if err := r.deleted(r.Graph.RemovePassword(r.ctx, id, s.ID), graph.PasswordCredentials(graph.OwnedApplication, id), s.ID); err != nil {
			return err
		}
		application, _, _ := strings.Cut(s.Name, " ")
		return r.forget(application, s.ID)
	}
	lifetime, err := stack.Lifetime(str(body, "lifetime"))
	if err != nil {
		return err
	}
	application, name, where, err := secretOf(s, body)
	if err != nil {
		return err
	}
	before, _, err := r.Keep.Secret(r.ctx, application, name, where)
	if err != nil {
		return err
	}
	now := r.Now().UTC().Truncate(time.Second)
	known := secretsIn(r.state.Objects[plan.Key{Kind: plan.Application, Name: application}])
	made, err := r.newSecret(r.ctx, id, name, now.Add(lifetime), func(keyID string) bool { return known[keyID] })
	if err := r.write(err); err != nil {
		return err
	}
	r.kept = nil // it is read again, with what is written now
	err = r.Keep.saveSecret(r.ctx, sink.Secret{
		Application: application, DisplayName: name,
		ClientID: r.lookup(plan.Key{Kind: plan.Application, Name: application}, plan.AppID),
		KeyID:    made.KeyID, SecretText: made.Text,
		StartDateTime: now, EndDateTime: made.End,
		Retiring: before.Retiring,
	}, where)
	if err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	switch {
	case s.Action != plan.Replace:
	case body["beforeGrants"] == true:
		return r.write(r.revoke(r.ctx, id, s.ID))
	default:
		r.superseded = append(r.superseded, superseded{s, func() error { return r.write(r.revoke(r.ctx, id, s.ID)) }})
	}
	return nil
}

// maxNewSecrets bounds how often a new secret is asked for.
const maxNewSecrets = 3

// newSecret makes a client secret of an application. Where the answer is lost,
// nobody knows the text of the secret that may have been made: it is revoked, and
// another one is asked for. known are the secrets that the application had before.
func (a Applier) newSecret(ctx context.Context, application, name string, end time.Time, known func(keyID string) bool) (made graph.Password, err error) {
	for range maxNewSecrets {
		if made, err = a.Graph.AddPassword(ctx, application, name, end); !graph.Uncertain(err) || ctx.Err() != nil {
			return made, err
		}
		if failed := a.revokeUnknown(ctx, application, name, known); failed != nil {
			return made, err
		}
	}
	return made, err
}

// revokeUnknown revokes the secrets of a name that are not known.
func (a Applier) revokeUnknown(ctx context.Context, application, name string, known func(keyID string) bool) error {
	results, err := a.Graph.Read(ctx, graph.PasswordCredentials(graph.OwnedApplication, application))
	if err != nil || results[0].Object == nil {
		return err
	}
	var held struct {
		PasswordCredentials []struct{ KeyID, DisplayName string }
	}
	if err := json.Unmarshal(results[0].Object, &held); err != nil {
		return err
	}
	for _, c := range held.PasswordCredentials {
		if c.DisplayName == name && !known(c.KeyID) {
			if err := a.revoke(ctx, application, c.KeyID); err != nil {
				return err
			}
		}
	}
	return nil
}

// secretsIn are the keyIds of the secrets that an application had when it was
// read; nil has none.
func secretsIn(o *plan.Object) map[string]bool {
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

// revoke removes a client secret of an application.
func (a Applier) revoke(ctx context.Context, application, keyID string) error {
	return graph.Settle(ctx, a.Patience, func() error {
		return a.gone(ctx, a.Graph.RemovePassword(ctx, application, keyID), graph.PasswordCredentials(graph.OwnedApplication, application), keyID)
	})
}

// forget takes away what is kept of an application's secrets that are revoked:
// of keyID, or of all where it is "".
func (r *run) forget(application, keyID string) error {
	if r.kept == nil {
		if err := r.Keep.sweep(); err != nil {
			return err
		}
		kept, err := r.Keep.index()
		if err != nil {
			return err
		}
		r.kept = kept
	}
	left, err := r.Keep.forget(r.ctx, r.kept, application, func(e entry) bool { return keyID == "" || e.KeyID == keyID })
	for _, why := range left {
		r.done.Warnings = append(r.done.Warnings, "the text of a revoked secret was not removed: "+why.Error())
	}
	return err
}
