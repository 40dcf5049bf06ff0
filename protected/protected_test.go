package protected

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/conformance"
	"provision/plan"
	"provision/stack"
)

// shop returns a stack with an API, two clients, three users and nested groups.
func shop() (API, *plan.State) {
	version := 2
	orders := &stack.Application{Name: "orders",
		API: stack.API{RequestedAccessTokenVersion: &version,
			OAuth2PermissionScopes:    []stack.Scope{{Value: "Orders.Read"}, {Value: "Orders.Write"}},
			PreAuthorizedApplications: []stack.PreAuthorizedApplication{{Application: "page", Scopes: []string{"Orders.Read"}}}},
		AppRoles: []stack.AppRole{{Value: "Clerk", AllowedMemberTypes: []string{"User"}}, {Value: "Sync", AllowedMemberTypes: []string{"Application"}},
			{Value: "Reader", AllowedMemberTypes: []string{"User", "Application"}}},
		RoleAssignments: []stack.RoleAssignment{{Role: "Clerk", Users: []string{"ada"}, Groups: []string{"clerks"}}, {Role: "Sync", Applications: []string{"worker"}},
			{Users: []string{"eve"}}},
		OptionalClaims: &stack.OptionalClaims{AccessToken: []stack.OptionalClaim{{Name: "idtyp"}}, IDToken: []stack.OptionalClaim{{Name: "email"}}},
	}
	page := &stack.Application{Name: "page", SPA: stack.RedirectURIs{RedirectURIs: []string{"https://page.example/cb"}},
		Permissions: []stack.Permission{{Resource: "orders", Scopes: []string{"Orders.Write"}, AdminConsent: true}, {Resource: "orders", Scopes: []string{"Orders.Delete"}}}}
	worker := &stack.Application{Name: "worker"}
	guest := "Guest"
	s := &stack.Stack{Name: "shop", Applications: []*stack.Application{orders, page, worker},
		Users: []*stack.User{{Name: "ada"}, {Name: "ben"}, {Name: "eve", UserType: &guest}},
		Groups: []*stack.Group{{Name: "clerks", Members: []stack.Member{{User: "ben"}, {Group: "trainees"}}},
			{Name: "trainees", Members: []stack.Member{{User: "eve"}, {Group: "clerks"}}}},
		Conformances: []*stack.Conformance{{Name: "reading", Resource: "orders"}, {Name: "writing", Resource: "orders", Tenants: stack.Tenants{Others: []string{"fabrikam.example"}}}},
	}
	state := &plan.State{Objects: map[plan.Key]*plan.Live{}, Existing: map[plan.Key]plan.Key{}}
	for _, a := range s.Applications {
		k := plan.Key{Kind: plan.Application, Name: s.UniqueName(a.Name)}
		state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Properties: map[string]any{}}, AppID: "id-of-" + a.Name}
	}
	api := state.Objects[plan.Key{Kind: plan.Application, Name: s.UniqueName("orders")}]
	api.Properties["api"] = map[string]any{"requestedAccessTokenVersion": 2.0}
	api.Properties["identifierUris"] = []any{"api://shop", "https://shop.example"}
	for _, g := range s.Groups {
		k := plan.Key{Kind: plan.Group, Name: s.GroupUniqueName(g.Name)}
		state.Objects[k] = &plan.Live{Object: plan.Object{Key: k, Properties: map[string]any{"displayName": "All " + g.Name}}, ID: "oid-of-" + g.Name}
	}
	return APIs([]*stack.Stack{s})[0], state
}

func TestAPIsAreListedOnce(t *testing.T) {
	t.Parallel()
	api, _ := shop()
	all := APIs([]*stack.Stack{api.Stack, {Name: "empty"}})
	if len(all) != 1 || all[0].Name() != "shop/orders" || len(all[0].Documents) != 2 {
		t.Errorf("APIs: %d, want shop/orders once, with both documents", len(all))
	}
}

func TestFactsOf(t *testing.T) {
	t.Parallel()
	api, state := shop()
	f, err := FactsOf(api, state)
	if err != nil {
		t.Fatal(err)
	}
	want := Facts{
		Resource: conformance.Resource{Name: "orders", AppID: "id-of-orders", TokenVersion: 2, Audiences: []string{"id-of-orders"},
			Scopes: []string{"Orders.Read", "Orders.Write"}, Roles: []string{"Clerk", "Sync", "Reader"}, UserRoles: []string{"Clerk", "Reader"}, ApplicationRoles: []string{"Sync", "Reader"}, OptionalClaims: []string{"idtyp"}},
		AppIDs:  map[string]string{"orders": "id-of-orders", "page": "id-of-page", "worker": "id-of-worker"},
		Groups:  []conformance.UserGroup{{Name: "clerks", Claim: "oid-of-clerks"}, {Name: "trainees", Claim: "oid-of-trainees"}},
		Tenants: stack.Tenants{Others: []string{"fabrikam.example"}}, ScopeBase: "api://shop",
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if claims := f.GroupClaims([]string{"trainees", "unknown"}); !cmp.Equal(claims, []string{"oid-of-trainees"}) {
		t.Errorf("claims of trainees: %v", claims)
	}
}

// The audience of version 1 tokens is an identifier URI.
func TestFactsOfVersion1(t *testing.T) {
	t.Parallel()
	api, state := shop()
	live := state.Objects[plan.Key{Kind: plan.Application, Name: api.Stack.UniqueName("orders")}]
	live.Properties["api"] = map[string]any{}
	api.Resource.OptionalClaims = &stack.OptionalClaims{AccessToken: []stack.OptionalClaim{{Name: "groups", AdditionalProperties: []string{"cloud_displayname"}}}}
	f, err := FactsOf(api, state)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"api://shop", "https://shop.example", "id-of-orders"}; f.Resource.TokenVersion != 1 || !cmp.Equal(f.Resource.Audiences, want) {
		t.Errorf("version %d, audiences %v, want 1, %v", f.Resource.TokenVersion, f.Resource.Audiences, want)
	}
	if f.Groups[0].Claim != "All clerks" {
		t.Errorf("claim %q, want the name, for which the optional claim asks", f.Groups[0].Claim)
	}
	delete(live.Properties, "identifierUris")
	if f, _ = FactsOf(api, state); f.ScopeBase != "id-of-orders" {
		t.Errorf("scope base %q, want the appId where there is no identifier URI", f.ScopeBase)
	}
}

func TestFactsOfAnExistingApplication(t *testing.T) {
	t.Parallel()
	api, state := shop()
	declared, found := plan.Key{Kind: plan.Application, Name: api.Stack.UniqueName("page")}, plan.Key{Kind: plan.Application, Name: "elsewhere"}
	state.Objects[found] = &plan.Live{AppID: "id-elsewhere"}
	delete(state.Objects, declared)
	var missing *Missing
	if _, err := FactsOf(api, state); !errors.As(err, &missing) || missing.Application != "shop/page" {
		t.Errorf("error %v, want that shop/page is missing", err)
	}
	state.Existing[declared] = found
	if f, err := FactsOf(api, state); err != nil || f.AppIDs["page"] != "id-elsewhere" {
		t.Errorf("page is %q, %v, want id-elsewhere", f.AppIDs["page"], err)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	api, _ := shop()
	got := api.Users(func(u *stack.User) string {
		if u.Name == "ben" {
			return "no password"
		}
		return ""
	})
	want := []conformance.User{
		{Name: "ada", Roles: []string{"Clerk"}},
		// Only direct members of a group get its app role; the groups claim contains all groups.
		{Name: "ben", Roles: []string{"Clerk"}, GroupRoles: []string{"Clerk"}, Groups: []string{"clerks", "trainees"}, Unavailable: "no password"},
		{Name: "eve", Groups: []string{"clerks", "trainees"}, Guest: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	api, state := shop()
	f, err := FactsOf(api, state)
	if err != nil {
		t.Fatal(err)
	}
	got, err := api.Clients(f, func(a *stack.Application) (bool, error) { return a.Name == "worker", nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []conformance.Application{
		{Name: "orders", AppID: "id-of-orders"},
		{Name: "page", AppID: "id-of-page", SignsIn: true, Scopes: []string{"Orders.Read", "Orders.Write"}}, // no consent for Orders.Delete
		{Name: "worker", AppID: "id-of-worker", Roles: []string{"Sync"}, Credential: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	damaged := errors.New("damaged")
	if _, err := api.Clients(f, func(*stack.Application) (bool, error) { return false, damaged }); !errors.Is(err, damaged) {
		t.Errorf("error %v, want that of reading the secret", err)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		application   stack.Application
		platform, uri string
	}{
		"a broker's URI is answered by an Office host": {stack.Application{SPA: stack.RedirectURIs{RedirectURIs: []string{"brk-multihub://addin.example", "https://addin.example/cb"}}}, "spa", "https://addin.example/cb"},
		"a wildcard stands for a name":                 {stack.Application{Web: stack.Web{RedirectURIs: []string{"https://*.shop.example/cb"}}}, "web", "https://any.shop.example/cb"},
		"a reference is not known yet":                 {stack.Application{Web: stack.Web{RedirectURIs: []string{"${terraform.hosting.url}/cb"}}}, "", ""},
		"a public client is first":                     {stack.Application{PublicClient: stack.RedirectURIs{RedirectURIs: []string{"http://localhost"}}, Web: stack.Web{RedirectURIs: []string{"https://shop.example/cb"}}}, "publicClient", "http://localhost"},
	} {
		if platform, uri := SignIn(&test.application); platform != test.platform || uri != test.uri {
			t.Errorf("%s: %s %s, want %s %s", name, platform, uri, test.platform, test.uri)
		}
	}
}
