package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"provision/plan"
	"provision/stack"
)

// notKept is the reason to replace a secret whose value is missing from its sink.
const notKept = "the sink does not contain its value"

// unrecorded warns of secrets that apply replaces because this machine has no record of any secret:
// they may still be in use.
func (t *tenant) unrecorded() error {
	var lost []string
	for _, k := range slices.SortedFunc(maps.Keys(t.state.Objects), byName) {
		if k.Kind == plan.Secret && t.state.Objects[k].Lost == notKept {
			lost = append(lost, k.Name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if kept, err := t.Keep.KeptSecrets(); err != nil || len(kept) > 0 {
		return err
	}
	t.state.Warnings = append(t.state.Warnings, fmt.Sprintf("%s contains no record of a secret, for example because the folder was deleted, an apply was killed, or another machine applied the stacks: "+
		"apply replaces and revokes secrets that may be in use: %s; to keep them, restore the folder, or run apply on the machine that has it", t.Keep.secrets(), strings.Join(lost, ", ")))
	return nil
}

// binnedSecrets finds the declared secrets of deleted applications whose value is not stored. They are
// replaced if the application is restored.
func (t *tenant) binnedSecrets(apps map[plan.Key]*stack.Application) error {
	for _, gone := range t.state.Deleted {
		app := plan.Key{Kind: plan.Application, Name: str(gone.Properties, "uniqueName")}
		a := apps[app]
		if gone.Kind != plan.Application || a == nil {
			continue
		}
		for _, secret := range a.Secrets {
			_, kept, err := t.Keep.Secret(t.ctx, app.Name, secret.Name, secret.Sink)
			if err != nil {
				return err
			}
			if !kept && secret.KeyID == "" && hasSecret(gone, secret.Name) {
				gone.NotKept = append(gone.NotKept, plan.SecretKey(app, secret.Name))
			}
		}
	}
	return nil
}

// hasSecret reports whether an application has a client secret with the name.
func hasSecret(app *plan.Live, name string) bool {
	credentials, _ := app.Properties["passwordCredentials"].([]any)
	return slices.ContainsFunc(credentials, func(c any) bool {
		credential, _ := c.(map[string]any)
		return str(credential, "displayName") == name
	})
}
