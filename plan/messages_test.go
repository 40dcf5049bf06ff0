package plan

import (
	"reflect"
	"strings"
	"testing"

	"provision/stack"
)

// TestMessages: the text of every kind of message about a plan.
func TestMessages(t *testing.T) {
	t.Parallel()
	app, sp, group, user := Key{Application, "s.api"}, Key{ServicePrincipal, "s.api"}, Key{Group, "provision.s.team"}, Key{User, "ada@contoso.com"}
	owner := Foreign{Resource: app, Stack: "s", Kind: Owner, Name: "user eve@contoso.com", ID: "1"}
	secret := Foreign{Resource: app, Stack: "s", Kind: Secret, Name: "key", ID: "2"}
	for got, want := range map[string]string{
		owner.String():  "owner user eve@contoso.com",
		secret.String(): `secret "key"`,
		Foreign{Resource: sp, Kind: Certificate, Name: "cert"}.String(): `certificate "cert"`,
		Foreign{Resource: app, Kind: Federated, Name: "ci"}.String():    `federated credential "ci"`,
		owner.note(): "application s.api has an owner that no manifest names: user eve@contoso.com; remove them, or name them in `owners` or in the stack's `deployers`",
		Foreign{Resource: sp, Stack: "s", Kind: Owner, Name: "x"}.note(): "service principal of s.api has an owner that no manifest names: x; remove them, or name them in `owners` or in the stack's `deployers`",
		secret.note(): "application s.api has a secret \"key\" that no manifest names; to remove it, set `prune: credentials` in the stack's spec",
		Foreign{Resource: Key{Application, "theirs"}, Kind: Federated, Name: "ci"}.note(): `application theirs has a federated credential "ci" that no manifest names`,

		Distrusted{{To: app, Display: "Orders API", Gets: []string{"grant a", "assignment b"}, Foreign: []Foreign{owner, secret}}}.Error(): "application Orders API would get grant a, assignment b, but it has an owner or credential that no manifest names: owner user eve@contoso.com, secret \"key\"",
		Distrusted{{To: group, Gets: []string{"assignment b"}, Foreign: []Foreign{owner}}, {To: app, Gets: []string{"grant a"}, Foreign: []Foreign{secret}}}.Error(): "group provision.s.team would get assignment b, but it has an owner or credential that no manifest names: owner user eve@contoso.com; " +
			"application s.api would get grant a, but it has an owner or credential that no manifest names: secret \"key\"",

		LacksPermissions{"A.All", "B.All"}.Error():                                 "the caller lacks Microsoft Graph permissions that this plan needs: A.All, B.All",
		(&TooManyDeletes{5, 9}).Error():                                            "the plan deletes 5 of the 9 users, groups and applications that the stacks own",
		Prevented{app, user}.Error():                                               "the plan deletes what `prevent: [delete]` protects: application s.api, user ada@contoso.com",
		(&Refused{"s.api", []string{"t.web", "u"}}).Error():                        "application s.api is still used by t.web, u",
		Ambiguous{app, pathTo("api.oauth2PermissionScopes").entry("read")}.Error(): "in the tenant, application s.api has api.oauth2PermissionScopes[read] more than once, therefore changes cannot be planned",

		Step{Action: Create, Key: app, Display: "Orders API"}.Title():    "create application Orders API",
		Step{Action: Delete, Key: user}.Title():                          "delete user ada@contoso.com",
		Step{Action: Replace, Key: SecretKey(app, "key")}.Title():        "replace secret s.api key",
		Step{Action: Purge, Key: group, Display: "Team"}.Title():         "purge group Team",
		Cost{Writes: 1, Requests: 1}.String():                            "apply sends about 1 write in 1 request",
		Cost{Writes: 40, Requests: 3}.String():                           "apply sends about 40 writes in 3 requests",
		Cost{Writes: 6000, Requests: 300, AtLeast: 150e9 + 4e8}.String(): "apply sends about 6000 writes in 300 requests, which takes at least 2m30s by the write quota of Microsoft Graph",

		nearest("Reed", []string{"Read", "Write"}): "did you mean Read?",
		nearest("x", nil):                          "it has none",
		nearest("xyz", []string{"Read", "Write"}):  "it has Read, Write",
		nearest("xyz", make([]string, 13)):         "it has 13 others",
		nearest("xyz", make([]string, 12)):         "it has " + strings.Repeat(", ", 11),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestKeys: the key of a relation contains both of its ends, so that two relations never have the
// same key.
func TestKeys(t *testing.T) {
	t.Parallel()
	api, web, sp := Key{Application, "s.api"}, Key{Application, "s.web"}, Key{ServicePrincipal, "s.api"}
	ada, team := Key{User, "ada@contoso.com"}, Key{Group, "provision.s.team"}
	seen := map[Key]string{}
	for _, c := range []struct {
		key  Key
		want string
	}{
		{api, "application s.api"},
		{sp, "servicePrincipal s.api"},
		{ada, "user ada@contoso.com"},
		{MemberKey(team, ada), "member user ada@contoso.com in provision.s.team"},
		{MemberKey(team, Key{Group, "provision.s.inner"}), "member group provision.s.inner in provision.s.team"},
		{AssignmentKey(api, "Reader", ada), "assignment s.api Reader to user ada@contoso.com"},
		{AssignmentKey(api, "Writer", ada), "assignment s.api Writer to user ada@contoso.com"},
		{AssignmentKey(api, "", ada), "assignment s.api default access to user ada@contoso.com"},
		{AssignmentKey(api, "Reader", web), "assignment s.api Reader to application s.web"},
		{AssignmentKey(web, "Reader", ada), "assignment s.web Reader to user ada@contoso.com"},
		{GrantKey(web, api), "grant s.api to s.web"},
		{GrantKey(api, web), "grant s.web to s.api"},
		{SecretKey(api, "key"), "secret s.api key"},
		{FederatedKey(api, "key"), "federatedCredential s.api key"},
		{OwnerKey(api, ada), "owner user ada@contoso.com of s.api"},
		{OwnerKey(sp, ada), "owner user ada@contoso.com of servicePrincipal s.api"},
		{OwnerKey(api, web), "owner application s.web of s.api"},
		{OwnerKey(team, ada), "owner user ada@contoso.com of provision.s.team"},
		{TerraformKey("s", "hosting"), "terraform s/hosting"},
	} {
		if got := c.key.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		if other := seen[c.key]; other != "" {
			t.Errorf("%s and %s are one key", other, c.want)
		}
		seen[c.key] = c.want
	}
	if len(Kinds()) != len(kinds) || Kinds()[0] != User {
		t.Errorf("the kinds are %v", Kinds())
	}
}

// TestLacking: a wider permission includes the narrower ones; a narrower permission does not
// include a wider one.
func TestLacking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ need, held, lacks string }{
		{"Application.ReadWrite.OwnedBy", "Application.ReadWrite.OwnedBy", ""},
		{"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", ""},
		{"Application.ReadWrite.OwnedBy", "Directory.ReadWrite.All", ""},
		{"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"},
		{"Application.Read.All", "Directory.Read.All", ""},
		{"Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.Read.All"},
		{"User.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"},
		{"User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All", ""},
		{"GroupMember.Read.All", "Group.Read.All", ""},
		{"GroupMember.ReadWrite.All", "Group.Read.All", "GroupMember.ReadWrite.All"},
		{"DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", ""},
		{"AppRoleAssignment.ReadWrite.All", "Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"},
		{"AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All", ""},
		{"User.DeleteRestore.All", "User.ReadWrite.All", "User.DeleteRestore.All"},
	} {
		got := ""
		if lacking := Lacking([]string{c.need}, []string{"openid", c.held}); len(lacking) > 0 {
			got = lacking[0]
		}
		if got != c.lacks {
			t.Errorf("%s for %s lacks %q, want %q", c.held, c.need, got, c.lacks)
		}
	}
	for name, c := range map[string]struct {
		step Step
		want string
	}{
		"an application of the stack":       {Step{Action: Create, Key: Key{Application, "a"}, Stack: "s"}, "Application.ReadWrite.OwnedBy"},
		"an application that is adopted":    {Step{Action: Adopt, Key: Key{Application, "a"}, Stack: "s"}, "Application.ReadWrite.All"},
		"a service principal of the stack":  {Step{Action: Create, Key: Key{ServicePrincipal, "a"}, Stack: "s"}, "Application.ReadWrite.OwnedBy"},
		"a service principal of nobody":     {Step{Action: Create, Key: Key{ServicePrincipal, "a"}}, "Application.ReadWrite.All"},
		"a service principal in a customer": {Step{Action: Create, Key: Key{ServicePrincipal, "a"}, Stack: "s", Customer: true}, "Application.ReadWrite.All"},
		"an owner of an application":        {Step{Action: Create, Key: Key{Owner, "o"}, Stack: "s", Refs: Refs{Resource: Ref{Key: Key{Application, "a"}}}}, "Application.ReadWrite.OwnedBy"},
		"an owner of a group":               {Step{Action: Create, Key: Key{Owner, "o"}, Stack: "s", Refs: Refs{Resource: Ref{Key: Key{Group, "g"}}}}, "Group.ReadWrite.All"},
		"a password":                        {Step{Action: Replace, Key: Key{Password, "u"}, Stack: "s"}, "User-PasswordProfile.ReadWrite.All"},
		"the purge of a user":               {Step{Action: Purge, Key: Key{User, "u"}, Stack: "s", FollowsDelete: true}, "User.DeleteRestore.All"},
		"hosting":                           {Step{Action: Create, Key: Key{Terraform, "s/h"}, Stack: "s"}, ""},
	} {
		if got := c.step.Permission(); got != c.want {
			t.Errorf("%s takes %s, want %s", name, got, c.want)
		}
	}
}

// TestCommon: the entries that a list keeps until the plan has removed the control of others.
func TestCommon(t *testing.T) {
	t.Parallel()
	client := func(appID string, scopes ...any) any { return obj{"appId": appID, "delegatedPermissionIds": scopes} }
	for name, c := range map[string]struct{ live, want, both []any }{
		"nothing":                   {nil, nil, []any{}},
		"text":                      {[]any{"a", "b"}, []any{"b", "c"}, []any{"b"}},
		"a client":                  {[]any{client("1", "a")}, []any{client("1", "a")}, []any{client("1", "a")}},
		"a client with more scopes": {[]any{client("1", "a")}, []any{client("1", "a", "b")}, []any{client("1", "a")}},
		"a client with fewer":       {[]any{client("1", "a", "b")}, []any{client("1", "b")}, []any{client("1", "b")}},
		"a client with others":      {[]any{client("1", "a")}, []any{client("1", "b")}, []any{}},
		"another client":            {[]any{client("1", "a")}, []any{client("2", "a")}, []any{}},
		"text beside clients":       {[]any{"1", client("1", "a")}, []any{client("1", "a")}, []any{client("1", "a")}},
	} {
		if got, want := common(c.live, c.want), c.both; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestOwnersOfAStack: an owner is a user of the stack, a user by name or an application.
func TestOwnersOfAStack(t *testing.T) {
	t.Parallel()
	s := &stack.Stack{Name: "s",
		Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@${tenant.domain}"}},
		Applications: []*stack.Application{
			{Name: "api", DisplayName: "API", Owners: []string{"ada", "Bo@contoso.com", "web", "t/ci"}},
			{Name: "web", DisplayName: "Web"},
		},
		Groups: []*stack.Group{{Name: "team", DisplayName: "Team", Owners: []string{"ada"}}}}
	ci := registered2("t", "ci")[0]
	bo := &Live{Object: Object{Key: Key{User, "bo@contoso.com"}, Properties: obj{}}, ID: "bo-id"}
	p, err := Diff([]*stack.Stack{s}, has(ci, bo), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Ref{}
	for _, step := range p.Steps {
		if step.Kind == Owner && step.Action == Create {
			got[step.Name] = step.Refs.Principal
		}
	}
	want := map[string]Ref{
		"user ada@x.example of s.api":            {Key: Key{User, "ada@x.example"}, Property: ID},
		"user bo@contoso.com of s.api":           {Key: Key{User, "bo@contoso.com"}, Property: ID, ID: "bo-id"},
		"application s.web of s.api":             {Key: Key{Application, "s.web"}, Property: ServicePrincipalID},
		"application t.ci of s.api":              {Key: Key{Application, "t.ci"}, Property: ServicePrincipalID, ID: ci.ServicePrincipalID},
		"user ada@x.example of provision.s.team": {Key: Key{User, "ada@x.example"}, Property: ID},
	}
	if len(got) != len(want) {
		t.Errorf("owners: %v", got)
	}
	for name, ref := range want {
		if got[name] != ref {
			t.Errorf("%s: %+v, want %+v", name, got[name], ref)
		}
	}
}

// TestInstances: an application of Microsoft that gets a role, or whose permissions are
// requested, gets a service principal if the tenant has none. No stack owns this service
// principal.
func TestInstances(t *testing.T) {
	t.Parallel()
	const known = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	for name, c := range map[string]struct {
		live    *Live
		creates bool
	}{
		"not in the tenant yet": {&Live{Object: Object{Key: Key{Application, known}, Display: "Azure Service Management", Properties: obj{}}, AppID: known}, true},
		"in the tenant":         {&Live{Object: Object{Key: Key{Application, known}, Display: "Azure Service Management", Properties: obj{}}, AppID: known, ServicePrincipalID: "sp"}, false},
	} {
		s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "API", AppRoles: []stack.AppRole{{Value: "Work", AllowedMemberTypes: []string{"Application"}}},
			RoleAssignments: []stack.RoleAssignment{{Role: "Work", Applications: []string{known}}}}}}
		p, err := Diff([]*stack.Stack{s}, has(c.live), Options{})
		if err != nil {
			t.Fatal(err)
		}
		creates := false
		for _, step := range p.Steps {
			if step.Key == (Key{ServicePrincipal, known}) {
				creates = true
				if step.Action != Create || step.Stack != "" {
					t.Errorf("%s: %+v", name, step)
				}
			}
		}
		if creates != c.creates {
			t.Errorf("%s: a service principal is created: %t", name, creates)
		}
	}
}

// TestStepsThatWaitForHosting: a step waits for Terraform if it needs an output; the hosting step
// does not wait for itself.
func TestStepsThatWaitForHosting(t *testing.T) {
	t.Parallel()
	hosting, other := TerraformKey("s", "web"), TerraformKey("s", "db")
	app := Key{Application, "s.api"}
	for name, c := range map[string]struct {
		step Step
		want bool
	}{
		"a redirect URI that it gives":      {Step{Action: Link, Key: app, Needs: []Key{hosting}}, true},
		"another application":               {Step{Action: Create, Key: app, Needs: []Key{{User, "u"}}}, false},
		"nothing":                           {Step{Action: Create, Key: app}, false},
		"hosting that needs a registration": {Step{Action: Create, Key: hosting, Needs: []Key{app}}, false},
		"hosting that needs other hosting":  {Step{Action: Create, Key: hosting, Needs: []Key{other}}, false},
		"one of several needs":              {Step{Action: Create, Key: app, Needs: []Key{{User, "u"}, other}}, true},
	} {
		if got := c.step.needsHosting(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
