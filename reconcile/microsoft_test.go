package reconcile_test

import (
	"errors"
	"strings"
	"testing"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

const (
	management = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	keyVault   = "CFA8B339-82a2-471a-a3c9-0fc0be7a4093"
	sharePoint = "00000003-0000-0ff1-ce00-000000000000"
	powerBI    = "00000009-0000-0000-c000-000000000000"
	teams      = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
)

// TestMicrosoftsClientsKeepTheirAppID pre-authorizes clients for which the tenant has no service
// principal; one of them is unknown to provision.
func TestMicrosoftsClientsKeepTheirAppID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.dump()
	const other = "6F2C1A70-5d3b-4e0c-9a57-1c2d3e4f5a6b"
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "API",
		API: stack.API{
			OAuth2PermissionScopes: []stack.Scope{{Value: "read"}},
			PreAuthorizedApplications: []stack.PreAuthorizedApplication{
				{Application: teams, Scopes: []string{"read"}}, {Application: other, Scopes: []string{"read"}}},
			KnownClientApplications: []string{teams, other},
		}}}}}
	note := "names the client " + strings.ToLower(other)
	if p := w.plan(stacks, plan.Options{}); !strings.Contains(strings.Join(p.Notes, "\n"), note) || strings.Contains(strings.Join(p.Notes, "\n"), teams) {
		t.Errorf("notes %q, want one about the client that nobody knows", p.Notes)
	}
	w.must(stacks, plan.Options{})
	if p := w.plan(stacks, plan.Options{}); len(p.Notes) > 0 {
		t.Errorf("after the apply: notes %q", p.Notes)
	}
	if n := strings.Count(w.dump(), strings.ToLower(other)); n != 2 {
		t.Errorf("the client's appId stands %d times in the tenant, want 2", n)
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
	if w.dump() != before {
		t.Errorf("after the destroy the tenant is not as before:\n%s", w.dump())
	}
}

// TestMicrosoftsResourcesAreAdded requests permissions of resources for which the tenant has no
// service principal: apply creates the service principals, and destroy keeps them.
func TestMicrosoftsResourcesAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "web", DisplayName: "Web", Permissions: []stack.Permission{
		{Resource: management, Scopes: []string{"user_impersonation"}},
		{Resource: keyVault, Scopes: []string{"user_impersonation"}, AdminConsent: true},
		{Resource: sharePoint, Scopes: []string{"AllSites.Read"}, Roles: []string{"Sites.Selected"}, AdminConsent: true},
		{Resource: powerBI, Scopes: []string{"Report.Read.All"}, Roles: []string{"Tenant.Read.All"}, AdminConsent: true},
		{Resource: "Microsoft Graph", Scopes: []string{"User.Read"}},
	}}}}
	p := w.plan([]*stack.Stack{s}, plan.Options{})
	if len(p.Notes) != 4 || !strings.Contains(strings.Join(p.Notes, "\n"), "Azure Key Vault") {
		t.Errorf("notes %q, want one for each of four service principals", p.Notes)
	}
	for _, step := range p.Steps {
		if step.Kind == plan.ServicePrincipal && step.Stack == "" && step.Display == "" {
			t.Errorf("%s has no name for people", step.Key)
		}
	}
	w.must([]*stack.Stack{s}, plan.Options{})
	w.must(nil, plan.Options{Destroy: []string{"s"}})
	for _, name := range []string{"Windows Azure Service Management API", "Azure Key Vault", "Office 365 SharePoint Online", "Power BI Service"} {
		if !strings.Contains(w.dump(), name) {
			t.Errorf("after the destroy the tenant has no %s", name)
		}
	}
	// An existing application can be an application of Microsoft that the tenant does not have
	// yet.
	w.must([]*stack.Stack{{Name: "s", Applications: []*stack.Application{
		{Name: "cli", Existing: true, AppID: "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
			Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"read"}, AdminConsent: true}}},
		{Name: "api", DisplayName: "API", API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}}}},
	}}}, plan.Options{})
}

// TestUnresolvedReferenceFailsBeforeFirstWrite: each stack is refused with a hint, and the tenant
// does not change.
func TestUnresolvedReferenceFailsBeforeFirstWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, _, err := w.upsertApplication("bare", graph.Object{"displayName": "Bare"}); err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	asks := func(p stack.Permission) *stack.Application {
		return &stack.Application{Name: "web", DisplayName: "Web", Permissions: []stack.Permission{p}}
	}
	api := stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}}}
	for what, test := range map[string]struct {
		app        *stack.Application
		want, hint string
	}{
		"an unknown resource": {asks(stack.Permission{Resource: "6f2c1a70-5d3b-4e0c-9a57-1c2d3e4f5a6b", Scopes: []string{"x"}}),
			"neither in these manifests nor in the tenant", "az ad sp create --id 6f2c1a70-5d3b-4e0c-9a57-1c2d3e4f5a6b"},
		"a misspelt scope of a resource to be added": {asks(stack.Permission{Resource: management, Scopes: []string{"user_impersonate"}}),
			`has no delegated permission "user_impersonate"`, "did you mean user_impersonation?"},
		"an application permission under scopes": {asks(stack.Permission{Resource: sharePoint, Scopes: []string{"Sites.FullControl.All"}}),
			`has no delegated permission "Sites.FullControl.All"`, "it is an application permission: move it to roles"},
		"a delegated permission under roles": {asks(stack.Permission{Resource: "Microsoft Graph", Roles: []string{"User.Read"}}),
			`has no application permission "User.Read"`, "it is a delegated permission: move it to scopes"},
		"a pre-authorized client of a stack that does not exist": {&stack.Application{Name: "web", DisplayName: "Web", API: stack.API{
			OAuth2PermissionScopes:    api.OAuth2PermissionScopes,
			PreAuthorizedApplications: []stack.PreAuthorizedApplication{{Application: "other/client", Scopes: []string{"read"}}}}},
			`names the client "other/client"`, "apply the stack that declares it first"},
		"a known client of a stack that does not exist": {&stack.Application{Name: "web", DisplayName: "Web", API: stack.API{
			KnownClientApplications: []string{"other/client"}}},
			`names the client "other/client"`, "apply the stack that declares it first"},
		"an existing application without a service principal": {&stack.Application{Name: "web", DisplayName: "Web",
			AppRoles:        []stack.AppRole{{Value: "Job", DisplayName: "Job", AllowedMemberTypes: []string{"Application"}}},
			RoleAssignments: []stack.RoleAssignment{{Role: "Job", Applications: []string{"bare"}}}},
			"whose service principal the tenant does not have", "create it in the tenant first"},
	} {
		bare := &stack.Application{Name: "bare", Existing: true, UniqueName: "bare"}
		_, err := w.apply([]*stack.Stack{{Name: "s", Applications: []*stack.Application{test.app, bare}}}, plan.Options{})
		var problems stack.Mistakes
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(problems[0].Message, test.want) || !strings.Contains(problems[0].Hint, test.hint) {
			t.Errorf("%s: %v, want a problem %q with the hint %q", what, err, test.want, test.hint)
		}
		if err != nil && strings.Contains(err.Error(), "${") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.dump() != before {
		t.Error("something was written")
	}
}
