package plan_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/plan"
	"provision/stack"
)

// a tenant that contains the given objects
func tenant(objects ...*plan.Live) *plan.State {
	s := &plan.State{Tenant: plan.Tenant{ID: "t", Domain: "x.example"},
		Objects: map[plan.Key]*plan.Live{}, Existing: map[plan.Key]plan.Key{}}
	for _, o := range objects {
		s.Objects[o.Key] = o
	}
	return s
}

func app(name string, properties map[string]any) *plan.Live {
	owner, _, _ := strings.Cut(name, ".")
	properties["tags"] = []any{stack.Mark(owner), "somebody's"}
	return &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: name}, Stack: owner, Properties: properties},
		ID: name + "-id", AppID: name + "-appid", ServicePrincipalID: name + "-sp"}
}

func scope(value, id string) map[string]any {
	return map[string]any{"id": id, "value": value, "type": "User", "isEnabled": true,
		"adminConsentDisplayName": value, "adminConsentDescription": value}
}

func steps(p *plan.Plan) []string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, string(s.Action)+" "+s.Key.String())
	}
	return all
}

func api(scopes ...string) *stack.Stack {
	a := &stack.Application{Name: "api", DisplayName: "API", IdentifierURIs: []string{"api://${appId}"}}
	for _, value := range scopes {
		a.API.OAuth2PermissionScopes = append(a.API.OAuth2PermissionScopes, stack.Scope{Value: value})
	}
	return &stack.Stack{Name: "s", Applications: []*stack.Application{a}}
}

func TestCreateSetsWhatNeedsAnIDInASecondStep(t *testing.T) {
	t.Parallel()
	s := api("read")
	s.Applications[0].API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"read"}}}
	s.Applications = append(s.Applications, &stack.Application{Name: "client", DisplayName: "C",
		Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"read"}, AdminConsent: true}}})
	p, err := plan.Diff([]*stack.Stack{s}, tenant(), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"create application s.api", "create application s.client",
		"create servicePrincipal s.api", "create servicePrincipal s.client",
		"link application s.api",
		"create grant s.api to s.client",
	}
	if diff := cmp.Diff(want, steps(p)); diff != "" {
		t.Fatalf("steps (-want +got):\n%s", diff)
	}
	if left := plan.Unknowns(any(p.Steps[0].Bodies[0])); len(left) > 0 {
		t.Errorf("the api is created with %v, want nothing to wait for", left)
	}
	link := p.Steps[4]
	if got := plan.Unknowns(any(link.Bodies[0])); len(got) != 2 {
		t.Errorf("the link of the api holds %v, want its own appId and the client's", got)
	}
	if diff := cmp.Diff([]plan.Key{{Kind: plan.Application, Name: "s.client"}}, link.Needs); diff != "" {
		t.Errorf("the link of the api needs (-want +got):\n%s", diff)
	}
}

// Applications that refer to each other are created first and linked later.
func TestApplicationsThatReferToEachOtherAreLinked(t *testing.T) {
	t.Parallel()
	s := api("read")
	s.Applications[0].API.KnownClientApplications = []string{"client"}
	s.Applications = append(s.Applications, &stack.Application{Name: "client", DisplayName: "C",
		Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"read"}}}})
	p, err := plan.Diff([]*stack.Stack{s}, tenant(), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"create application s.api", "create application s.client",
		"create servicePrincipal s.api", "create servicePrincipal s.client",
		"link application s.api", "link application s.client",
	}
	if diff := cmp.Diff(want, steps(p)); diff != "" {
		t.Fatalf("steps (-want +got):\n%s", diff)
	}
	for _, step := range p.Steps[:4] {
		if left := plan.Unknowns(any(step.Bodies[0])); len(left) > 0 {
			t.Errorf("%s %s waits for %v, want a first step that waits for nothing", step.Action, step.Key, left)
		}
	}
}

func TestRemovedScopeIsDisabledBeforeDeletion(t *testing.T) {
	t.Parallel()
	read := stack.ScopeID("s.api", "read")
	live := app("s.api", map[string]any{
		"displayName": "API", "identifierUris": []any{"api://s.api-appid"}, "isFallbackPublicClient": nil,
		"api": map[string]any{
			"oauth2PermissionScopes":    []any{scope("read", read), scope("old", "old-id")},
			"preAuthorizedApplications": []any{map[string]any{"appId": "x", "delegatedPermissionIds": []any{"old-id"}}},
		},
	})
	p, err := plan.Diff([]*stack.Stack{api("read")}, tenant(live,
		&plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: "s.api"}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}}), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 1 || len(p.Steps[0].Bodies) < 3 {
		t.Fatalf("steps %v, want one of three requests", steps(p))
	}
	bodies := p.Steps[0].Bodies
	section := func(i int, property string) []any {
		l, _ := bodies[i]["api"].(map[string]any)[property].([]any)
		return l
	}
	if got := section(0, "preAuthorizedApplications"); got == nil || len(got) != 0 {
		t.Errorf("first request sends preAuthorizedApplications %v, want none left", got)
	}
	disabled := section(1, "oauth2PermissionScopes")
	if len(disabled) != 2 || disabled[0].(map[string]any)["isEnabled"] != true || disabled[1].(map[string]any)["isEnabled"] != false {
		t.Errorf("second request sends %v, want the old scope disabled and the other not", disabled)
	}
	if got := section(2, "oauth2PermissionScopes"); len(got) != 1 || got[0].(map[string]any)["value"] != "read" {
		t.Errorf("third request sends %v, want only read", got)
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	live := app("s.api", map[string]any{
		"displayName": "API", "identifierUris": []any{"api://s.api-appid"}, "isFallbackPublicClient": nil,
		"notes": "somebody's own, which the manifest does not state",
		"api":   map[string]any{"oauth2PermissionScopes": []any{scope("read", "an id of its own")}, "preAuthorizedApplications": []any{}},
		"web":   map[string]any{"redirectUris": []any{}, "implicitGrantSettings": map[string]any{"enableIdTokenIssuance": false}},
	})
	p, err := plan.Diff([]*stack.Stack{api("read")}, tenant(live,
		&plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: "s.api"}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}}), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Empty() {
		var b strings.Builder
		_ = p.Text(&b, false, true)
		t.Fatalf("plan:\n%s", b.String())
	}
}

func TestSignInPropertiesAreOwnedAsAWhole(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(properties map[string]any){
		"a redirect URI": func(p map[string]any) { p["web"] = map[string]any{"redirectUris": []any{"https://evil.example"}} },
		"a scope":        func(p map[string]any) { p["api"] = map[string]any{"oauth2PermissionScopes": []any{scope("more", "m")}} },
		"a role": func(p map[string]any) {
			p["appRoles"] = []any{map[string]any{"id": "r", "value": "R", "isEnabled": true}}
		},
		"an identifier URI": func(p map[string]any) { p["identifierUris"] = []any{"api://s.api-appid", "api://other"} },
		"implicit tokens": func(p map[string]any) {
			p["web"] = map[string]any{"implicitGrantSettings": map[string]any{"enableAccessTokenIssuance": true}}
		},
		"public client flows": func(p map[string]any) { p["isFallbackPublicClient"] = true },
		"a permission": func(p map[string]any) {
			p["requiredResourceAccess"] = []any{map[string]any{"resourceAppId": "g", "resourceAccess": []any{map[string]any{"id": "i", "type": "Role"}}}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			properties := map[string]any{"displayName": "API", "identifierUris": []any{"api://s.api-appid"}}
			change(properties)
			p, err := plan.Diff([]*stack.Stack{api()}, tenant(app("s.api", properties),
				&plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.ServicePrincipal, Name: "s.api"}, Stack: "s", Properties: map[string]any{"accountEnabled": true}}}), plan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"update application s.api"}, steps(p)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDestroyTakesRelationsWithTheirEnds(t *testing.T) {
	t.Parallel()
	key := func(k plan.Kind, name string) plan.Key { return plan.Key{Kind: k, Name: name} }
	ada, ops, other := key(plan.User, "ada@x.example"), key(plan.Group, "provision.s.ops"), key(plan.Application, "graph")
	objects := []*plan.Live{
		app("s.api", map[string]any{}),
		{Object: plan.Object{Key: key(plan.ServicePrincipal, "s.api"), Stack: "s", Properties: map[string]any{"accountEnabled": true}}},
		{Object: plan.Object{Key: ada, Stack: "s"}, ID: "ada-id"}, {Object: plan.Object{Key: ops, Stack: "s"}, ID: "ops-id"},
		{Object: plan.Object{Key: plan.MemberKey(ops, ada), Stack: "s", Ends: plan.Ends{Resource: ops, Principal: ada}}},
		{Object: plan.Object{Key: plan.AssignmentKey(other, "Read", key(plan.Application, "s.api")), Stack: "s", Ends: plan.Ends{Resource: other, Principal: key(plan.Application, "s.api")}}},
		app("t.api", map[string]any{}),
	}
	p, err := plan.Diff(nil, tenant(objects...), plan.Options{Destroy: []string{"s"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"delete user ada@x.example", "delete group provision.s.ops", "delete application s.api",
		"purge user ada@x.example", "purge group provision.s.ops", "purge application s.api",
	}
	if diff := cmp.Diff(want, steps(p)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"t"}, p.Orphans); diff != "" {
		t.Errorf("orphans (-want +got):\n%s", diff)
	}
}

func TestDestroyRefusesObjectsThatAnotherStackUses(t *testing.T) {
	t.Parallel()
	user := app("t.client", map[string]any{"requiredResourceAccess": []any{map[string]any{"resourceAppId": "s.api-appid"}}})
	state := tenant(app("s.api", map[string]any{}), user)
	_, err := plan.Diff(nil, state, plan.Options{Destroy: []string{"s"}})
	var refused *plan.Refused
	if !errors.As(err, &refused) || refused.Name != "s.api" || !strings.Contains(refused.By[0], "t.client") {
		t.Fatalf("err = %v, want a refusal that names t.client", err)
	}
	for what, o := range map[string]plan.Options{
		"with force":    {Destroy: []string{"s"}, Force: true},
		"both together": {Destroy: []string{"s", "t"}},
	} {
		if _, err := plan.Diff(nil, state, o); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestMistakesOfPermissionsHaveTheirPositions: a mistake that only the tenant shows points at the permission,
// also among several, and not at the document.
func TestMistakesOfPermissionsHaveTheirPositions(t *testing.T) {
	t.Parallel()
	graph := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: "00000003-0000-0000-c000-000000000000"}, Display: "Microsoft Graph",
		Properties: map[string]any{"api": map[string]any{"oauth2PermissionScopes": []any{scope("User.Read", "u")}}}}}
	for text, want := range map[string]string{
		"  permissions: [{resource: Microsoft Graph, scopes: [User.Read, User.Raed]}]\n":                                                "9:65",
		"  permissions:\n    - resource: Microsoft Graph\n      scopes:\n        - User.Read\n        - User.Raed\n":                    "13:11",
		"  permissions:\n    - {resource: Microsoft Graph, scopes: [User.Read]}\n    - resource: Microsoft Graph\n      roles: [A.B]\n": "12:15",
		"  permissions:\n    - scopes: [Read]\n      resource: 11111111-1111-4111-8111-111111111111\n":                                  "11:17",
	} {
		dir := t.TempDir()
		manifest := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\n---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: c}\nspec:\n" + text + "  displayName: C\n"
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		stacks, err := stack.Load(dir, stack.Stage{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = plan.Diff(stacks, tenant(graph), plan.Options{})
		if want = filepath.Join(dir, "a.yaml") + ":" + want + ": application c"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want it at %s", err, want)
		}
	}
}

func TestAPermissionThatTheTenantDoesNotHaveIsAProblem(t *testing.T) {
	t.Parallel()
	s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "c", DisplayName: "C",
		Pos:         stack.Position{File: "a.yaml", Line: 3, Column: 4},
		Permissions: []stack.Permission{{Resource: "Microsoft Graph", Scopes: []string{"User.Raed"}}}}}}
	graph := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: "00000003-0000-0000-c000-000000000000"}, Properties: map[string]any{"api": map[string]any{"oauth2PermissionScopes": []any{scope("User.Read", "u")}}}}}
	_, err := plan.Diff([]*stack.Stack{s}, tenant(graph), plan.Options{})
	if err == nil || err.Error() != "a.yaml:3:4: application c: Microsoft Graph has no delegated permission \"User.Raed\"\n  hint: did you mean User.Read?" {
		t.Fatalf("err = %v", err)
	}
}
