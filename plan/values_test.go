package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestUsers: the requests that create and change a user.
func TestUsers(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	no := false
	const mark = `"onPremisesExtensionAttributes":{"extensionAttribute15":"provision:stack=s"}`
	live := func(properties obj) *Live {
		return &Live{Object: Object{Key: Key{User, "ada@x.example"}, Stack: "s", Properties: properties}, ID: "1"}
	}
	for name, c := range map[string]struct {
		user stack.User
		live *Live
		want []string
	}{
		"a new user": {stack.User{Name: "ada", UserPrincipalName: "Ada@x.example"}, nil,
			[]string{`create user ada@x.example {"accountEnabled":true,"displayName":"ada","mailNickname":"Ada",` + mark + `,"userPrincipalName":"Ada@x.example"}`}},
		"in the tenant's domain": {stack.User{Name: "ada", UserPrincipalName: "ada@${tenant.domain}"}, nil,
			[]string{`create user ada@x.example {"accountEnabled":true,"displayName":"ada","mailNickname":"ada",` + mark + `,"userPrincipalName":"ada@x.example"}`}},
		"with properties": {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", DisplayName: "Ada L.", MailNickname: "al", AccountEnabled: &no, GivenName: text("Ada"), Surname: text("L."), JobTitle: text("Engineer"), Department: text("R&D"), UsageLocation: text("DE")}, nil,
			[]string{`create user ada@x.example {"accountEnabled":false,"department":"R\u0026D","displayName":"Ada L.","givenName":"Ada","jobTitle":"Engineer","mailNickname":"al",` + mark + `,"surname":"L.","usageLocation":"DE","userPrincipalName":"ada@x.example"}`}},
		"nothing to change":                     {stack.User{Name: "ada", UserPrincipalName: "ada@x.example"}, live(obj{"accountEnabled": true, "displayName": "Somebody", "mailNickname": "other", "jobTitle": "Engineer"}), nil},
		"a property":                            {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", JobTitle: text("Lead"), Department: text("X")}, live(obj{"accountEnabled": true, "jobTitle": "Engineer", "department": "X"}), []string{`update user ada@x.example {"jobTitle":"Lead"}`}},
		"a property that others own":            {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", JobTitle: text("Lead"), Protection: stack.Protection{Ignore: []string{"jobTitle"}}}, live(obj{"accountEnabled": true, "jobTitle": "Engineer"}), nil},
		"somebody has disabled the account":     {stack.User{Name: "ada", UserPrincipalName: "ada@x.example"}, live(obj{"accountEnabled": false}), []string{`update user ada@x.example {"accountEnabled":true}`}},
		"the manifest disables the account":     {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", AccountEnabled: &no}, live(obj{"accountEnabled": true}), []string{`update user ada@x.example {"accountEnabled":false}`}},
		"a user whom the stack does not create": {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", Existing: true}, nil, nil},
		"a user whom the stack does not manage": {stack.User{Name: "ada", UserPrincipalName: "ada@x.example", Existing: true, JobTitle: text("Lead")}, live(obj{"jobTitle": "Engineer"}), []string{"delete user ada@x.example", "purge user ada@x.example"}},
	} {
		state := has()
		if c.live != nil {
			state = has(c.live)
		}
		p, err := Diff([]*stack.Stack{{Name: "s", Users: []*stack.User{&c.user}}}, state, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestCreatedApplication: the complete requests for a new application, including lists that the
// stack owns as a whole and the manifest does not set.
func TestCreatedApplication(t *testing.T) {
	t.Parallel()
	no := false
	const owned = `"appRoles":[],"displayName":"api","identifierUris":[],"isFallbackPublicClient":false,"publicClient":{"redirectUris":[]},"requiredResourceAccess":[],"spa":{"redirectUris":[]},"tags":["provision:stack=s"],"web":{"implicitGrantSettings":{"enableAccessTokenIssuance":false,"enableIdTokenIssuance":false},"redirectUris":[]}`
	read, admin := stack.ScopeID("s.api", "read"), stack.RoleID("s.api", "Admin")
	for name, c := range map[string]struct {
		declare func(*stack.Application)
		want    []string
	}{
		"what every application has":  {func(*stack.Application) {}, []string{`create application s.api {"api":{"oauth2PermissionScopes":[]},` + owned + `}`, `create servicePrincipal s.api {"accountEnabled":true}`}},
		"without a service principal": {func(a *stack.Application) { a.ServicePrincipal.Create = &no }, []string{`create application s.api {"api":{"oauth2PermissionScopes":[]},` + owned + `}`}},
		"with a disabled service principal": {func(a *stack.Application) { a.ServicePrincipal.AccountEnabled = &no },
			[]string{`create application s.api {"api":{"oauth2PermissionScopes":[]},` + owned + `}`, `create servicePrincipal s.api {"accountEnabled":false}`}},
		"a scope, named by its value": {func(a *stack.Application) {
			a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read", IsEnabled: &no}}
		},
			[]string{`create application s.api {"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"read","adminConsentDisplayName":"read","id":"` + read + `","isEnabled":false,"type":"User","value":"read"}]},` + owned + `}`, `create servicePrincipal s.api {"accountEnabled":true}`}},
		"a scope and a role of one value have one text": {func(a *stack.Application) {
			a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "Admin"}}
			a.AppRoles = []stack.AppRole{{Value: "Admin", DisplayName: "Administer", AllowedMemberTypes: []string{"User"}}}
		}, []string{`create application s.api {"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"Administer","adminConsentDisplayName":"Administer","id":"` + stack.ScopeID("s.api", "Admin") + `","isEnabled":true,"type":"User","value":"Admin"}]},` +
			strings.Replace(owned, `"appRoles":[]`, `"appRoles":[{"allowedMemberTypes":["User"],"description":"Administer","displayName":"Administer","id":"`+admin+`","isEnabled":true,"value":"Admin"}]`, 1) + `}`, `create servicePrincipal s.api {"accountEnabled":true}`}},
		"a certificate": {func(a *stack.Application) { a.Certificates = []stack.Certificate{{Name: "ci", DER: []byte("der")}} },
			[]string{`create application s.api {"api":{"oauth2PermissionScopes":[]},` + strings.Replace(owned, `"publicClient"`, `"keyCredentials":[{"customKeyIdentifier":"`+stack.Certificate{DER: []byte("der")}.Thumbprint()+`","displayName":"ci","key":"ZGVy","type":"AsymmetricX509Cert","usage":"Verify"}],"publicClient"`, 1) + `}`, `create servicePrincipal s.api {"accountEnabled":true}`}},
		"the tenant in a text": {func(a *stack.Application) {
			notes := "in ${tenant.domain}, ${tenant.id}, ${unknown}"
			a.Notes = &notes
		}, []string{`create application s.api {"api":{"oauth2PermissionScopes":[]},` + strings.Replace(owned, `"publicClient"`, `"notes":"in x.example, t, ${unknown}","publicClient"`, 1) + `}`, `create servicePrincipal s.api {"accountEnabled":true}`}},
	} {
		a := &stack.Application{Name: "api", DisplayName: "api"}
		c.declare(a)
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}, has(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestReferencesInText: a reference is replaced by the tenant's value, or by an unknown value if
// the tenant does not have it yet.
func TestReferencesInText(t *testing.T) {
	t.Parallel()
	web := registered("web", nil)
	for name, c := range map[string]struct {
		notes string
		live  []*Live
		want  string
	}{
		"no reference":               {"plain $text", nil, `"plain $text"`},
		"its own appId":              {"${appId}", nil, `{"knownAfterApply":"${application/s.api/appId}"}`},
		"another's appId":            {"a ${applications.web.appId} b", web, `"a web-appid b"`},
		"another's, not known yet":   {"${applications.web.appId}", nil, `{"knownAfterApply":"${application/s.web/appId}"}`},
		"one known, one not":         {"${applications.web.appId} ${appId}", web, `{"knownAfterApply":"web-appid ${application/s.api/appId}"}`},
		"another property":           {"${applications.web.id}", web, `"${applications.web.id}"`},
		"a longer expression":        {"${applications.web.appId.x}", web, `"${applications.web.appId.x}"`},
		"an output of Terraform":     {"${terraform.site.url}", []*Live{{Object: Object{Key: TerraformKey("s", "site"), Properties: obj{"url": "https://site.example"}}}}, `"https://site.example"`},
		"an output, not known yet":   {"${terraform.site.url}", nil, `{"knownAfterApply":"${terraform/s%2Fsite/url}"}`},
		"an output without its name": {"${terraform.site}", nil, `"${terraform.site}"`},
	} {
		state := has(c.live...)
		d, err := declare([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api", Notes: &c.notes}, {Name: "web", DisplayName: "web"}}}}, state)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonLine(d.objects[Key{Application, "s.api"}].Properties["notes"]); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestClients: a client is named by its name or its appId. The plan has a note for an appId that
// neither the tenant nor the table of Microsoft's applications contains, until the tenant has
// accepted it.
func TestClients(t *testing.T) {
	t.Parallel()
	const unknown, cli = "99999999-1111-4111-8111-111111111111", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	const note = "application api names the client " + unknown + ", which the tenant does not have: Entra accepts it only if it is a Microsoft application"
	mine := registered("api", nil)
	with := func(api obj) []*Live { return registered("api", obj{"api": api}) }
	for name, c := range map[string]struct {
		ref   string
		live  []*Live
		want  any
		notes []string
	}{
		"an application of the stack":             {"web", nil, Reference(Key{Application, "s.web"}, AppID), nil},
		"an existing application":                 {"web", registered("web", nil), "web-appid", nil},
		"one of Microsoft's":                      {cli, mine, cli, nil},
		"one of Microsoft's, in capitals":         {strings.ToUpper(cli), mine, cli, nil},
		"an unknown appId":                        {unknown, mine, unknown, []string{note}},
		"for a new application":                   {unknown, nil, unknown, []string{note}},
		"an appId that is pre-authorized already": {unknown, with(obj{"preAuthorizedApplications": []any{obj{"appId": unknown}}}), unknown, nil},
		"an appId that is a known client":         {unknown, with(obj{"knownClientApplications": []any{unknown}}), unknown, nil},
		"another is pre-authorized already":       {unknown, with(obj{"preAuthorizedApplications": []any{obj{"appId": cli}}, "knownClientApplications": []any{cli}}), unknown, []string{note}},
	} {
		api := &stack.Application{Name: "api", DisplayName: "api"}
		api.API.KnownClientApplications = []string{c.ref}
		d, err := declare([]*stack.Stack{{Name: "s", Applications: []*stack.Application{api, {Name: "web", DisplayName: "web"}}}}, has(c.live...))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := list(sub(d.objects[Key{Application, "s.api"}].Properties, "api"), "knownClientApplications")
		if diff := cmp.Diff([]any{c.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.notes, d.notes); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
}

// TestClientNamedTwice, by its name and by its appId, gets the scopes of both entries.
func TestClientNamedTwice(t *testing.T) {
	t.Parallel()
	api := &stack.Application{Name: "api", DisplayName: "api"}
	api.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read", ID: "1"}, {Value: "write", ID: "2"}}
	web := registered("web", nil)
	web[0].AppID = "88888888-1111-4111-8111-111111111111"
	api.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "web", Scopes: []string{"write"}}, {Application: web[0].AppID, Scopes: []string{"read", "write"}}}
	d, err := declare([]*stack.Stack{{Name: "s", Applications: []*stack.Application{api, {Name: "web", DisplayName: "web"}}}}, has(web...))
	if err != nil {
		t.Fatal(err)
	}
	want := []any{obj{"appId": web[0].AppID, "delegatedPermissionIds": []any{"1", "2"}}}
	if diff := cmp.Diff(want, list(sub(d.objects[Key{Application, "s.api"}].Properties, "api"), "preAuthorizedApplications")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGroupClaims: another order of the words in groupMembershipClaims is not a change.
func TestGroupClaims(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		live, declared string
		want           []string
	}{
		"the same":      {"SecurityGroup", "SecurityGroup", nil},
		"another order": {"DirectoryRole, SecurityGroup", "SecurityGroup,DirectoryRole", nil},
		"one more":      {"SecurityGroup", "SecurityGroup,DirectoryRole", []string{`update application s.api {"groupMembershipClaims":"SecurityGroup,DirectoryRole"}`}},
		"another":       {"All", "SecurityGroup", []string{`update application s.api {"groupMembershipClaims":"SecurityGroup"}`}},
	} {
		a := &stack.Application{Name: "api", DisplayName: "api", GroupMembershipClaims: &c.declared}
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}, has(registered("api", obj{"groupMembershipClaims": c.live})...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestPermissions: the permissions that an application requests, and the administrator's consent
// to them.
func TestPermissions(t *testing.T) {
	t.Parallel()
	const graph = stack.MicrosoftGraphAppID
	microsoft := external(graph, "Application", "User.Read", "Mail.Read")
	access := func(entries string) string {
		return `update application s.api {"requiredResourceAccess":[{"resourceAccess":[` + entries + `],"resourceAppId":"` + graph + `"}]}`
	}
	const user, mail, do = `{"id":"id-User.Read","type":"Scope"}`, `{"id":"id-Mail.Read","type":"Scope"}`, `{"id":"id-Do","type":"Role"}`
	consent := `create grant ` + graph + ` to s.api {"scope":"User.Read"}`
	for name, c := range map[string]struct {
		permissions []stack.Permission
		want        []string
	}{
		"none":                          {nil, nil},
		"a scope":                       {[]stack.Permission{{Scopes: []string{"User.Read"}}}, []string{access(user)}},
		"a scope and a role":            {[]stack.Permission{{Scopes: []string{"User.Read"}, Roles: []string{"Do"}}}, []string{access(user + "," + do)}},
		"two entries for one resource":  {[]stack.Permission{{Scopes: []string{"User.Read"}}, {Scopes: []string{"Mail.Read", "User.Read"}}}, []string{access(user + "," + mail)}},
		"a resource without permission": {[]stack.Permission{{}}, nil},
		"a scope with consent":          {[]stack.Permission{{Scopes: []string{"User.Read"}, AdminConsent: true}}, []string{access(user), consent}},
		"a role with consent":           {[]stack.Permission{{Roles: []string{"Do"}, AdminConsent: true}}, []string{access(do), `create assignment ` + graph + ` Do to application s.api {"appRoleId":"id-Do"}`}},
	} {
		for i := range c.permissions {
			c.permissions[i].Resource = "Microsoft Graph"
		}
		p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api", Permissions: c.permissions}}}}, has(append(registered("api", nil), microsoft)...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
	}
}

// TestDeclaredTwice: two objects with one key are a mistake; two equal relations are one
// relation.
func TestDeclaredTwice(t *testing.T) {
	t.Parallel()
	at := stack.Position{File: "a.yaml", Line: 4, Column: 1}
	ada := &stack.User{Name: "ada", UserPrincipalName: "ada@x.example"}
	for name, c := range map[string]struct {
		stack *stack.Stack
		want  string
	}{
		"two users of one name": {&stack.Stack{Users: []*stack.User{ada, {Name: "bo", Pos: at, UserPrincipalName: "ADA@x.example"}}},
			"a.yaml:4:1: user ada@x.example is declared more than once\n  hint: rename or remove one of them"},
		"two secrets of one name": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, Secrets: []stack.Secret{{Name: "key"}, {Name: "key"}}}}},
			"a.yaml:4:1: secret s.api key is declared more than once\n  hint: rename or remove one of them"},
		"two federated credentials of one name": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, FederatedCredentials: []stack.FederatedCredential{{Name: "ci", Issuer: "https://a.example", Subject: "a"}, {Name: "ci", Issuer: "https://b.example", Subject: "b"}}}}},
			"a.yaml:4:1: federatedCredential s.api ci is declared more than once\n  hint: rename or remove one of them"},
		"a member, twice": {&stack.Stack{Users: []*stack.User{ada}, Groups: []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}, {User: "ada"}}}}}, ""},
		"an owner, twice": {&stack.Stack{Users: []*stack.User{ada}, Groups: []*stack.Group{{Name: "g", Owners: []string{"ada", "ada@x.example"}}}}, ""},
		"an entry of a list, twice": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, IdentifierURIs: []string{"api://x", "api://x"}}}},
			"a.yaml:4:1: application s.api has identifierUris[api://x] more than once\n  hint: remove all but one of them"},
	} {
		c.stack.Name = "s"
		_, err := Diff([]*stack.Stack{c.stack}, has(), Options{})
		if got := message(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestValuesThatStayUnknown: a plan with such a value is refused before the first step.
func TestValuesThatStayUnknown(t *testing.T) {
	t.Parallel()
	at := stack.Position{File: "a.yaml", Line: 5, Column: 2}
	no := false
	external := &stack.Application{Name: "theirs", Existing: true, Pos: at}
	for name, c := range map[string]struct {
		stack *stack.Stack
		live  []*Live
		want  string
	}{
		"a user": {&stack.Stack{Groups: []*stack.Group{{Name: "g", Pos: at, Owners: []string{"eve@x.example"}}}}, nil,
			"a.yaml:5:2: owner user eve@x.example of provision.s.g needs user eve@x.example, whose object the tenant does not have\n  hint: create it in the tenant first, or remove the reference to it"},
		"a registration": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, IdentifierURIs: []string{"api://${applications.theirs.appId}"}}, external}}, nil,
			"a.yaml:5:2: application s.api needs application s.theirs, whose registration the tenant does not have\n  hint: create it in the tenant first, or remove the reference to it"},
		"a service principal": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, ServicePrincipal: stack.ServicePrincipal{Create: &no}, AppRoles: []stack.AppRole{{Value: "R"}},
			RoleAssignments: []stack.RoleAssignment{{Role: "R", Users: []string{"ada"}}}}}, Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}}}, nil,
			"a.yaml:5:2: assignment s.api R to user ada@x.example needs application s.api, whose service principal the tenant does not have\n  hint: create it in the tenant first, or remove the reference to it"},
		"an output of Terraform": {&stack.Stack{Applications: []*stack.Application{{Name: "api", DisplayName: "A", Pos: at, IdentifierURIs: []string{"${terraform.site.url}"}}}}, nil,
			"a.yaml:5:2: application s.api needs output url of terraform s/site, which has no value\n  hint: the module must give the output a value"},
		"a user whom the plan creates": {&stack.Stack{Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@x.example"}}, Groups: []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}}}}}, nil, ""},
	} {
		c.stack.Name = "s"
		_, err := Diff([]*stack.Stack{c.stack}, has(c.live...), Options{})
		if got := message(err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestInstancesOfResources: a resource of Microsoft without a service principal gets one if an
// application requests its permissions, or if the administrator consents to them.
func TestInstancesOfResources(t *testing.T) {
	t.Parallel()
	const known = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	asks := obj{"requiredResourceAccess": []any{obj{"resourceAppId": known, "resourceAccess": []any{obj{"id": "id-user_impersonation", "type": "Scope"}}}}}
	for name, c := range map[string]struct {
		app     obj
		consent bool
		want    bool
	}{
		"it begins to request them":     {nil, false, true},
		"it requests them already":      {asks, false, false},
		"it requests them with consent": {asks, true, true},
	} {
		resource := external(known, "Application", "user_impersonation")
		resource.ServicePrincipalID = ""
		s := &stack.Stack{Name: "s", Applications: []*stack.Application{{Name: "api", DisplayName: "api",
			Permissions: []stack.Permission{{Resource: known, Scopes: []string{"user_impersonation"}, AdminConsent: c.consent}}}}}
		d, err := declare([]*stack.Stack{s}, has(append(registered("api", c.app), resource)...))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.objects[Key{ServicePrincipal, known}] != nil; got != c.want {
			t.Errorf("%s: a service principal is declared: %t, want %t", name, got, c.want)
		}
	}
}
