package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"provision/conformance"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

func (a *app) rotate() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate [DIR]",
		Short: "Replace client secrets with new ones",
		Long: `rotate creates a new secret for each secret that the stacks at or below DIR
declare, gets a token with it, and writes it to the sink and to the files of Output
documents. Then it revokes the old secret: immediately with --grace 0, otherwise
the first apply or rotate after the grace period revokes it. If the tenant does not accept the
new secret, rotate removes it and keeps the old one.

plan warns about secrets that expire within 30 days. --expiring rotates only secrets that
expire within the given time. In both cases a secret counts only in the last third of its
lifetime, so that a nightly rotation does not replace new secrets with a short lifetime.`,
		Example: `  provision rotate manifests/heroes
  provision rotate --expiring 30d
  provision rotate --secret heroes/client/client --grace 0`,
		Args: maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.rotateOptions()
			if err != nil {
				return err
			}
			return a.changing(cmd, args, func(stacks []*stack.Stack) error {
				_, err := o.rotations(stacks)
				return err
			}, func(ctx context.Context, s *connection, stacks []*stack.Stack) error {
				rotations, err := o.rotations(stacks) // again: the sinks can depend on hosting
				if err != nil {
					return err
				}
				return a.rotateAll(ctx, s, stacks, rotations, o)
			})
		},
	}
	c.Flags().String("secret", "", "rotate only this secret: STACK/APPLICATION/NAME")
	c.Flags().String("expiring", "", "rotate only secrets that expire within this time, e.g. 30d, and are in the last third of their lifetime")
	c.Flags().String("grace", "24h", "how long the old secret stays valid, e.g. 7d or 0")
	c.Flags().Bool("yes", false, "change a real tenant without asking for confirmation")
	writerFlags(c)
	fileFlags(c)
	return c
}

// rotation is a declared secret that may be rotated.
type rotation struct {
	stack, application string
	uniqueName         string // of the application
	secret             stack.Secret
}

// name is STACK/APPLICATION/NAME. APPLICATION is the name in plans and in status: the first name of a renamed
// application.
func (r rotation) name() string {
	return r.stack + "/" + strings.TrimPrefix(r.uniqueName, stack.UniqueName(r.stack, "")) + "/" + r.secret.Name
}

// named reports whether a text is the name of the secret, its name with the new name of a renamed application, or
// its name in a plan.
func (r rotation) named(text string) bool {
	return slices.Contains([]string{r.name(), r.stack + "/" + r.application + "/" + r.secret.Name, r.uniqueName + " " + r.secret.Name}, text)
}

// rotateOptions are the flags of rotate.
type rotateOptions struct {
	secret   string        // STACK/APPLICATION/NAME; "" is all
	expiring time.Duration // rotate only secrets that expire within this time; 0 means all
	grace    time.Duration // how long the old secret stays valid
}

func (a *app) rotateOptions() (o rotateOptions, err error) {
	o.secret = a.config.GetString("secret")
	for _, f := range []struct {
		flag string
		into *time.Duration
	}{{"expiring", &o.expiring}, {"grace", &o.grace}} {
		text := a.config.GetString(f.flag)
		if *f.into, err = span(text); err != nil {
			return o, hint(usagef("--%s: %w", f.flag, err), "%s", cmp.Or(stack.DurationHint(text, span), "as in --"+f.flag+" 7d"))
		}
	}
	return o, nil
}

// rotations returns the secrets that the options select, without reading the tenant.
func (o rotateOptions) rotations(stacks []*stack.Stack) ([]rotation, error) {
	var all []rotation
	var names []string
	for _, st := range stacks {
		for _, application := range st.Applications {
			for _, secret := range application.Secrets {
				r := rotation{st.Name, application.Name, st.UniqueName(application.Name), secret}
				names = append(names, r.name())
				if o.secret == "" || r.named(o.secret) {
					all = append(all, r)
				}
			}
		}
	}
	switch {
	case len(names) == 0:
		return nil, hint(usagef("the manifests declare no secrets to rotate"), "declare secrets in an application: `secrets: [{name: …}]`")
	case len(all) == 0:
		return nil, hint(usagef("there is no secret %q", o.secret), "choose one of: %s", strings.Join(names, ", "))
	}
	return all, nil
}

// due reports whether the options select a secret by its expiry, with the rule that plan uses for its
// notes.
func (o rotateOptions) due(start, end, now time.Time) bool {
	return o.expiring == 0 || !now.Before(end.Add(-stack.SoonWithin(o.expiring, start, end)))
}

// lifetime is the lifetime of a secret in the tenant. Both times are zero if it is not known.
type lifetime struct{ start, end time.Time }

// at returns a time of a credential, or zero.
func at(credential map[string]any, property string) time.Time {
	text, _ := credential[property].(string)
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

// span parses a duration, which may be in days. "" and 0 mean no duration.
func span(text string) (time.Duration, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	return stack.Lifetime(text)
}

func (a *app) rotateAll(ctx context.Context, s *connection, stacks []*stack.Stack, rotations []rotation, o rotateOptions) error {
	if err := a.confirm(ctx, s, "rotate secrets of"); err != nil {
		return err
	}
	state, err := s.read(ctx, stacks)
	if err != nil {
		return err
	}
	if err := s.keep.RecordLocations(ctx, state, s.accepts); err != nil {
		return err
	}
	replaced := &plan.Plan{}
	for _, r := range rotations {
		k := plan.SecretKey(plan.Key{Kind: plan.Application, Name: r.uniqueName}, r.secret.Name)
		replaced.Steps = append(replaced.Steps, plan.Step{Action: plan.Replace, Key: k})
	}
	if err := a.planOutputs(ctx, s, stacks, replaced, state); err != nil {
		return err
	}
	live := map[string]lifetime{}
	for k, o := range state.Objects {
		if _, known := live[o.ID]; k.Kind == plan.Secret && !known {
			live[o.ID] = lifetime{} // also a secret that the tenant does not show yet
		}
		credentials, _ := o.Properties["passwordCredentials"].([]any)
		for _, c := range credentials {
			if credential, ok := c.(map[string]any); ok && k.Kind == plan.Application {
				keyID, _ := credential["keyId"].(string)
				live[keyID] = lifetime{at(credential, "startDateTime"), at(credential, "endDateTime")}
			}
		}
	}
	applier := reconcile.Applier{Graph: s.graph, Keep: s.keep, Now: s.now, Lag: s.lag, Patience: a.config.GetDuration("patience")}
	progress := a.progress()
	defer progress.end()
	rotated := []rotatedSecret{}
	done := map[int]reconcile.Rotated{}
	all := make([]reconcile.Rotation, len(rotations))
	var chosen []int
	var imported []error // of the secrets that cannot be rotated
	for i, r := range rotations {
		uniqueName := r.uniqueName
		key := plan.SecretKey(plan.Key{Kind: plan.Application, Name: uniqueName}, r.secret.Name)
		kept, ok, err := s.keep.Secret(ctx, uniqueName, r.secret.Name, r.secret.Sink)
		id := state.Lookup(plan.Key{Kind: plan.Application, Name: uniqueName}, plan.ID)
		all[i] = reconcile.Rotation{Tenant: state.Tenant.ID, Stack: r.stack, Application: id, UniqueName: uniqueName, Secret: r.secret, Grace: o.grace, Prove: s.prove,
			Current: state.Lookup(key, plan.ID), Superseded: state.SupersededSecrets(key),
			Live: func(keyID string) bool { _, ok := live[keyID]; return ok }}
		switch {
		case err != nil:
			return err
		case id == "":
			return hint(fmt.Errorf("secret %s does not exist, so it cannot be rotated", r.name()), "create it with `%s`", s.command("apply"))
		case ok && !o.due(cmp.Or(kept.StartDateTime, live[kept.KeyID].start), kept.EndDateTime, s.now()):
			continue
		case !ok && r.secret.KeyID != "" && !o.due(live[r.secret.KeyID].start, live[r.secret.KeyID].end, s.now()):
			continue
		}
		// If the file of the secret is damaged, ok is false; the check then returns the reason.
		if err := applier.CheckRotation(ctx, all[i]); err != nil {
			return fmt.Errorf("rotate %s: %w", r.name(), err)
		}
		if !ok && r.secret.KeyID != "" {
			imported = append(imported, hint(fmt.Errorf("rotate %s: provision does not have the value of this secret, because it existed before the stack (keyId %s), and does not replace it", r.name(), r.secret.KeyID),
				"add a secret with another name to the application, create it with `%s`, and give it to the clients; then remove the old one from the tenant and from the manifest", s.command("apply")))
			continue
		}
		if !ok {
			return hint(fmt.Errorf("rotate %s: the stored secret was not found (%s)", r.name(), cmp.Or(r.secret.Sink.String(), "the state folder")),
				"create a new one with `%s`", s.command("apply"))
		}
		chosen = append(chosen, i)
	}
	if len(chosen) == 0 && len(imported) > 0 {
		return imported[0]
	}
	for _, err := range imported { // they do not stop the rotation of the others
		a.say("warning: %s", err)
	}
	for _, i := range chosen {
		a.began = true
		r := rotations[i]
		progress.begin(i, len(rotations), "rotate "+r.name())
		var err error
		if done[i], err = applier.Rotate(ctx, all[i]); err != nil {
			return fmt.Errorf("rotate %s: %w", r.name(), err)
		}
		if stays := done[i].Stays; stays != nil {
			a.sayStays([]error{stays})
		}
	}
	progress.end()
	// This also completes an earlier run that was interrupted.
	if err := a.writeOutputs(ctx, s, stacks, state); err != nil {
		return err
	}
	for i, r := range rotations {
		if err := applier.Revoke(ctx, all[i]); err != nil {
			return fmt.Errorf("rotate %s: %w", r.name(), err)
		}
		if made, ok := done[i]; ok {
			a.sayRotated(r, made, len(all[i].Superseded))
			rotated = append(rotated, rotatedSecret{r.name(), made.New.EndDateTime, made.Until})
		}
	}
	a.give("rotated", rotated)
	if len(done) == 0 {
		fmt.Fprintln(a.stdout, "nothing to do: no secret expires within that time and is in the last third of its lifetime")
	}
	return nil
}

// rotatedSecret is a rotation in the result of -o json.
type rotatedSecret struct {
	Secret      string    `json:"secret"` // STACK/APPLICATION/NAME
	EndDateTime time.Time `json:"endDateTime"`
	OldUntil    time.Time `json:"oldUntil,omitzero"` // not set if the old secret is revoked
}

// sayRotated prints the result of a rotation. lost is the number of revoked secrets whose value was
// not stored.
func (a *app) sayRotated(r rotation, made reconcile.Rotated, lost int) {
	revoked, valid := lost, 0
	for _, old := range made.New.Retiring {
		if a.now().Before(old.Until) {
			valid++
		} else {
			revoked++
		}
	}
	fmt.Fprintf(a.stdout, "rotated %s: valid until %s%s\n", r.name(), made.New.EndDateTime.Format(time.DateOnly), oldSecrets(revoked, valid, made.Until))
}

// oldSecrets describes how many replaced secrets are revoked, and how many stay valid. Entra does not
// revoke a secret at the time until: the first apply or rotate after this time does. The text continues a line, and is "" if
// there are none.
func oldSecrets(revoked, valid int, until time.Time) string {
	one := "the old one"
	if revoked > 0 && valid > 0 {
		one = "1 old one"
	}
	var all []string
	for _, part := range []struct {
		n    int
		what string
	}{{revoked, "revoked"}, {valid, "valid until the first apply or rotate after " + until.Format(time.DateTime) + " UTC"}} {
		switch {
		case part.n == 1:
			all = append(all, one+" is "+part.what)
		case part.n > 1:
			all = append(all, fmt.Sprintf("%d old ones are %s", part.n, part.what))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "; " + strings.Join(all, ", and ")
}

// prove gets a token with a client secret. A refusal for a reason other than the secret also
// proves that the secret works.
func (s *connection) prove(ctx context.Context, clientID, secretText string) error {
	err := s.retryNewSecret(ctx, func() error { return s.signInApplication(ctx, clientID, secretText) })
	if code := aadstsCode(err); code != 0 && code != expiredSecret && !slices.Contains(notKnownYet, code) {
		return nil
	}
	return err
}

// accepts reports whether a client secret belongs to the application. An expired secret does.
func (s *connection) accepts(ctx context.Context, clientID, secretText string) bool {
	err := s.signInApplication(ctx, clientID, secretText)
	return err == nil || aadstsCode(err) == expiredSecret
}

func (s *connection) signInApplication(ctx context.Context, clientID, secretText string) error {
	authority := &conformance.Authority{URL: s.authority + "/" + s.tenantID, HTTPClient: s.http}
	_, err := authority.ClientCredentials(ctx, conformance.Client{ID: clientID, Secret: secretText}, "https://graph.microsoft.com/.default")
	return err
}
