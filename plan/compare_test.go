package plan_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

// principalOf returns the declared service principal of an application.
func principalOf(name string) *plan.Live {
	return &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: name}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}}
}

func paths(p *plan.Plan) []string {
	var all []string
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			all = append(all, c.Path.String())
		}
	}
	return all
}

// TestKeysOfEntries: the entries of each list are identified by their key.
func TestKeysOfEntries(t *testing.T) {
	t.Parallel()
	access := func(kinds ...string) map[string]any {
		entries := []any{}
		for _, kind := range kinds {
			entries = append(entries, map[string]any{"id": "i", "type": kind})
		}
		return map[string]any{"requiredResourceAccess": []any{map[string]any{"resourceAppId": "s.res-appid", "resourceAccess": entries}}}
	}
	claim := func(source, name string) map[string]any {
		c := map[string]any{"name": name}
		if source != "" {
			c["source"] = source
		}
		return c
	}
	source := "user"
	for name, c := range map[string]struct {
		live map[string]any
		want func(*stack.Application)
		path []string
	}{
		"a scope goes, the role of its id stays": {access("Scope", "Role"),
			func(a *stack.Application) {
				a.Permissions = []stack.Permission{{Resource: "res", Roles: []string{"Read"}}}
			},
			[]string{"requiredResourceAccess[s.res-appid].resourceAccess[Scope/i]"}},
		"a role goes, the scope of its id stays": {access("Scope", "Role"),
			func(a *stack.Application) {
				a.Permissions = []stack.Permission{{Resource: "res", Scopes: []string{"Read"}}}
			},
			[]string{"requiredResourceAccess[s.res-appid].resourceAccess[Role/i]"}},
		"both stay": {access("Role", "Scope"),
			func(a *stack.Application) {
				a.Permissions = []stack.Permission{{Resource: "res", Scopes: []string{"Read"}, Roles: []string{"Read"}}}
			},
			nil},
		"an optional claim of an extension, beside another of its name": {
			map[string]any{"optionalClaims": map[string]any{"idToken": []any{claim("user", "level"), claim("", "level")}}},
			func(a *stack.Application) {
				a.OptionalClaims = &stack.OptionalClaims{IDToken: []stack.OptionalClaim{{Name: "level", Source: &source}}}
			},
			[]string{"optionalClaims.idToken[level]"}},
		"a name that looks like another's member": {
			map[string]any{"web": map[string]any{"redirectUris": []any{"https://a.example", "https://a.example].x[y]"}}},
			func(*stack.Application) {},
			[]string{"web.redirectUris[https://a.example]", "web.redirectUris[https://a.example].x[y]]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource := &stack.Application{Name: "res", DisplayName: "R",
				API:      stack.API{OAuth2PermissionScopes: []stack.Scope{{ID: "i", Value: "Read"}}},
				AppRoles: []stack.AppRole{{ID: "i", Value: "Read", DisplayName: "Read", AllowedMemberTypes: []string{"Application"}}}}
			a := &stack.Application{Name: "api", DisplayName: "API"}
			c.want(a)
			c.live["displayName"] = "API"
			res := app("s.res", map[string]any{"displayName": "R", "api": map[string]any{"oauth2PermissionScopes": []any{scope("Read", "i")}},
				"appRoles": []any{map[string]any{"id": "i", "value": "Read", "displayName": "Read", "description": "Read", "isEnabled": true, "allowedMemberTypes": []any{"Application"}}}})
			p, err := plan.Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{resource, a}}},
				tenant(res, principalOf("s.res"), app("s.api", c.live), principalOf("s.api")), plan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.path, paths(p)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEntriesWithEqualKeysAreRefused, because a change of one of them would not be
// noticed.
func TestEntriesWithEqualKeysAreRefused(t *testing.T) {
	t.Parallel()
	twice := func(entry map[string]any) []any { return []any{entry, entry} }
	for name, live := range map[string]map[string]any{
		"roles":             {"appRoles": twice(map[string]any{"id": "r", "value": "R"})},
		"roles of no value": {"appRoles": twice(map[string]any{"id": "r", "value": nil})},
		"scopes":            {"api": map[string]any{"oauth2PermissionScopes": twice(scope("read", "i"))}},
		"clients":           {"api": map[string]any{"preAuthorizedApplications": twice(map[string]any{"appId": "c"})}},
		"resources":         {"requiredResourceAccess": twice(map[string]any{"resourceAppId": "g"})},
		"redirect URIs":     {"web": map[string]any{"redirectUris": []any{"https://a.example", "https://a.example"}}},
		"identifier URIs":   {"identifierUris": []any{"api://a", "api://a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live["displayName"] = "API"
			s := api()
			s.Applications[0].IdentifierURIs = nil
			_, err := plan.Diff([]*stack.Stack{s}, tenant(app("s.api", live), principalOf("s.api")), plan.Options{})
			var refused plan.Ambiguous
			if !errors.As(err, &refused) || refused.Name != "s.api" {
				t.Errorf("%v, want the application refused", err)
			}
		})
	}
}

// TestEntriesDeclaredTwiceAreMistakes: without the check, the second of two entries with one key
// would replace the first without a message.
func TestEntriesDeclaredTwiceAreMistakes(t *testing.T) {
	t.Parallel()
	at := stack.Position{File: "a.yaml", Line: 2, Column: 1}
	for name, c := range map[string]struct {
		declare func(*stack.Stack, *stack.Application)
		want    string
	}{
		"a redirect URI": {func(_ *stack.Stack, a *stack.Application) {
			a.SPA.RedirectURIs = []string{"https://a.example", "https://a.example"}
		},
			"a.yaml:2:1: application s.api has spa.redirectUris[https://a.example] more than once\n  hint: remove all but one of them"},
		"a role": {func(_ *stack.Stack, a *stack.Application) {
			a.AppRoles = []stack.AppRole{{Value: "R", DisplayName: "a"}, {Value: "R", DisplayName: "b"}}
		}, "a.yaml:2:1: application s.api has appRoles[R] more than once\n  hint: remove all but one of them"},
		"a scope": {func(_ *stack.Stack, a *stack.Application) {
			a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read"}, {Value: "read", Type: "Admin"}}
		}, "a.yaml:2:1: application s.api has api.oauth2PermissionScopes[read] more than once\n  hint: remove all but one of them"},
		"a secret": {func(_ *stack.Stack, a *stack.Application) {
			a.Secrets = []stack.Secret{{Name: "key"}, {Name: "key", Lifetime: "1h"}}
		},
			"a.yaml:2:1: secret s.api key is declared more than once\n  hint: rename or remove one of them"},
		"a federated credential": {func(_ *stack.Stack, a *stack.Application) {
			a.FederatedCredentials = []stack.FederatedCredential{{Name: "ci", Subject: "a"}, {Name: "ci", Subject: "b"}}
		}, "a.yaml:2:1: federatedCredential s.api ci is declared more than once\n  hint: rename or remove one of them"},
		"an application": {func(s *stack.Stack, _ *stack.Application) {
			s.Applications = append(s.Applications, &stack.Application{Name: "api", Pos: at, DisplayName: "other"})
		}, "a.yaml:2:1: application s.api is declared more than once\n  hint: rename or remove one of them\n" +
			"a.yaml:2:1: servicePrincipal s.api is declared more than once\n  hint: rename or remove one of them"},
		"a user": {func(s *stack.Stack, _ *stack.Application) {
			s.Users = []*stack.User{{Name: "a", Pos: at, UserPrincipalName: "ada@x.example"}, {Name: "b", Pos: at, UserPrincipalName: "Ada@x.example"}}
		}, "a.yaml:2:1: user ada@x.example is declared more than once\n  hint: rename or remove one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", Pos: at, DisplayName: "API"}
			s := &stack.Stack{Name: "s", Applications: []*stack.Application{a}}
			c.declare(s, a)
			_, err := plan.Diff([]*stack.Stack{s}, tenant(), plan.Options{})
			var mistakes stack.Mistakes
			if !errors.As(err, &mistakes) || err.Error() != c.want {
				t.Errorf("%v, want\n%s", err, c.want)
			}
		})
	}
}

// TestARelationStatedTwiceIsOne: two assignments give a user the same role, and a
// group names a member twice.
func TestARelationStatedTwiceIsOne(t *testing.T) {
	t.Parallel()
	s := &stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}},
		Groups: []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}, {User: "ada"}}}},
		Applications: []*stack.Application{{Name: "api", DisplayName: "API", AppRoles: []stack.AppRole{{Value: "R", DisplayName: "R"}},
			RoleAssignments: []stack.RoleAssignment{{Role: "R", Users: []string{"ada"}}, {Role: "R", Users: []string{"ada"}, Groups: []string{"g"}}}}}}
	p, err := plan.Diff([]*stack.Stack{s}, tenant(), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"create user ada@x.example", "create group provision.s.g", "create application s.api", "create servicePrincipal s.api",
		"create member user ada@x.example in provision.s.g",
		"create assignment s.api R to group provision.s.g", "create assignment s.api R to user ada@x.example"}
	if diff := cmp.Diff(want, steps(p)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
