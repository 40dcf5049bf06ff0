package reconcile_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/emulator/emulatortest"
	"provision/emulator/faults"
	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// meet sets the faults of all further requests.
func (w *world) meet(rules ...faults.Rule) {
	w.t.Helper()
	send := func(method string, body []byte) {
		r, err := http.NewRequest(method, w.tenant.ManagementURL+"/faults", bytes.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.tenant.ManagementKey)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode >= 300 {
			w.t.Fatalf("%s faults: %s", method, answer.Status)
		}
	}
	send(http.MethodDelete, nil)
	if len(rules) > 0 {
		body, err := json.Marshal(rules)
		if err != nil {
			w.t.Fatal(err)
		}
		send(http.MethodPost, body)
	}
}

// TestDestroyWithFaults: a wrong answer never causes an object to remain, and never counts as
// success.
func TestDestroyWithFaults(t *testing.T) {
	t.Parallel()
	notFound := faults.Rule{Method: "DELETE", Status: 404, Code: "Request_ResourceNotFound", Message: "Resource 'x' does not exist.", Next: 1}
	at := func(r faults.Rule, path string) faults.Rule { r.Path = path; return r }
	for name, c := range map[string]struct {
		rules []faults.Rule
		fails string // "" if the apply succeeds
	}{
		"404 for an existing object": {[]faults.Rule{
			at(notFound, "/v1.0/applications/*"), at(notFound, "/v1.0/groups/*"), at(notFound, "/v1.0/users/*"), at(notFound, "/v1.0/directory/deletedItems/*")}, ""},
		"404 for want of a page":     {[]faults.Rule{{Method: "DELETE", Path: "/v1.0/users/*", Status: 404, Code: "UnknownError", Next: 1}}, ""},
		"404 after it was done":      {[]faults.Rule{{Method: "DELETE", Path: "/v1.0/*", Status: 404, Code: "Request_ResourceNotFound", Done: true, Next: 3}}, ""},
		"lost connections":           {[]faults.Rule{{Method: "DELETE", Path: "/v1.0/*", Drop: true, Done: true, Next: 2}, {Path: "/v1.0/$batch", Drop: true, Next: 1}}, ""},
		"a page with status 200":     {[]faults.Rule{{Method: "DELETE", Path: "/v1.0/users/*", Body: "<html>Sign in to the network</html>", Next: 1}}, "not JSON"},
		"a list that does not exist": {[]faults.Rule{{Method: "GET", Path: "/v1.0/users", Status: 404, Code: "Request_ResourceNotFound"}}, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stacks := load(t, "../manifests/vscode-fastapi")
			calm := newWorld(t)
			empty := calm.dump()
			w := newWorld(t)
			w.patience = 10 * time.Second
			w.must(stacks, plan.Options{})
			w.meet(c.rules...)
			_, err := w.apply(nil, plan.Options{Destroy: []string{"vscode-fastapi"}})
			switch {
			case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
				t.Fatalf("%v, want an error with %q", err, c.fails)
			case c.fails == "" && err != nil:
				t.Fatal(err)
			}
			w.meet()
			if c.fails != "" {
				w.must(nil, plan.Options{Destroy: []string{"vscode-fastapi"}})
			}
			if diff := cmp.Diff(empty, w.dump()); diff != "" {
				t.Errorf("something is left (-before +after):\n%s", diff)
			}
		})
	}
}

// TestExistingFederatedCredentialCountsAsCreated, and is changed to the declared properties.
func TestExistingFederatedCredentialCountsAsCreated(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faults.Rule{
		"the answer is lost":     {Method: "POST", Path: "/v1.0/applications/*/federatedIdentityCredentials", Status: 504, Done: true, Next: 1},
		"the connection is lost": {Method: "POST", Path: "/v1.0/applications/*/federatedIdentityCredentials", Drop: true, Done: true, Next: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, emulatortest.WithFaults(rule))
			w.patience = time.Minute
			w.must(load(t, "testdata/credentials"), plan.Options{})
		})
	}
	w := newWorld(t)
	stacks := func(subject string) []*stack.Stack {
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A",
			FederatedCredentials: []stack.FederatedCredential{{Name: "main", Issuer: "https://issuer.example", Subject: subject}}}}}}
	}
	bare := stacks("one")
	bare[0].Applications[0].FederatedCredentials = nil
	w.must(bare, plan.Options{})
	w.wire.before(http.MethodPost, "/federatedIdentityCredentials", func() { // another process creates the credential first
		id := w.state(bare).Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ID)
		if err := w.write(graph.AddFederatedCredential(id, graph.Object{"name": "main", "issuer": "https://issuer.example", "subject": "two",
			"audiences": []any{"api://AzureADTokenExchange"}})); err != nil {
			t.Error(err)
		}
	})
	w.must(stacks("one"), plan.Options{})
}

// TestPurgeOfMissingObjectEndsImmediately: somebody else has purged the object, or the answer to
// the purge was lost. The purge only waits for an object that is not in the recycle bin yet.
func TestPurgeOfMissingObjectEndsImmediately(t *testing.T) {
	t.Parallel()
	for name, lag := range map[string]time.Duration{"where writes are visible immediately": 0, "where they are not": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			empty := w.dump()
			w.must(load(t, "../manifests/vscode-fastapi"), plan.Options{})
			w.patience, w.lag = 10*time.Minute, lag
			w.meet(faults.Rule{Method: "DELETE", Path: "/v1.0/directory/deletedItems/*", Status: 404, Code: "Request_ResourceNotFound", Done: true})
			ended := make(chan error, 1)
			go func() {
				_, err := w.apply(nil, plan.Options{Destroy: []string{"vscode-fastapi"}})
				ended <- err
			}()
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(time.Minute):
				t.Fatal("the destroy still waits after a minute")
			}
			if diff := cmp.Diff(empty, w.dump()); diff != "" {
				t.Errorf("something is left (-before +after):\n%s", diff)
			}
		})
	}
}
