package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"provision/plan"
	"provision/reconcile/sink"
	"provision/stack"
)

// applications returns the applications that stacks declare and own.
func applications(stacks []*stack.Stack) map[plan.Key]*stack.Application {
	all := map[plan.Key]*stack.Application{}
	for _, s := range stacks {
		for _, a := range s.Applications {
			if !a.Existing {
				all[plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}] = a
			}
		}
	}
	return all
}

// credentials compares the credentials of the stacks' applications with the declared
// ones, and their secrets also with the stored ones, because only a secret whose value
// is stored can be used.
func (t *tenant) credentials(stacks []*stack.Stack, apps map[plan.Key]*stack.Application) error {
	declared := map[plan.Key]stack.Secret{}
	for k, a := range apps {
		for _, secret := range a.Secrets {
			declared[plan.SecretKey(k, secret.Name)] = secret
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		app := t.state.Objects[k]
		if k.Kind != plan.Application || !t.managed[app.Stack] {
			continue
		}
		credentials, _ := app.Properties["passwordCredentials"].([]any)
		for _, c := range credentials {
			credential, _ := c.(map[string]any)
			if err := t.secret(app, credential, declared); err != nil {
				return err
			}
		}
		a := apps[k]
		if a == nil {
			continue
		}
		t.certificates(app, a)
		if sp := t.state.Objects[plan.Key{Kind: plan.ServicePrincipal, Name: k.Name}]; sp != nil {
			t.principalSecrets(sp, a)
		}
	}
	if err := t.binnedSecrets(apps); err != nil {
		return err
	}
	return t.unrecorded()
}

// principalSecrets adds the secrets of a service principal, which manifests cannot
// declare. It ignores the secret of Entra's SAML signing key, with which nobody can
// sign in.
func (t *tenant) principalSecrets(sp *plan.Live, a *stack.Application) {
	credentials, _ := sp.Properties["passwordCredentials"].([]any)
	for _, c := range credentials {
		credential, _ := c.(map[string]any)
		if a.UsesSAML() && str(credential, "customKeyIdentifier") != "" {
			continue
		}
		name, keyID := str(credential, "displayName"), str(credential, "keyId")
		k := plan.Key{Kind: plan.Secret, Name: sp.String() + " " + name + " " + keyID}
		t.state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Stack: sp.Stack, Ends: plan.Ends{Resource: sp.Key}, Properties: map[string]any{"displayName": name}},
			ID: keyID, ResourceID: sp.ID}
	}
}

// certificates reports certificates that expire soon.
func (t *tenant) certificates(app *plan.Live, a *stack.Application) {
	for _, c := range a.Certificates {
		left := c.NotAfter.Sub(t.Now())
		switch {
		case left < 0:
			t.state.Notes = append(t.state.Notes, fmt.Sprintf("certificate %s %s expired on %s; put a new certificate in its file, or add one",
				app.Name, c.Name, c.NotAfter.Format(time.DateOnly)))
		case left < stack.Soon(time.Time{}, c.NotAfter):
			t.state.Notes = append(t.state.Notes, fmt.Sprintf("certificate %s %s expires on %s, in %s; put a new certificate in its file, or add one",
				app.Name, c.Name, c.NotAfter.Format(time.DateOnly), t.left(c.NotAfter)))
		}
	}
}

// soon returns the remaining lifetime below which a note reports a live credential.
func soon(credential map[string]any, end time.Time) time.Duration {
	start, _ := time.Parse(time.RFC3339, str(credential, "startDateTime")) // the zero time if it is not known
	return stack.Soon(start, end)
}

// left returns the number of days until the date of end. Messages show it beside this date.
func (t *tenant) left(end time.Time) string {
	const day = 24 * time.Hour
	return days(end.UTC().Truncate(day).Sub(t.Now().UTC().Truncate(day)))
}

func days(d time.Duration) string {
	if n := int(d.Hours() / 24); n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}

// lifetime notes that the manifest's lifetime of a secret differs from the lifetime
// with which the stored secret was created.
func (t *tenant) lifetime(k plan.Key, kept sink.Secret, credential map[string]any, declared stack.Secret) {
	start := kept.StartDateTime
	if start.IsZero() {
		start, _ = time.Parse(time.RFC3339, str(credential, "startDateTime"))
	}
	want, err := stack.Lifetime(declared.Lifetime)
	if err != nil || start.IsZero() || kept.EndDateTime.IsZero() {
		return
	}
	if have := kept.EndDateTime.Sub(start); (have - want).Abs() > time.Minute {
		t.note("secret %s was created with a lifetime of %s and the manifest states %s: the new lifetime applies to the next secret, which `%s` creates",
			k.Name, span(have), span(want), t.RotateCommand)
	}
}

// span returns a lifetime as a text, in days if it is a whole number of days.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return days(d)
	}
	return d.String()
}

// heldByOthers adds a secret whose value provision neither has nor needs.
func (t *tenant) heldByOthers(o *plan.Live, held stack.Secret, credential map[string]any) error {
	o.Key = plan.SecretKey(o.Ends.Resource, held.Name)
	if end, err := time.Parse(time.RFC3339, str(credential, "endDateTime")); err == nil {
		switch left := end.Sub(t.Now()); {
		case left < 0:
			t.note("secret %s expired on %s; remove its keyId to create a new one", o.Name, end.Format(time.DateOnly))
		case left < soon(credential, end):
			t.note("secret %s expires on %s, in %s; add a secret that provision creates", o.Name, end.Format(time.DateOnly), t.left(end))
		}
	}
	t.state.Objects[o.Key] = o
	return nil
}

func (t *tenant) secret(app *plan.Live, credential map[string]any, declared map[plan.Key]stack.Secret) error {
	name, keyID := str(credential, "displayName"), str(credential, "keyId")
	k := plan.SecretKey(app.Key, name)
	o := &plan.Live{Object: plan.Object{Key: k, Stack: app.Stack, Ends: plan.Ends{Resource: app.Key}, Properties: map[string]any{"displayName": name}},
		ID: keyID, ResourceID: app.ID}
	if a := t.declared[app.Key]; a != nil {
		for _, held := range a.Secrets {
			if held.KeyID != "" && strings.EqualFold(held.KeyID, keyID) {
				return t.heldByOthers(o, held, credential)
			}
		}
	}
	secret, ok := declared[k]
	var kept sink.Secret
	if ok {
		var err error
		if kept, ok, err = t.Keep.Secret(t.ctx, app.Name, name, secret.Sink); err != nil {
			return err
		}
		if !ok {
			if former, from, moves := t.Keep.moves(t.ctx, app.Name, name, secret.Sink); moves {
				kept, ok, o.Moves = former, true, from
			}
		}
	}
	if _, is := declared[k]; !is || !ok && secret.KeyID != "" {
		o.Name += " " + keyID // several may share a name
		t.state.Objects[o.Key] = o
		return nil
	}
	if kept.Retires(keyID, t.Now()) {
		return nil // a rotation keeps it valid for a time
	}
	end, _ := time.Parse(time.RFC3339, str(credential, "endDateTime"))
	switch {
	case !ok:
		o.Lost = notKept
		e, err := t.Keep.elsewhere(t.ctx, app.Name, name, secret.Sink, str(credential, "hint"), t.Accepts)
		if err != nil {
			return err
		}
		if e.File != "" {
			o.Lost = "the value is in " + e.File + ", written from another folder"
			t.note("secret %s is stored in %s, written from another folder: apply replaces it only with --overwrite", k.Name, e.File)
		}
	case kept.KeyID != keyID:
		o.Lost = "the sink contains another secret"
	case kept.SecretText != "" && !strings.HasPrefix(kept.SecretText, str(credential, "hint")):
		o.Lost = "the sink contains another value"
	case !end.IsZero() && end.Before(t.Now()):
		o.Lost = "expired on " + end.Format(time.DateOnly)
	case !end.IsZero() && end.Before(t.Now().Add(soon(credential, end))):
		t.state.Notes = append(t.state.Notes, fmt.Sprintf("secret %s expires on %s, in %s; `%s` creates a new one",
			k.Name, end.Format(time.DateOnly), t.left(end), t.RotateCommand))
	}
	if o.Lost == "" {
		t.lifetime(k, kept, credential, secret)
		if kept.SecretText != "" {
			t.provable = append(t.provable, provable{Credential{AppID: app.AppID, Secret: kept.SecretText}, o})
		}
	}
	if before := t.state.Objects[k]; before != nil {
		// Two secrets with one name: a replacement was interrupted. The valid one
		// stays.
		if before.Lost == "" {
			o, before = before, o
		}
		before.Name += " " + before.ID
		before.Lost = "replaced"
		before.Superseded = true
		t.state.Objects[before.Key] = before
	}
	t.state.Objects[k] = o
	return nil
}
