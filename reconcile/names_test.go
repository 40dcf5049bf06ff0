package reconcile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// TestObjectWithUnknownNameIsUnmanaged: a user who may register applications can choose any
// uniqueName and any tag. Such an application must not determine the path of a file, stop an
// apply or replace an application of a stack.
func TestObjectWithUnknownNameIsUnmanaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := t.TempDir()
	w.keep = reconcile.Keep{Dir: filepath.Join(root, "project", ".provision", "local")}
	other := []*stack.Stack{{Name: "billing", Applications: []*stack.Application{{Name: "web", DisplayName: "Web", Secrets: []stack.Secret{{Name: "key"}}}}}}
	w.must(other, plan.Options{})
	outside := filepath.Join(root, "outside.x.json")
	if err := os.WriteFile(outside, []byte(`{"application": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"../../../outside", "*", "[", "orders", "orders.", ".", "orders.a.b", "orders.A", "orders.a b", "billing.web2", "orders.${application/x/id}", "orders.\u202egpj"}
	for _, name := range names {
		if _, _, err := w.upsertApplication(name, graph.Object{"displayName": "Forged", "tags": []any{stack.Mark("orders")}}); err != nil {
			t.Fatalf("register %q: %v", name, err)
		}
	}
	for _, name := range []string{"provision.orders", "provision.orders.*", "provision...x"} {
		if _, err := w.upsertGroup(name, graph.Object{"displayName": "Forged", "mailEnabled": false, "securityEnabled": true, "mailNickname": "forged"}); err != nil {
			t.Fatalf("make the group %q: %v", name, err)
		}
	}
	_, err := w.createUser(graph.Object{
		"userPrincipalName": "eve@" + w.tenant.Domain, "displayName": "Eve", "mailNickname": "eve", "accountEnabled": true,
		"onPremisesExtensionAttributes": graph.Object{"extensionAttribute15": stack.MarkPrefix + "../orders"},
		"passwordProfile":               graph.Object{"password": "correct-Horse-7-battery"}})
	if err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	ours := []*stack.Stack{{Name: "orders", Applications: []*stack.Application{{Name: "api", DisplayName: "API", Secrets: []stack.Secret{{Name: "key"}}}}}}
	w.must(ours, plan.Options{})
	notes := strings.Join(w.plan(ours, plan.Options{}).Notes, "\n")
	if n := strings.Count(notes, "unmanaged and not changed"); n != len(names)+4 {
		t.Errorf("%d objects are said to be unmanaged, want %d:\n%s", n, len(names)+4, notes)
	}
	if strings.ContainsRune(notes, '\u202e') {
		t.Error("a note holds a bidi control as it is")
	}
	w.must(nil, plan.Options{Destroy: []string{"orders"}})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("the stack's comings and goings changed something of others (-before +after):\n%s", diff)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside the folder is gone: %v", err)
	}
	if _, ok, err := w.keep.Secret(context.Background(), "billing.web", "key", stack.Sink{}); err != nil || !ok {
		t.Errorf("another stack's secret is gone: %v", err)
	}
}

// TestExistingNameIsNotAdopted: an object with a uniqueName of the stack and the mark of
// another stack.
func TestExistingNameIsNotAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, _, err := w.upsertApplication("orders.api", graph.Object{"displayName": "Theirs", "tags": []any{stack.Mark("billing")}}); err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	_, err := w.apply([]*stack.Stack{{Name: "orders", Applications: []*stack.Application{{Name: "api", DisplayName: "API"}}}}, plan.Options{})
	if err == nil || !strings.Contains(err.Error(), "does not have the tag") {
		t.Errorf("%v, want the application refused", err)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("it was changed (-before +after):\n%s", diff)
	}
}

// TestPasswordsAreWrittenOnce: an apply of many users does not rewrite the file of all passwords
// for each user, and a crash at any moment loses none.
func TestPasswordsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &stack.Stack{Name: "many"}
	for i := range 20 {
		name := fmt.Sprintf("user-%d", i)
		s.Users = append(s.Users, &stack.User{Name: name, UserPrincipalName: name + "@" + w.tenant.Domain})
	}
	file := filepath.Join(w.keep.Dir, "passwords.json")
	state := w.state([]*stack.Stack{s})
	p, err := plan.Diff([]*stack.Stack{s}, state, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	_, err = reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience, Progress: func(int, int, plan.Step) {
		if _, err := os.Stat(file); err == nil {
			t.Fatal("passwords.json is written before the end of the apply")
		}
		if kept, err := w.keep.Passwords(); err != nil || len(kept) != done {
			t.Fatalf("%d passwords are known, %v; want %d", len(kept), err, done)
		}
		done++
	}}.Apply(context.Background(), p, state)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	kept := map[string]string{}
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil || len(kept) != len(s.Users) {
		t.Errorf("passwords.json has %d passwords, %v; want %d", len(kept), err, len(s.Users))
	}
	w.settled([]*stack.Stack{s}, plan.Options{})
}

// TestTruncatedPasswordLineIsSkipped: the lines after it are read.
func TestTruncatedPasswordLineIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	journal := filepath.Join(w.keep.Dir, "passwords.jsonl")
	if err := os.WriteFile(journal, []byte("{\"userPrincipalName\":\"ada@x.example\",\"password\":\"one\"}\n{\"userPrincipalName\":\"bert"), 0o600); err != nil {
		t.Fatal(err)
	}
	stacks := []*stack.Stack{{Name: "people", Users: []*stack.User{{Name: "cleo", UserPrincipalName: "cleo@" + w.tenant.Domain}}}}
	w.must(stacks, plan.Options{})
	kept, err := w.keep.Passwords()
	if err != nil || kept["ada@x.example"] != "one" || kept["cleo@"+w.tenant.Domain] == "" || len(kept) != 2 {
		t.Errorf("kept %d passwords, %v; want those of ada and cleo", len(kept), err)
	}
	if _, err := os.Stat(journal); err == nil {
		t.Error("the journal is still there")
	}
}

// TestTheSecretsFolderIsReadOnce for all deletions of an apply: an entry that becomes unreadable
// after the first deletion causes no error.
func TestTheSecretsFolderIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &stack.Stack{Name: "many"}
	for i := range 5 {
		name := fmt.Sprintf("app-%d", i)
		s.Applications = append(s.Applications, &stack.Application{Name: name, DisplayName: name, Secrets: []stack.Secret{{Name: "key"}}})
	}
	w.must([]*stack.Stack{s}, plan.Options{})
	state, err := reconcile.Reader{Graph: w.graph, Keep: w.keep, Now: time.Now}.Read(context.Background(), nil, []string{"many"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"many"}})
	if err != nil {
		t.Fatal(err)
	}
	deleted := 0
	_, err = reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: w.patience, Progress: func(_, _ int, s plan.Step) {
		if s.Kind != plan.Application || s.Action != plan.Delete {
			return
		}
		if deleted++; deleted == 2 {
			if err := os.WriteFile(filepath.Join(w.keep.Dir, "secrets", "damaged.json"), []byte("{"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}}.Apply(context.Background(), p, state)
	if err != nil || deleted != 5 {
		t.Fatalf("%d deletions, %v; want five", deleted, err)
	}
	left, err := os.ReadDir(filepath.Join(w.keep.Dir, "secrets"))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v; want the damaged one alone", len(left), err)
	}
}
