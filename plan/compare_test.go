package plan_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

// principalOf is the service principal of an application, as it is to be.
func principalOf(name string) *plan.Object {
	return &plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: name}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}
}

func paths(p *plan.Plan) []string {
	var all []string
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			all = append(all, c.Path)
		}
	}
	return all
}

// TestEntriesAreToldApart: in each list by what makes an entry of it one.
func TestEntriesAreToldApart(t *testing.T) {
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

// TestEntriesThatCannotBeToldApartAreRefused: one of the two could change unseen.
func TestEntriesThatCannotBeToldApartAreRefused(t *testing.T) {
	t.Parallel()
	twice := func(entry map[string]any) []any { return []any{entry, entry} }
	for name, live := range map[string]map[string]any{
		"roles":             {"appRoles": twice(map[string]any{"id": "r", "value": "R"})},
		"roles of no value": {"appRoles": twice(map[string]any{"id": "r", "value": nil})},
		"scopes":            {"api": map[string]any{"oauth2PermissionScopes": twice(scope("read", "i"))}},
		"clients":           {"api": map[string]any{"preAuthorizedApplications": twice(map[string]any{"appId": "c"})}},
		"resources":         {"requiredResourceAccess": twice(map[string]any{"resourceAppId": "g"})},
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
