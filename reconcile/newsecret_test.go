package reconcile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"provision/emulator/faults"
	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// TestASecretWhoseAnswerIsLostIsRevoked: nobody knows its value. Another secret is created, and
// the previous secret stays valid until then.
func TestASecretWhoseAnswerIsLostIsRevoked(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]faults.Rule{
		"the gateway waits in vain": {Status: 504, Done: true},
		"the service fails":         {Status: 500, Done: true},
		"the connection is lost":    {Drop: true, Done: true},
		"a page with status 200":    {Body: "<html>Sign in to the network</html>", Done: true},
		"it was not carried out":    {Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost.Method, lost.Path, lost.Next = "POST", "/v1.0/applications/*/addPassword", 1
			w := newWorld(t)
			stacks := keptIn(stack.Sink{})
			w.meet(lost)
			w.must(stacks, plan.Options{}) // must checks that the next plan is empty
			w.know()
			if held := w.secrets(); len(held) != 1 {
				t.Errorf("the application has the secrets %q, want one", held)
			}
			first := w.secrets()[0]

			w.meet(lost)
			a := reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience}
			made, err := a.Rotate(t.Context(), reconcile.Rotation{Application: w.applicationID, UniqueName: "s.a", Secret: stack.Secret{Name: "key"},
				Grace: time.Hour, Prove: w.proves, Live: func(keyID string) bool { return keyID == first }})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(w.secrets(), " "), first+" "+made.New.KeyID; got != want {
				t.Errorf("after the rotation the application has the secrets %q, want %q", got, want)
			}
			w.settled(stacks, plan.Options{})
		})
	}
}

// TestRotationRevokesUnrecordedSecrets: secrets that an interrupted rotation has left.
func TestRotationRevokesUnrecordedSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := keptIn(stack.Sink{})
	w.must(stacks, plan.Options{})
	w.know()
	stray, err := w.addPassword(w.applicationID, "key", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a := reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience}
	r := reconcile.Rotation{Application: w.applicationID, UniqueName: "s.a", Secret: stack.Secret{Name: "key"},
		Grace: time.Hour, Prove: w.proves, Superseded: w.state(stacks).SupersededSecrets(plan.SecretKey(plan.Key{Kind: plan.Application, Name: "s.a"}, "key"))}
	if _, err := a.Rotate(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := a.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, keyID := range w.secrets() {
		if keyID == stray.KeyID {
			t.Error("the secret whose value nobody has is still good")
		}
	}
	w.settled(stacks, plan.Options{})
}

// TestRotationAfterAnotherMachinesRotation: the stored secret was deleted in the tenant, and
// the current secret stays valid for the grace period.
func TestRotationAfterAnotherMachinesRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := keptIn(stack.Sink{})
	w.must(stacks, plan.Options{})
	w.know()
	first := w.secrets()[0]
	other, err := w.addPassword(w.applicationID, "key", time.Now().Add(time.Hour))
	if err == nil {
		err = w.write(graph.RemovePassword(graph.OwnedApplication, w.applicationID, first))
	}
	if err != nil {
		t.Fatal(err)
	}
	a := reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience}
	rotate := func(grace time.Duration) {
		t.Helper()
		live := w.secrets()
		r := reconcile.Rotation{Application: w.applicationID, UniqueName: "s.a", Secret: stack.Secret{Name: "key"}, Grace: grace, Prove: w.proves,
			Live:    func(keyID string) bool { return slices.Contains(live, keyID) },
			Current: w.state(stacks).Lookup(plan.SecretKey(plan.Key{Kind: plan.Application, Name: "s.a"}, "key"), plan.ID)}
		_, err := a.Rotate(t.Context(), r)
		if err == nil {
			err = a.Revoke(t.Context(), r)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.settled(stacks, plan.Options{})
	}
	rotate(time.Hour)
	if !slices.Contains(w.secrets(), other.KeyID) {
		t.Error("the secret in use elsewhere is revoked before its grace")
	}
	rotate(0)
	if held := w.secrets(); len(held) != 1 {
		t.Errorf("the application has the secrets %q, want the new one alone", held)
	}
}

// secrets returns the keyIds of the application's secrets, oldest first.
func (w *world) secrets() (all []string) {
	w.t.Helper()
	results, err := w.graph.Read(w.t.Context(), graph.PasswordCredentials(graph.OwnedApplication, w.applicationID))
	if err != nil {
		w.t.Fatal(err)
	}
	var held struct {
		PasswordCredentials []struct{ KeyID string }
	}
	if err := json.Unmarshal(results[0].Object, &held); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range held.PasswordCredentials {
		all = append(all, c.KeyID)
	}
	return all
}
