package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// createUnmanaged creates a user, a group and an application that no stack declares.
func createUnmanaged(w *world) (appID string) {
	w.t.Helper()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	_, err := w.createUser(graph.Object{
		"userPrincipalName": "bob@" + w.tenant.Domain, "displayName": "Bob", "mailNickname": "bob", "accountEnabled": true,
		"passwordProfile": graph.Object{"password": "correct-Horse-7-battery", "forceChangePasswordNextSignIn": false}})
	must(err)
	_, err = w.upsertGroup("their-group", graph.Object{
		"displayName": "Their Group", "mailEnabled": false, "securityEnabled": true, "mailNickname": "theirs"})
	must(err)
	_, appID, err = w.upsertApplication("their-app", graph.Object{"displayName": "Their App"})
	must(err)
	_, err = w.upsertServicePrincipal(appID, graph.Object{})
	must(err)
	return appID
}

func TestExistingObjectsAreReferredToAndNeverWritten(t *testing.T) {
	t.Parallel()
	for by, find := range map[string]func(a *stack.Application, appID string){
		"appId":       func(a *stack.Application, appID string) { a.AppID = appID },
		"uniqueName":  func(a *stack.Application, _ string) { a.UniqueName = "their-app" },
		"displayName": func(a *stack.Application, _ string) { a.DisplayName = "Their App" },
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			appID := createUnmanaged(w)
			before := w.dump()
			theirs := &stack.Application{Name: "theirs", Existing: true,
				Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"read"}, Roles: []string{"Robot"}, AdminConsent: true}}}
			find(theirs, appID)
			s := &stack.Stack{Name: "s",
				Users:  []*stack.User{{Name: "bob", Existing: true, UserPrincipalName: "bob@${tenant.domain}"}},
				Groups: []*stack.Group{{Name: "them", Existing: true, DisplayName: "Their Group"}, {Name: "ours", Members: []stack.Member{{User: "bob"}, {Group: "them"}, {Application: "theirs"}}}},
				Applications: []*stack.Application{theirs, {Name: "api", DisplayName: "API",
					API: stack.API{
						OAuth2PermissionScopes:    []stack.Scope{{Value: "read"}},
						PreAuthorizedApplications: []stack.PreAuthorizedApplication{{Application: "theirs", Scopes: []string{"read"}}}},
					AppRoles: []stack.AppRole{
						{Value: "Admin", DisplayName: "Admin", AllowedMemberTypes: []string{"User"}},
						{Value: "Robot", DisplayName: "Robot", AllowedMemberTypes: []string{"Application"}}},
					RoleAssignments: []stack.RoleAssignment{{Role: "Admin", Users: []string{"bob"}, Groups: []string{"them"}}}}}}
			stacks := []*stack.Stack{s}
			w.must(stacks, plan.Options{})
			with := w.dump()
			for _, name := range []string{"bob@", "their-group", "their-app"} {
				if strings.Count(with, name) <= strings.Count(before, name) {
					t.Errorf("nothing refers to %s", name)
				}
			}
			// Consent to an unmanaged client belongs to the resource's stack, and is
			// removed with the manifest entry.
			theirs.Permissions = nil
			p := w.plan(stacks, plan.Options{})
			if diff := cmp.Diff(2, len(p.Steps)); diff != "" {
				t.Errorf("without the permissions the plan has %v", p.Steps)
			}
			w.must(stacks, plan.Options{})
			w.must(nil, plan.Options{Destroy: []string{"s"}})
			if diff := cmp.Diff(before, w.dump()); diff != "" {
				t.Errorf("after the destroy what others made differs (-before +after):\n%s", diff)
			}
		})
	}
}

func TestUnknownObjectsAreReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createUnmanaged(w)
	for what, s := range map[string]*stack.Stack{
		"user":        {Users: []*stack.User{{Name: "eve", Existing: true, UserPrincipalName: "eve@x.example"}}},
		"group":       {Groups: []*stack.Group{{Name: "g", Existing: true, DisplayName: "No Such Group"}}},
		"application": {Applications: []*stack.Application{{Name: "a", Existing: true, DisplayName: "No Such App"}}},
	} {
		s.Name = "s"
		_, err := w.apply([]*stack.Stack{s}, plan.Options{})
		if !errors.As(err, new(stack.Mistakes)) {
			t.Errorf("%s: %v, want a mistake", what, err)
		}
	}
	// An existing user is not adopted.
	_, err := w.apply([]*stack.Stack{{Name: "s", Users: []*stack.User{{Name: "bob", UserPrincipalName: "Bob@" + w.tenant.Domain}}}}, plan.Options{})
	if !errors.As(err, new(stack.Mistakes)) || !strings.Contains(err.Error(), "existing: true") {
		t.Errorf("a user who is there already: %v, want a problem that suggests `existing: true`", err)
	}
}

func TestASecretWhoseTextIsLostIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A", Secrets: []stack.Secret{{Name: "one"}}}}}}
	w.must(stacks, plan.Options{})
	first, ok, err := w.keep.Secret(context.Background(), "s.a", "one", stack.Sink{})
	if err != nil || !ok {
		t.Fatalf("no secret was kept: %v", err)
	}
	w.keep = reconcile.Keep{Dir: t.TempDir(), AllowOutside: true}
	p := w.plan(stacks, plan.Options{})
	if len(p.Steps) != 1 || p.Steps[0].Action != plan.Replace || p.Steps[0].Reason != "the sink does not contain its value" {
		t.Fatalf("steps %v, want the secret replaced", p.Steps)
	}
	warning := w.keep.Dir + "/secrets contains no record of a secret, for example because the folder was deleted, an apply was killed, or another machine applied the stacks: " +
		"apply replaces and revokes secrets that may be in use: s.a one; to keep them, restore the folder, or run apply on the machine that has it"
	if !slices.Equal(p.Warnings, []string{warning}) {
		t.Errorf("warnings %q, want %q", p.Warnings, warning)
	}
	w.must(stacks, plan.Options{})
	second, ok, err := w.keep.Secret(context.Background(), "s.a", "one", stack.Sink{})
	if err != nil || !ok || second.KeyID == first.KeyID || second.SecretText == first.SecretText {
		t.Fatalf("the second secret is %v, %v; want another one", ok, err)
	}
	if n := strings.Count(w.dump(), `"one"`); n != 1 {
		t.Errorf("the tenant has %d secrets of the name, want the old one gone", n)
	}
}

// TestASecretOfARestoredApplication: a plan shows before the restoration that the secret is replaced
// after it, if its value is not stored any more.
func TestASecretOfARestoredApplication(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"its value is not stored": false, "its value is stored": true} {
		w := newWorld(t)
		stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A", Secrets: []stack.Secret{{Name: "one"}}}}}}
		w.must(stacks, plan.Options{})
		id := w.state(stacks).Objects[plan.Key{Kind: plan.Application, Name: "s.a"}].ID
		if kept { // somebody else deletes it
			if err := w.write(graph.DeleteApplication(id)); err != nil {
				t.Fatal(err)
			}
		} else {
			w.must([]*stack.Stack{{Name: "s"}}, plan.Options{KeepDeleted: true})
		}
		p := w.plan(stacks, plan.Options{KeepDeleted: true})
		note := "secret s.a one: its value was not kept when the application was deleted, so apply replaces it after the restoration"
		if !p.Restores() || slices.Contains(p.Notes, note) == kept {
			t.Errorf("%s: steps %v, notes %q", name, p.Steps, p.Notes)
		}
		if _, err := w.apply(stacks, plan.Options{KeepDeleted: true}); err != nil {
			t.Fatal(err)
		}
		if p := w.plan(stacks, plan.Options{KeepDeleted: true}); p.Empty() != kept {
			t.Errorf("%s: after the restoration the steps are %v", name, p.Steps)
		}
	}
}
