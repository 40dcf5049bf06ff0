package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// prove tests credentials with the management API.
func (w *world) prove(ctx context.Context, kept []reconcile.Credential) ([]bool, error) {
	body, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.tenant.ManagementURL+"/credentials", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+w.tenant.ManagementKey)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var said struct{ Good []bool }
	return said.Good, json.NewDecoder(answer.Body).Decode(&said)
}

// crew returns a stack with a user, and an application with a secret.
func crew(w *world) []*stack.Stack {
	return []*stack.Stack{{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + w.tenant.Domain}},
		Applications: []*stack.Application{{Name: "a", DisplayName: "A", Secrets: []stack.Secret{{Name: "key"}}}}}}
}

// actions returns the plan's actions on credentials, with or without a test of the credentials.
func (w *world) actions(stacks []*stack.Stack, proven bool) string {
	w.t.Helper()
	reader := reconcile.Reader{Graph: w.graph, Keep: w.keep, Now: time.Now}
	if proven {
		reader.Prove = w.prove
	}
	state, err := reader.Read(context.Background(), stacks, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := plan.Diff(stacks, state, plan.Options{ResetPasswords: true})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, s := range p.Steps {
		all = append(all, string(s.Action)+" "+strings.ReplaceAll(s.Key.String(), "@"+w.tenant.Domain, "")+": "+s.Reason)
	}
	if _, err := (reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience}).Apply(context.Background(), p, state); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

// TestStoredCredentialThatFailsIsReplaced, whatever the reason.
func TestStoredCredentialThatFailsIsReplaced(t *testing.T) {
	t.Parallel()
	edit := func(w *world, name, from, to string) {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(w.keep.Dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.keep.Dir, name), bytes.Replace(raw, []byte(from), []byte(to), 1), 0o600)
		}
		if err != nil || !bytes.Contains(raw, []byte(from)) {
			t.Fatalf("edit %s: %v", name, err)
		}
	}
	kept := func(w *world) (secret, password string) {
		t.Helper()
		s, _, err := w.keep.Secret(context.Background(), "s.a", "key", stack.Sink{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := w.keep.Passwords()
		if err != nil {
			t.Fatal(err)
		}
		return s.SecretText, all["ada@"+w.tenant.Domain]
	}
	for name, c := range map[string]struct {
		spoil          func(w *world)
		proven, unsure string // planned with a test of the credentials, and without
	}{
		"nothing happens": {func(*world) {}, "", ""},
		"somebody resets the password": {func(w *world) {
			id := w.state(crew(w)).Lookup(plan.Key{Kind: plan.User, Name: "ada@" + w.tenant.Domain}, plan.ID)
			if err := w.write(graph.UpdateUser(id, graph.Object{"passwordProfile": graph.Object{"password": "another-Horse-7-battery"}})); err != nil {
				t.Fatal(err)
			}
		}, "replace password ada: the tenant refuses it", ""},
		"somebody resets it later": {func(w *world) {
			all := map[string]time.Time{"ada@" + w.tenant.Domain: time.Now().Add(-time.Hour)}
			raw, _ := json.Marshal(all)
			if err := os.WriteFile(filepath.Join(w.keep.Dir, "passwords.times.json"), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "replace password ada: changed in the tenant", "replace password ada: changed in the tenant"},
		"the kept password is another": {func(w *world) {
			_, password := kept(w)
			edit(w, "passwords.json", password, "wrong-Horse-7-battery")
		}, "replace password ada: the tenant refuses it", ""},
		"a reset was cut short": {func(w *world) {
			if err := os.WriteFile(filepath.Join(w.keep.Dir, "passwords.jsonl"),
				[]byte(`{"userPrincipalName":"ada@`+w.tenant.Domain+`","password":"x","pending":true}`+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "replace password ada: it is not stored on this machine", "replace password ada: it is not stored on this machine"},
		"the kept secret begins otherwise": {func(w *world) {
			secret, _ := kept(w)
			edit(w, "secrets/s.a.key.json", secret, "!!!"+secret[3:])
		}, "replace secret s.a key: the sink contains another value", "replace secret s.a key: the sink contains another value"},
		"the kept secret ends otherwise": {func(w *world) {
			secret, _ := kept(w)
			edit(w, "secrets/s.a.key.json", secret, secret+"x")
		}, "replace secret s.a key: the tenant refuses it", ""},
		"another machine made all": {func(w *world) {
			if err := os.RemoveAll(w.keep.Dir); err != nil {
				t.Fatal(err)
			}
		}, "replace password ada: it is not stored on this machine, replace secret s.a key: the sink does not contain its value",
			"replace password ada: it is not stored on this machine, replace secret s.a key: the sink does not contain its value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, proven := range []bool{true, false} {
				w := newWorld(t)
				w.must(crew(w), plan.Options{})
				c.spoil(w)
				want := c.unsure
				if proven {
					want = c.proven
				}
				got := w.actions(crew(w), proven)
				if got, _, _ = strings.Cut(got, " on 2"); got != want {
					t.Errorf("proven %t: the plan has %q, want %q", proven, got, want)
				}
				if got := w.actions(crew(w), true); proven && got != "" {
					t.Errorf("after that the plan has %q", got)
				}
			}
		})
	}
}
