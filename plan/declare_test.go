package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// external returns the service principal of an application of another tenant.
func external(appID, kind string, scopes ...string) *Live {
	entries := []any{}
	for _, value := range scopes {
		entries = append(entries, obj{"id": "id-" + value, "value": value})
	}
	return &Live{Object: Object{Key: Key{Application, appID}, Display: "External", Properties: obj{"servicePrincipalType": kind, "api": obj{"oauth2PermissionScopes": entries},
		"appRoles": []any{obj{"id": "id-Do", "value": "Do"}, obj{"id": "id-empty", "value": ""}}}}, AppID: appID, ServicePrincipalID: "sp-" + appID}
}

// TestReferences: the names by which a manifest can refer to an application, and the object that
// each name selects.
func TestReferences(t *testing.T) {
	t.Parallel()
	const appID = "11111111-1111-4111-8111-111111111111"
	for name, c := range map[string]struct {
		resource string
		live     []*Live
		want     Key    // the resource whose permission is requested
		mistake  string // instead of want
	}{
		"one of the stack":                   {"other", nil, Key{Application, "s.other"}, ""},
		"one of another stack":               {"t/other", registered2("t", "other", "read"), Key{Application, "t.other"}, ""},
		"an application that does not exist": {"t/other", nil, Key{}, `a.yaml:1:1: application api asks for permissions of "t/other", which is neither in these manifests nor in the tenant` + "\n  hint: apply the stack that declares it first, or name the resource by its appId"},
		"an appId":                           {appID, []*Live{external(appID, "Application", "read")}, Key{Application, appID}, ""},
		"an appId in capitals":               {strings.ToUpper("aaaaaaaa-1111-4111-8111-111111111111"), []*Live{external("aaaaaaaa-1111-4111-8111-111111111111", "Application", "read")}, Key{Application, "aaaaaaaa-1111-4111-8111-111111111111"}, ""},
		"an appId that does not exist":       {appID, nil, Key{}, `a.yaml:1:1: application api asks for permissions of "` + appID + `", which is neither in these manifests nor in the tenant` + "\n  hint: correct the appId, or create its service principal in this tenant: `az ad sp create --id " + appID + "`"},
		"the appId of a registered one": {"other-appid-0000", nil, Key{}, `a.yaml:1:1: application api asks for permissions of "other-appid-0000", which is neither in these manifests nor in the tenant` +
			"\n  hint: apply the stack that declares it first, or name the resource by its appId"},
		"Microsoft Graph": {"Microsoft Graph", []*Live{external(stack.MicrosoftGraphAppID, "Application", "read")}, Key{Application, stack.MicrosoftGraphAppID}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := &stack.Application{Name: "api", DisplayName: "A", Pos: stack.Position{File: "a.yaml", Line: 1, Column: 1},
				Permissions: []stack.Permission{{Resource: c.resource, Scopes: []string{"read"}, AdminConsent: true}}}
			other := &stack.Application{Name: "other", DisplayName: "O", API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}}}}
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{api, other}}}, has(c.live...), Options{})
			if c.mistake != "" {
				if err == nil || err.Error() != c.mistake {
					t.Fatalf("%v, want\n%s", err, c.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range p.Steps {
				if s.Kind == Grant {
					if s.Refs.Resource.Key != c.want {
						t.Errorf("consent is for %s, want %s", s.Refs.Resource.Key, c.want)
					}
					return
				}
			}
			t.Error("nothing is consented to")
		})
	}
}

// registered2 returns an application of a stack with scopes.
func registered2(owner, name string, scopes ...string) []*Live {
	live := external(name+"-appid", "Application", scopes...)
	live.Key, live.Stack, live.ID = Key{Application, owner + "." + name}, owner, name+"-id"
	return []*Live{live}
}

// TestARegisteredApplicationIsNamedByItsAppID: a name and an appId can refer to the same
// application.
func TestARegisteredApplicationIsNamedByItsAppID(t *testing.T) {
	t.Parallel()
	const appID = "22222222-1111-4111-8111-111111111111"
	live := registered2("t", "other", "read")
	live[0].AppID = appID
	d, err := declare([]*stack.Stack{{Name: "s"}}, has(live...))
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{appID: "t.other", strings.ToUpper(appID): "t.other", "33333333-1111-4111-8111-111111111111": "33333333-1111-4111-8111-111111111111", "x": "s.x", "t/x": "t.x"} {
		if got := d.applicationKey(d.stacks["s"], ref); got != (Key{Application, want}) {
			t.Errorf("%s is %s, want %s", ref, got, want)
		}
	}
}

// TestAFederatedCredentialOfAManagedIdentity: its subject must be the object id of a managed
// identity.
func TestAFederatedCredentialOfAManagedIdentity(t *testing.T) {
	t.Parallel()
	const appID = "11111111-1111-4111-8111-111111111111"
	for kind, want := range map[string]string{"ManagedIdentity": "", "Application": "a.yaml:3:1: federated credential ci of application api: worker is not a managed identity\n  hint: set issuer and subject of the trusted tokens"} {
		state := has(external(appID, kind))
		state.Existing[Key{Application, "s.worker"}] = Key{Application, appID}
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{
			{Name: "api", DisplayName: "A", FederatedCredentials: []stack.FederatedCredential{{Name: "ci", Pos: stack.Position{File: "a.yaml", Line: 3, Column: 1}, Issuer: "https://issuer.example", ManagedIdentity: "worker"}}},
			{Name: "worker", Existing: true, DisplayName: "W"},
		}}}, state, Options{})
		if want != "" {
			if err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", kind, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range p.Steps {
			if s.Kind == Federated {
				found = s.Bodies[0]["subject"] == "sp-"+appID
			}
		}
		if !found {
			t.Errorf("the subject is not that of the managed identity: %v", sent(t, p))
		}
	}
}

// TestMistakesThatTheTenantShows: each error has a hint.
func TestMistakesThatTheTenantShows(t *testing.T) {
	t.Parallel()
	at := stack.Position{File: "a.yaml", Line: 1, Column: 1}
	app := func(change func(*stack.Application)) *stack.Stack {
		a := &stack.Application{Name: "api", DisplayName: "A", Pos: at, AppRoles: []stack.AppRole{{Value: "Admin", DisplayName: "A", AllowedMemberTypes: []string{"User"}}},
			API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}}}}
		change(a)
		return &stack.Stack{Name: "s", Applications: []*stack.Application{a}, Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}}}
	}
	ada := func(owner string) *Live {
		return &Live{Object: Object{Key: Key{User, "ada@x.example"}, Stack: owner, Properties: obj{"accountEnabled": true}}, ID: "1"}
	}
	group := func(types ...any) *Live {
		return &Live{Object: Object{Key: Key{Group, "provision.s.g"}, Stack: "s", Properties: obj{"groupTypes": types}}, ID: "1"}
	}
	for name, c := range map[string]struct {
		stack *stack.Stack
		live  []*Live
		want  string
	}{
		"a role that does not exist": {app(func(a *stack.Application) {
			a.RoleAssignments = []stack.RoleAssignment{{Role: "Admn", Users: []string{"ada"}}}
		}), nil, "a.yaml:1:1: application api has no role \"Admn\"\n  hint: did you mean Admin?"},
		"a scope among the roles": {app(func(a *stack.Application) {
			a.Permissions = []stack.Permission{{Resource: "api", Roles: []string{"read"}}}
		}), nil, "a.yaml:1:1: application api: api has no application permission \"read\"\n  hint: it is a delegated permission: move it to scopes"},
		"a role among the scopes": {app(func(a *stack.Application) {
			a.Permissions = []stack.Permission{{Resource: "api", Scopes: []string{"Admin"}}}
		}), nil, "a.yaml:1:1: application api: api has no delegated permission \"Admin\"\n  hint: it is an application permission: move it to roles"},
		"a client that does not exist": {app(func(a *stack.Application) { a.API.KnownClientApplications = []string{"t/page"} }), nil,
			"a.yaml:1:1: application api names the client \"t/page\", which is neither in these manifests nor in the tenant\n  hint: apply the stack that declares it first, or name the client by its appId"},
		"a user of another stack": {&stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada", Pos: at, UserPrincipalName: "Ada@x.example"}}}, []*Live{ada("t")},
			"a.yaml:1:1: user Ada@x.example already exists in the tenant and belongs to stack t\n  hint: add `existing: true` to refer to the user without managing them"},
		"a user of no stack": {&stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada", Pos: at, UserPrincipalName: "ada@x.example"}}}, []*Live{ada("")},
			"a.yaml:1:1: user ada@x.example already exists in the tenant and belongs to no stack\n  hint: add `existing: true` to refer to the user without managing them"},
		"a user of a domain that is not the tenant's": {&stack.Stack{Name: "s", Users: []*stack.User{{Name: "ann", Pos: at, UserPrincipalName: "ann@example.com"}}}, []*Live{ada("")},
			"a.yaml:1:1: user ann@example.com: example.com is not a verified domain of the tenant (x.example, Other.example)\n  hint: write the user name with the tenant's domain: userPrincipalName: \"ann@${tenant.domain}\""},
		"a group that becomes a Microsoft 365 group": {&stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "g", Pos: at, GroupTypes: []string{"Unified"}}}}, []*Live{group()},
			"a.yaml:1:1: group g: Graph cannot change a group into or from a Microsoft 365 group\n  hint: give the group another metadata.name, or delete it first"},
		"a Microsoft 365 group that ceases to be one": {&stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "g", Pos: at}}}, []*Live{group("Unified")},
			"a.yaml:1:1: group g: Graph cannot change a group into or from a Microsoft 365 group\n  hint: give the group another metadata.name, or delete it first"},
		"a member that nobody makes": {&stack.Stack{Name: "s", Groups: []*stack.Group{{Name: "g", Pos: at, Members: []stack.Member{{Group: "x"}}}}}, nil,
			"a.yaml:1:1: member group provision.s.x in provision.s.g needs group provision.s.x, whose object the tenant does not have\n  hint: create it in the tenant first, or remove the reference to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := has(c.live...)
			state.Domains = []string{"x.example", "Other.example"}
			_, err := Diff([]*stack.Stack{c.stack}, state, Options{})
			if err == nil {
				t.Fatalf("no error, want\n%s", c.want)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDomainsOfUsers: a user of any verified domain can be created, and an unknown list of domains refuses nobody.
func TestDomainsOfUsers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		upn     string
		domains []string
		user    stack.User
		live    []*Live
	}{
		"the default domain":        {upn: "ann@x.example", domains: []string{"x.example"}},
		"another one, in capitals":  {upn: "ann@OTHER.example", domains: []string{"x.example", "other.Example"}},
		"domains are not known":     {upn: "ann@example.com"},
		"a user who exists already": {upn: "ann@example.com", domains: []string{"x.example"}, live: []*Live{{Object: Object{Key: Key{User, "ann@example.com"}, Stack: "s", Properties: obj{}}, ID: "1"}}},
		"existing: true":            {upn: "ann@example.com", domains: []string{"x.example"}, user: stack.User{Existing: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := has(c.live...)
			state.Domains = c.domains
			c.user.Name, c.user.UserPrincipalName = "ann", c.upn
			if _, err := Diff([]*stack.Stack{{Name: "s", Users: []*stack.User{&c.user}}}, state, Options{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestGroups: the requests that create and change each type of group.
func TestGroups(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	live := func(properties obj) *Live {
		return &Live{Object: Object{Key: Key{Group, "provision.s.g"}, Stack: "s", Properties: properties}, ID: "1"}
	}
	for name, c := range map[string]struct {
		group *stack.Group
		live  *Live
		want  []string
	}{
		"a security group": {&stack.Group{Name: "g"}, nil,
			[]string{`create group provision.s.g {"displayName":"g","groupTypes":[],"mailEnabled":false,"mailNickname":"s-g","securityEnabled":true}`}},
		"a Microsoft 365 group": {&stack.Group{Name: "g", DisplayName: "Team", GroupTypes: []string{"Unified"}, MailNickname: "team", Visibility: text("Private")}, nil,
			[]string{`create group provision.s.g {"displayName":"Team","groupTypes":["Unified"],"mailEnabled":true,"mailNickname":"team","securityEnabled":false,"visibility":"Private"}`}},
		"a dynamic group": {&stack.Group{Name: "g", MembershipRule: text("user.city -eq \"X\"")}, nil,
			[]string{`create group provision.s.g {"displayName":"g","groupTypes":["DynamicMembership"],"mailEnabled":false,"mailNickname":"s-g","membershipRule":"user.city -eq \"X\"","membershipRuleProcessingState":"On","securityEnabled":true}`}},
		"a dynamic group that rests": {&stack.Group{Name: "g", MembershipRule: text("r"), RuleProcessing: text("Paused")}, nil,
			[]string{`create group provision.s.g {"displayName":"g","groupTypes":["DynamicMembership"],"mailEnabled":false,"mailNickname":"s-g","membershipRule":"r","membershipRuleProcessingState":"Paused","securityEnabled":true}`}},
		"nothing to change": {&stack.Group{Name: "g", Description: text("d")}, live(obj{"displayName": "g", "description": "d", "groupTypes": []any{}, "mailNickname": "other"}), nil},
		"another name":      {&stack.Group{Name: "g", DisplayName: "h"}, live(obj{"displayName": "g", "groupTypes": []any{}}), []string{`update group provision.s.g {"displayName":"h"}`}},
		"members that cease to be computed": {&stack.Group{Name: "g"}, live(obj{"displayName": "g", "groupTypes": []any{"DynamicMembership"}, "membershipRule": "r", "membershipRuleProcessingState": "On"}),
			[]string{`update group provision.s.g {"groupTypes":[],"membershipRuleProcessingState":"Paused"}`}},
		"members that begin to be computed": {&stack.Group{Name: "g", MembershipRule: text("r")}, live(obj{"displayName": "g", "groupTypes": []any{}}),
			[]string{`update group provision.s.g {"groupTypes":["DynamicMembership"],"membershipRule":"r","membershipRuleProcessingState":"On"}`}},
		"what others own": {&stack.Group{Name: "g", DisplayName: "h", Protection: stack.Protection{Ignore: []string{"displayName"}}}, live(obj{"displayName": "g", "groupTypes": []any{}}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := has()
			if c.live != nil {
				state = has(c.live)
			}
			p, err := Diff([]*stack.Stack{{Name: "s", Groups: []*stack.Group{c.group}}}, state, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
