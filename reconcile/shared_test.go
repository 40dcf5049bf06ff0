package reconcile_test

import (
	"testing"

	"provision/plan"
	"provision/stack"
)

// TestAScopeAndARoleOfOneIDChangeTogether: Entra requires that the two are equal at any time, so
// one request disables or changes both.
func TestAScopeAndARoleOfOneIDChangeTogether(t *testing.T) {
	t.Parallel()
	const id = "2f6c9c1e-53a4-4e58-9a8e-2f0f5fb1c0de"
	api := func(scope, role, text string) []*stack.Stack {
		a := &stack.Application{Name: "api", DisplayName: "API"}
		client := &stack.Application{Name: "client", DisplayName: "Client"}
		if scope != "" {
			a.API.OAuth2PermissionScopes = []stack.Scope{{ID: id, Value: scope, Type: "Admin", AdminConsentDisplayName: text, AdminConsentDescription: text}}
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{scope}}}
			client.Permissions = append(client.Permissions, stack.Permission{Resource: "api", Scopes: []string{scope}, AdminConsent: true})
		}
		if role != "" {
			a.AppRoles = []stack.AppRole{{ID: id, Value: role, DisplayName: text, Description: text, AllowedMemberTypes: []string{"Application"}}}
			client.Permissions = append(client.Permissions, stack.Permission{Resource: "api", Roles: []string{role}, AdminConsent: true})
		}
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{a, client}}}
	}
	states := map[string][]*stack.Stack{
		"both":         api("Records.Read", "Records.Read", "Read records"),
		"other text":   api("Records.Read", "Records.Read", "Read all records"),
		"other value":  api("Records.List", "Records.List", "Read records"),
		"scope alone":  api("Records.Read", "", "Read records"),
		"role alone":   api("", "Records.Read", "Read records"),
		"neither":      api("", "", ""),
		"role renamed": api("", "Records.List", "List records"),
	}
	for from, before := range states {
		for to, after := range states {
			if from == to {
				continue
			}
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.must(before, plan.Options{})
				w.must(after, plan.Options{})
			})
		}
	}
}
