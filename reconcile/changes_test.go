package reconcile_test

import (
	"strings"
	"testing"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// TestEveryKindChanges: for each kind that can change, a change in the manifest changes the
// tenant.
func TestEveryKindChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := everyKind(w.tenant.Domain)
	w.must(stacks, plan.Options{})
	text := "changed here"
	s := stacks[0]
	for name, change := range map[string]func(){
		"user":                 func() { s.Users[0].JobTitle = &text },
		"group":                func() { s.Groups[0].Description = &text },
		"application":          func() { s.Applications[0].DisplayName = text },
		"servicePrincipal":     func() { s.Applications[0].ServicePrincipal.Notes = &text },
		"grant":                func() { s.Applications[1].Permissions[0].Scopes = []string{"Read", "Write"} },
		"federated credential": func() { s.Applications[1].FederatedCredentials[0].Subject = text },
		"member":               func() { s.Groups[0].Members = []stack.Member{{User: "bo"}} },
		"assignment":           func() { s.Applications[0].RoleAssignments[0].Users = []string{"bo"} },
		"owner":                func() { s.Groups[0].Owners = []string{"ada"} },
	} {
		if name == "grant" {
			s.Applications[0].API.OAuth2PermissionScopes = append(s.Applications[0].API.OAuth2PermissionScopes, stack.Scope{Value: "Write"})
			w.must(stacks, plan.Options{})
		}
		before := w.dump()
		change()
		if done := w.must(stacks, plan.Options{}); done.Writes == 0 {
			t.Errorf("%s: nothing was written", name)
		}
		if w.dump() == before {
			t.Errorf("%s: nothing has changed", name)
		}
	}
}

// TestExistingApplicationsAreDistinguished: an application gets a grant for each of two existing APIs,
// which a manifest names by appId.
func TestExistingApplicationsAreDistinguished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for _, name := range []string{"First", "Second"} {
		made, err := w.create(graph.UpsertApplication("to-be-nameless-"+strings.ToLower(name), graph.Object{"displayName": name, "api": graph.Object{
			"oauth2PermissionScopes": []any{graph.Object{"id": stack.ScopeID("x."+name, name), "value": name, "isEnabled": true, "type": "Admin",
				"adminConsentDisplayName": name, "adminConsentDescription": name}}}}), graph.Read{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.upsertServicePrincipal(made.AppID, graph.Object{}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.AppID)
	}
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{
		{Name: "first", Existing: true, AppID: ids[0]}, {Name: "second", Existing: true, AppID: ids[1]},
		{Name: "client", DisplayName: "Client", Permissions: []stack.Permission{
			{Resource: "first", Scopes: []string{"First"}, AdminConsent: true}, {Resource: "second", Scopes: []string{"Second"}, AdminConsent: true}}}}}}
	w.must(stacks, plan.Options{})
	if n := strings.Count(w.dump(), `"consentType": "AllPrincipals"`); n < 2 {
		t.Errorf("the client has %d grants, want one for each API", n)
	}
}
