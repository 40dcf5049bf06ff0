package reconcile_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/emulator/faults"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// everyKind returns a stack with an object of each kind.
func everyKind(domain string) []*stack.Stack {
	return []*stack.Stack{{Name: "s",
		Users:  []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + domain}, {Name: "bo", UserPrincipalName: "bo@" + domain}},
		Groups: []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}}, Owners: []string{"bo"}}},
		Applications: []*stack.Application{
			{Name: "api", DisplayName: "API", IdentifierURIs: []string{"api://${appId}"},
				API:             stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "Read"}}},
				AppRoles:        []stack.AppRole{{Value: "Admin", DisplayName: "Admin", AllowedMemberTypes: []string{"User"}}},
				RoleAssignments: []stack.RoleAssignment{{Role: "Admin", Users: []string{"ada"}}}},
			{Name: "client", DisplayName: "Client", Owners: []string{"bo"},
				Permissions:          []stack.Permission{{Resource: "api", Scopes: []string{"Read"}, AdminConsent: true}},
				Secrets:              []stack.Secret{{Name: "key"}},
				FederatedCredentials: []stack.FederatedCredential{{Name: "ci", Issuer: "https://issuer.example", Subject: "ci"}}},
		}}}
}

// TestRefusedStepStopsDependentSteps: for each kind of write, the error reports the refusal once,
// dependent steps are not sent, all others are executed, and the next apply continues.
func TestRefusedStepStopsDependentSteps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		step         string   // the step that fails
		skipped      []string // the steps that depend on it
	}{
		"a user": {"POST", "/v1.0/users", "create user ada@", []string{"create member user ada@DOMAIN in provision.s.g", "create assignment s.api Admin to user ada@DOMAIN"}},
		"a group": {"PATCH", "/v1.0/groups*", "create group provision.s.g", []string{
			"create owner user bo@DOMAIN of provision.s.g", "create member user ada@DOMAIN in provision.s.g"}},
		"an application": {"PATCH", "/v1.0/applications(uniqueName='s.client')", "create application s.client", []string{
			"create servicePrincipal s.client", "create owner user bo@DOMAIN of s.client", "create secret s.client key",
			"create federatedCredential s.client ci", "create grant s.api to s.client"}},
		"a service principal":    {"PATCH", "/v1.0/servicePrincipals*", "create servicePrincipal s.api", []string{"create assignment s.api Admin to user ada@DOMAIN", "create grant s.api to s.client"}},
		"a link":                 {"PATCH", "/v1.0/applications/*", "link application s.api", nil},
		"a member":               {"POST", "/v1.0/groups/*/members/$ref", "create member user ada@", nil},
		"an owner":               {"POST", "/v1.0/groups/*/owners/$ref", "create owner user bo@", nil},
		"an assignment":          {"POST", "/v1.0/servicePrincipals/*/appRoleAssignedTo", "create assignment s.api Admin to user ada@", nil},
		"a grant":                {"POST", "/v1.0/oauth2PermissionGrants", "create grant s.api to s.client", nil},
		"a secret":               {"POST", "/v1.0/applications/*/addPassword", "create secret s.client key", nil},
		"a federated credential": {"POST", "/v1.0/applications/*/federatedIdentityCredentials", "create federatedCredential s.client ci", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			stacks := everyKind(w.tenant.Domain)
			next := 0
			if name == "a user" || name == "a service principal" {
				next = 1 // the other one is created
			}
			w.meet(faults.Rule{Method: c.method, Path: c.path, Status: http.StatusBadRequest, Code: "Request_BadRequest", Message: "Refused here.", Next: next})
			_, err := w.apply(stacks, plan.Options{})
			var rest *reconcile.Incomplete
			if !errors.As(err, &rest) || len(rest.Failed) != 1 {
				t.Fatalf("%v, want one failed step", err)
			}
			if message := rest.Failed[0].Error(); !strings.HasPrefix(message, c.step) || !strings.HasSuffix(message, ": Graph answered 400 Request_BadRequest: Refused here.") ||
				strings.Count(message, "create ") > 1 {
				t.Errorf("the error is %q, want %s and what Graph said, once", message, c.step)
			}
			var skipped []string
			for _, s := range rest.Skipped {
				skipped = append(skipped, string(s.Action)+" "+strings.ReplaceAll(s.Key.String(), w.tenant.Domain, "DOMAIN"))
			}
			slices.Sort(skipped)
			slices.Sort(c.skipped)
			if !slices.Equal(skipped, c.skipped) {
				t.Errorf("skipped %q, want %q", skipped, c.skipped)
			}
			if len(rest.Left) > 0 {
				t.Errorf("%v were not reached", rest.Left)
			}
			w.meet()
			w.must(stacks, plan.Options{})
		})
	}
}

// TestInterruptWaitsForWritesInProgress: apply waits for the answers to writes in progress, so
// that no secret is lost, and starts no other writes.
func TestInterruptWaitsForWritesInProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := everyKind(w.tenant.Domain)
	ctx, interrupt := context.WithCancel(t.Context())
	state, err := w.reader().Read(ctx, w.placed(stacks), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Diff(w.placed(stacks), state, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.wire.before(http.MethodPost, "/addPassword", interrupt)
	_, err = w.applier().Apply(ctx, p, state)
	var rest *reconcile.Incomplete
	if !errors.As(err, &rest) || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want an incomplete apply that was interrupted", err)
	}
	made := func(k plan.Key) bool {
		return slices.ContainsFunc(rest.Done, func(s plan.Step) bool { return s.Key == k && s.Action == plan.Create })
	}
	client := plan.Key{Kind: plan.Application, Name: "s.client"}
	if !made(plan.SecretKey(client, "key")) || len(rest.Left) == 0 {
		t.Errorf("done %v, left %v; want the secret done and others left", rest.Done, rest.Left)
	}
	if _, ok, err := w.keep.Secret(t.Context(), "s.client", "key", stack.Sink{}); err != nil || !ok {
		t.Errorf("the secret whose request was under way is not kept: %v", err)
	}
	w.must(stacks, plan.Options{})
}

// TestMissingPermissionFailsBeforeFirstWrite.
func TestMissingPermissionFailsBeforeFirstWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := everyKind(w.tenant.Domain)
	w.graph = w.as("Application.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "Organization.Read.All")
	before := w.dump()
	_, err := w.apply(stacks, plan.Options{})
	var lacks plan.LacksPermissions
	if !errors.As(err, &lacks) || !slices.Equal(lacks, []string{"AppRoleAssignment.ReadWrite.All"}) {
		t.Errorf("%v, want the one permission that is missing", err)
	}
	if w.dump() != before {
		t.Error("something was written")
	}
}
