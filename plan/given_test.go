package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestGrantsToWhatOthersControl: a plan that grants a right to an existing application or group
// with another owner is refused. The error names the rights and the owner.
func TestGrantsToWhatOthersControl(t *testing.T) {
	t.Parallel()
	web, team, eve := Key{Application, "s.web"}, Key{Group, "provision.s.team"}, Key{User, "eve@x.example"}
	owns := func(k Key) *Live {
		return &Live{Object: Object{Key: OwnerKey(k, eve), Ends: Ends{k, eve}}, ID: "eve-id"}
	}
	theirs := Foreign{Resource: web, Kind: Owner, Name: "user eve@x.example (eve-id)", ID: "eve-id"}
	ofTeam := theirs
	ofTeam.Resource = team
	group := &Live{Object: Object{Key: team, Stack: "s", Properties: obj{"displayName": "team", "groupTypes": []any{}}}, ID: "team-id"}
	read, more := stack.Scope{Value: "read", ID: "1"}, stack.Scope{Value: "write", ID: "2"}
	entry := func(s stack.Scope) obj {
		return obj{"id": s.ID, "value": s.Value, "type": "User", "isEnabled": true, "adminConsentDisplayName": s.Value, "adminConsentDescription": s.Value}
	}
	api := func(clients ...any) []*Live {
		return registered("api", obj{"api": obj{"oauth2PermissionScopes": []any{entry(read), entry(more)}, "preAuthorizedApplications": clients},
			"appRoles": []any{obj{"id": "3", "value": "R", "displayName": "R", "description": "R", "isEnabled": true, "allowedMemberTypes": []any{"User", "Application"}}}})
	}
	for name, c := range map[string]struct {
		declare func(s *stack.Stack, api *stack.Application)
		live    []*Live
		want    Distrusted
		clients []Key // of the steps of the API
	}{
		"nothing": {func(*stack.Stack, *stack.Application) {}, api(), nil, nil},
		"a role for an application": {func(_ *stack.Stack, a *stack.Application) {
			a.RoleAssignments = []stack.RoleAssignment{{Role: "R", Applications: []string{"web"}}}
		}, api(), Distrusted{{To: web, Gets: []string{"assignment s.api R to application s.web"}, Foreign: []Foreign{theirs}}}, nil},
		"a role for a group": {func(_ *stack.Stack, a *stack.Application) {
			a.RoleAssignments = []stack.RoleAssignment{{Role: "R", Groups: []string{"team"}}}
		}, api(), Distrusted{{To: team, Gets: []string{"assignment s.api R to group provision.s.team"}, Foreign: []Foreign{ofTeam}}}, nil},
		"membership of an application": {func(s *stack.Stack, _ *stack.Application) {
			s.Groups[0].Members = []stack.Member{{Application: "web"}}
		}, api(), Distrusted{{To: web, Gets: []string{"member application s.web in provision.s.team"}, Foreign: []Foreign{theirs}}}, nil},
		"consent": {func(s *stack.Stack, _ *stack.Application) {
			s.Applications[1].Permissions = []stack.Permission{{Resource: "api", Scopes: []string{"read"}, AdminConsent: true}}
		}, api(), Distrusted{{To: web, Gets: []string{"grant s.api to s.web"}, Foreign: []Foreign{theirs}}}, nil},
		"a pre-authorization": {func(_ *stack.Stack, a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "web", Scopes: []string{"read"}}}
		}, api(), Distrusted{{To: web, Gets: []string{"pre-authorization for s.api"}, Foreign: []Foreign{theirs}}}, []Key{web}},
		"a pre-authorization for more scopes": {func(_ *stack.Stack, a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "web", Scopes: []string{"read", "write"}}}
		}, api(obj{"appId": "web-appid", "delegatedPermissionIds": []any{"1"}}), Distrusted{{To: web, Gets: []string{"pre-authorization for s.api"}, Foreign: []Foreign{theirs}}}, []Key{web}},
		"a pre-authorization that it has": {func(_ *stack.Stack, a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "web", Scopes: []string{"read"}}}
		}, api(obj{"appId": "web-appid", "delegatedPermissionIds": []any{"1"}}), nil, nil},
		"a pre-authorization that it loses": {func(*stack.Stack, *stack.Application) {}, api(obj{"appId": "web-appid", "delegatedPermissionIds": []any{"1"}}), nil, nil},
		"several": {func(_ *stack.Stack, a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "web", Scopes: []string{"read"}}}
			a.RoleAssignments = []stack.RoleAssignment{{Role: "R", Applications: []string{"web"}, Groups: []string{"team"}}}
		}, api(), Distrusted{
			{To: team, Gets: []string{"assignment s.api R to group provision.s.team"}, Foreign: []Foreign{ofTeam}},
			{To: web, Gets: []string{"pre-authorization for s.api", "assignment s.api R to application s.web"}, Foreign: []Foreign{theirs}}}, []Key{web}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", DisplayName: "api", API: stack.API{OAuth2PermissionScopes: []stack.Scope{read, more}},
				AppRoles: []stack.AppRole{{Value: "R", ID: "3", DisplayName: "R", AllowedMemberTypes: []string{"User", "Application"}}}}
			s := &stack.Stack{Name: "s", Applications: []*stack.Application{a, {Name: "web", DisplayName: "web"}}, Groups: []*stack.Group{{Name: "team"}}}
			c.declare(s, a)
			live := append(append(c.live, registered("web", nil)...), group, owns(web), owns(team))
			p, err := Diff([]*stack.Stack{s}, has(live...), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, p.Distrusted); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var clients []Key
			for _, step := range p.Steps {
				clients = append(clients, step.Clients...)
			}
			if diff := cmp.Diff(c.clients, clients); diff != "" {
				t.Errorf("clients (-want +got):\n%s", diff)
			}
			if allowed, err := Diff([]*stack.Stack{s}, has(live...), Options{AllowForeignOwners: true}); err != nil || len(allowed.Distrusted) > 0 || len(allowed.Foreign) != 2 {
				t.Errorf("with --allow-foreign-owners: %v, %v, %v", allowed.Distrusted, allowed.Foreign, err)
			}
		})
	}
}

// TestSecretsOfApplicationsOfNoStack: an application that manifests only refer to can have
// secrets and certificates that its creator knows.
func TestSecretsOfApplicationsOfNoStack(t *testing.T) {
	t.Parallel()
	theirs := Key{Application, "theirs"}
	live := &Live{Object: Object{Key: theirs, Display: "Theirs", Properties: obj{"appRoles": []any{obj{"id": "1", "value": "R"}},
		"passwordCredentials": []any{obj{"displayName": "key", "keyId": "k"}}, "keyCredentials": []any{obj{"keyId": "c", "usage": "Verify", "type": "AsymmetricX509Cert", "customKeyIdentifier": "AB"}}}}, ID: "i", AppID: "a", ServicePrincipalID: "sp"}
	state := has(live)
	state.Existing[Key{Application, "s.them"}] = theirs
	s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "them", Existing: true, RoleAssignments: []stack.RoleAssignment{{Role: "R", Applications: []string{"them"}}}}}}
	p, err := Diff([]*stack.Stack{s}, state, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Foreign{{Resource: theirs, Kind: Certificate, Name: "AB", ID: "c"}, {Resource: theirs, Kind: Secret, Name: "key", ID: "k"}}
	if diff := cmp.Diff(want, p.Foreign); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	notes := []string{`application theirs has a certificate "AB" that no manifest names`, `application theirs has a secret "key" that no manifest names`}
	if diff := cmp.Diff(notes, p.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if len(p.Distrusted) > 0 {
		t.Errorf("the application is not a stack's, so its credentials do not matter: %v", p.Distrusted)
	}
}
