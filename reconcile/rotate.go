package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// Rotation replaces a stored client secret by a new one.
type Rotation struct {
	Tenant      string // id
	Stack       string
	Application string // object id
	UniqueName  string
	Secret      stack.Secret
	Grace       time.Duration // the time for which the old one stays valid

	// Live reports whether the application still has a secret; nil means all secrets.
	Live func(keyID string) bool

	// Current is the keyId of the application's secret with this name. It differs from
	// the stored one if the secret was rotated on another machine. It also retires.
	Current string

	// Superseded are the keyIds of secrets with this name whose value is lost.
	Superseded []string

	// Prove gets a token with the new secret before the secret is stored anywhere.
	Prove func(ctx context.Context, clientID, secretText string) error
}

func (r Rotation) live(keyID string) bool { return r.Live == nil || r.Live(keyID) }

// Rotated is the result of a Rotation.
type Rotated struct {
	New   sink.Secret
	Until time.Time // the time when the old secret is revoked; zero if it is revoked immediately
	Stays error     // why the value of an old secret was not removed
}

// CheckRotation finds out whether a new secret can be stored, before one is created.
func (a Applier) CheckRotation(ctx context.Context, r Rotation) error {
	return a.Keep.check(ctx, r.UniqueName, r.Secret.Name, r.Secret.Sink, itself(a.Keep.file(r.UniqueName, r.Secret.Name)))
}

// Rotate creates a new secret, tests it and stores it. The old secret is recorded as
// retiring and stays valid until Revoke; by then, all other places must have the new
// one. If Rotate is interrupted before it has stored the new secret, the old one stays
// in use, and the next apply or rotate revokes the new one.
func (a Applier) Rotate(ctx context.Context, r Rotation) (Rotated, error) {
	kept, ok, err := a.Keep.Secret(ctx, r.UniqueName, r.Secret.Name, r.Secret.Sink)
	if err != nil {
		return Rotated{}, err
	}
	if !ok {
		return Rotated{}, fmt.Errorf("secret %s of %s is not stored on this machine", r.Secret.Name, r.UniqueName)
	}
	if err := a.CheckRotation(ctx, r); err != nil {
		return Rotated{}, err
	}
	lifetime, err := stack.Lifetime(r.Secret.Lifetime)
	if err != nil {
		return Rotated{}, err
	}
	now := a.Now().UTC().Truncate(time.Second)
	var made graph.Password
	err = a.alone(ctx, func(t *task) ([]graph.Request, error) {
		n := newSecret{application: r.Application, name: r.Secret.Name, end: now.Add(lifetime), known: r.live}
		return t.newSecret(n, func(p graph.Password) ([]graph.Request, error) {
			made = p
			return nil, nil
		})
	})
	if err != nil {
		return Rotated{}, err
	}
	if err := r.Prove(ctx, kept.ClientID, made.Text); err != nil {
		return Rotated{}, fmt.Errorf("the new secret is not accepted, therefore the old one stays: %w", errors.Join(err, a.revoke(ctx, r.Application, made.KeyID)))
	}
	done := Rotated{New: kept}
	done.New.KeyID, done.New.SecretText, done.New.StartDateTime, done.New.EndDateTime = made.KeyID, made.Text, now, made.End
	done.New.Retiring = nil
	latest := now.Add(r.Grace) // also for older secrets
	old := append(kept.Retiring, sink.Retiring{KeyID: kept.KeyID, Until: latest})
	if r.Current != "" && r.Current != kept.KeyID {
		old = append(old, sink.Retiring{KeyID: r.Current, Until: latest})
	}
	for _, o := range old {
		if !r.live(o.KeyID) {
			continue // it was already revoked
		}
		if o.Until.After(latest) {
			o.Until = latest
		}
		if now.Before(o.Until) {
			done.Until = o.Until
		}
		done.New.Retiring = append(done.New.Retiring, o)
	}
	if done.Stays, err = a.Keep.saveSecret(ctx, done.New, r.Secret.Sink); err != nil {
		return Rotated{}, fmt.Errorf("store the new secret: %w", err)
	}
	return done, a.Keep.recordRotation(r, made.KeyID, a.Now(), a.Lag)
}

// Revoke revokes the retiring secrets of a rotation whose time has passed, if the
// application still has them (live), and its superseded ones.
func (a Applier) Revoke(ctx context.Context, r Rotation) error {
	kept, ok, err := a.Keep.Secret(ctx, r.UniqueName, r.Secret.Name, r.Secret.Sink)
	if err != nil || !ok {
		return err
	}
	for _, keyID := range r.Superseded {
		if err := a.revoke(ctx, r.Application, keyID); err != nil {
			return fmt.Errorf("revoke a secret whose value nobody has: %w", err)
		}
	}
	for _, o := range kept.Retiring {
		if !a.Now().Before(o.Until) && r.live(o.KeyID) {
			if err := a.revoke(ctx, r.Application, o.KeyID); err != nil {
				return fmt.Errorf("revoke the old secret: %w", err)
			}
		}
	}
	return nil
}

// revoke removes a client secret of an application.
func (a Applier) revoke(ctx context.Context, application, keyID string) error {
	return a.alone(ctx, func(t *task) ([]graph.Request, error) {
		return t.revoke(graph.OwnedApplication, application, keyID, nil)
	})
}

// alone executes a task that is not a step of a plan.
func (a Applier) alone(ctx context.Context, do func(*task) ([]graph.Request, error)) error {
	r := a.run(ctx, &plan.State{})
	t := r.task(plan.Step{}, do)
	err := r.execute([]*task{t})
	var rest *Incomplete
	switch {
	case t.err != nil:
		return t.err
	case errors.As(err, &rest):
		return rest.Err
	}
	return err
}
