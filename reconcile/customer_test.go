package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/emulator/directory"
	"provision/emulator/emulatortest"
	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

// newCustomer returns a world with the tenant of a customer, and the world of its home tenant.
func newCustomer(t *testing.T, options ...emulatortest.Option) (home, customer *world) {
	home = newWorld(t, options...)
	at := home.tenant.AddTenant(t, directory.Seed{Domain: "fabrikam.onmicrosoft.com"})
	customer = &world{t: t, tenant: at, keep: reconcile.Keep{Dir: t.TempDir(), AllowOutside: true}, patience: home.patience, wire: home.wire}
	customer.graph = customer.connect(home.wire)
	customer.home = reconcile.Home{Graph: home.graph, TenantID: home.tenant.TenantID, ApplyCommand: "provision apply"}
	return home, customer
}

// shop returns a stack of an API and two clients: the registrations if atHome is true, otherwise the
// objects of a customer.
func shop(atHome bool, users ...string) []*stack.Stack {
	audience := "AzureADMultipleOrgs"
	api := &stack.Application{Name: "api", DisplayName: "API", SignInAudience: &audience}
	client := &stack.Application{Name: "client", DisplayName: "Client", SignInAudience: &audience,
		Permissions: []stack.Permission{{Resource: "api", Scopes: []string{"read"}, Roles: []string{"Robot"}, AdminConsent: true}}}
	s := &stack.Stack{Name: "shop", Applications: []*stack.Application{api, client}}
	if atHome {
		api.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read"}, {Value: "write"}}
		api.AppRoles = []stack.AppRole{
			{Value: "Admin", DisplayName: "Admin", AllowedMemberTypes: []string{"User"}},
			{Value: "Robot", DisplayName: "Robot", AllowedMemberTypes: []string{"Application"}, ID: "6f1e1f5e-7c8e-4b3a-9f0e-0d6a3f9b1c11"}}
		return []*stack.Stack{s}
	}
	s.Home = "production"
	for _, a := range s.Applications {
		a.Customers = []stack.Customer{{Target: "fabrikam"}}
	}
	for _, name := range users {
		s.Users = append(s.Users, &stack.User{Name: name, Existing: true, UserPrincipalName: name + "@${tenant.domain}"})
	}
	if len(users) > 0 {
		api.RoleAssignments = []stack.RoleAssignment{{Role: "Admin", Users: users}}
	}
	return []*stack.Stack{s}
}

// TestCustomer: the tenant of a customer gets service principals, consent and role assignments of
// its own users and groups, and no registrations. A second apply writes nothing.
func TestCustomer(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	_, err := customer.reader().Read(t.Context(), shop(false), nil)
	if err == nil || !strings.Contains(err.Error(), "application api is not registered in target production") || !strings.Contains(err.Error(), "`provision apply`") {
		t.Errorf("without the registrations: %v", err)
	}
	home.must(shop(true), plan.Options{})
	registered := home.dump()
	customer.person("bob")
	eve := customer.person("eve")
	customer.must(shop(false, "bob"), plan.Options{})
	customer.settled(shop(false, "bob"), plan.Options{})
	if after := home.dump(); after != registered {
		t.Errorf("the home tenant has changed:\n%s", cmp.Diff(registered, after))
	}
	got := customer.dump()
	for _, want := range []string{"provision:customer=shop.api", "provision:customer=shop.client", "Robot", "bob@fabrikam.onmicrosoft.com"} {
		if !strings.Contains(got, want) {
			t.Errorf("the tenant of the customer has no %s", want)
		}
	}

	// Assignments that the customer adds do not belong to the stack.
	state := customer.state(shop(false))
	api := state.Objects[plan.Key{Kind: plan.Application, Name: "shop.api"}]
	if err := customer.write(graph.AssignRole(api.ServicePrincipalID, eve, stack.RoleID("shop.api", "Admin"))); err != nil {
		t.Fatal(err)
	}
	_, appID, err := customer.upsertApplication("theirs", graph.Object{"displayName": "Theirs"})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := customer.upsertServicePrincipal(appID, graph.Object{})
	if err != nil {
		t.Fatal(err)
	}
	if err := customer.write(graph.Grant(theirs, api.ServicePrincipalID, "write")); err != nil {
		t.Fatal(err)
	}
	customer.settled(shop(false), plan.Options{})

	// Consent that was given to the client by hand belongs to the stack.
	client := state.Objects[plan.Key{Kind: plan.Application, Name: "shop.client"}]
	grant := state.Objects[plan.GrantKey(client.Key, api.Key)]
	if err := customer.write(graph.UpdateGrant(grant.ID, "read write")); err != nil {
		t.Fatal(err)
	}
	if p := customer.plan(shop(false), plan.Options{}); len(p.Steps) != 1 || p.Steps[0].Key != grant.Key {
		t.Errorf("the plan has %v", p.Steps)
	}

	// destroy removes only the service principals and consent.
	customer.must(nil, plan.Options{Destroy: []string{"shop"}})
	got = customer.dump()
	if strings.Contains(got, "provision:customer") || !strings.Contains(got, "Theirs") || !strings.Contains(got, "eve@") {
		t.Errorf("after destroy:\n%s", got)
	}
	home.settled(shop(true), plan.Options{})
}

// TestCustomerOfAnOldRegistration: if an application was deleted in the home tenant, its service
// principal is replaced by the one of the new application.
func TestCustomerOfAnOldRegistration(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	customer.must(shop(false), plan.Options{})
	old := customer.state(shop(false)).Objects[plan.Key{Kind: plan.Application, Name: "shop.api"}].AppID
	home.must(nil, plan.Options{Destroy: []string{"shop"}})
	home.must(shop(true), plan.Options{})
	customer.must(shop(false), plan.Options{})
	state := customer.state(shop(false))
	if now := state.Objects[plan.Key{Kind: plan.Application, Name: "shop.api"}]; now.AppID == old || now.ServicePrincipalID == "" {
		t.Errorf("shop.api is appId %s, with service principal %q", now.AppID, now.ServicePrincipalID)
	}
	if state.Objects[plan.Key{Kind: plan.Application, Name: old}] != nil {
		t.Error("the old service principal is still there")
	}
	customer.settled(shop(false), plan.Options{})
}

// TestCustomerPermissions: in the tenant of a customer no account can own the application, so the
// permission for owned applications is not sufficient.
func TestCustomerPermissions(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	p := customer.plan(shop(false), plan.Options{})
	err := p.CheckPermissions([]string{"Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"})
	if err == nil || !strings.HasSuffix(err.Error(), ": Application.ReadWrite.All") {
		t.Errorf("error %v", err)
	}
	want := []string{"AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "GroupMember.Read.All", "User.Read.All"}
	if diff := cmp.Diff(want, plan.DeployerPermissions(shop(false))); diff != "" {
		t.Error(diff)
	}
}

// TestTagsOfAnotherTenantsApplication: a service principal shows the tags of its application,
// which another tenant writes. Because of these tags alone it belongs to no stack, also in the
// recycle bin.
func TestTagsOfAnotherTenantsApplication(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	appID := home.state(shop(true)).Objects[plan.Key{Kind: plan.Application, Name: "shop.api"}].AppID
	id, err := customer.upsertServicePrincipal(appID, graph.Object{})
	if err != nil {
		t.Fatal(err)
	}
	empty := func() {
		t.Helper()
		if p := customer.plan(nil, plan.Options{Destroy: []string{"shop"}}); len(p.Steps) > 0 {
			t.Errorf("destroy would do %v", p.Steps)
		}
	}
	empty()
	if err := customer.write(graph.DeleteServicePrincipal(id)); err != nil {
		t.Fatal(err)
	}
	empty()
}

// vendor creates an application in a tenant with the marks of a stack's service principal as
// tags, and returns its appId.
func (w *world) vendor(uniqueName string, tags ...string) string {
	w.t.Helper()
	_, appID, err := w.upsertApplication(uniqueName, graph.Object{"displayName": "Vendor CRM", "signInAudience": "AzureADMultipleOrgs",
		"tags": tags})
	if err != nil {
		w.t.Fatal(err)
	}
	return appID
}

// TestMarksOfAnotherVendor: an application of a third tenant, or an unmanaged one of the home
// tenant, may have the marks as tags. Its service principal belongs to no stack: in the home
// tenant, in the tenant of a customer, and in the recycle bin.
func TestMarksOfAnotherVendor(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	third := home.tenant.AddTenant(t, directory.Seed{Domain: "vendor.onmicrosoft.com"})
	vendor := &world{t: t, tenant: third, wire: home.wire}
	vendor.graph = vendor.connect(home.wire)
	marks := []string{"provision:stack=shop", "provision:customer=shop.api"}
	appID := vendor.vendor("crm", marks...)
	ids := map[*world]string{}
	for _, w := range []*world{home, customer} {
		id, err := w.upsertServicePrincipal(appID, graph.Object{})
		if err != nil {
			t.Fatal(err)
		}
		ids[w] = id
	}
	if _, err := customer.upsertServicePrincipal(home.vendor("internal-crm", marks...), graph.Object{}); err != nil {
		t.Fatal(err)
	}

	// It does not replace the application: not before the first apply, and not for other stacks.
	home.must(shop(true), plan.Options{})
	ask := []*stack.Stack{{Name: "other", Home: "production"}}
	client := *shop(false)[0].Applications[1]
	client.Permissions = []stack.Permission{{Resource: "shop/api", Scopes: []string{"read"}, AdminConsent: true}}
	ask[0].Applications = []*stack.Application{&client}
	registered := *shop(true)[0].Applications[1]
	registered.Permissions = nil
	home.must([]*stack.Stack{{Name: "other", Applications: []*stack.Application{&registered}}}, plan.Options{})
	state, err := customer.reader().Read(t.Context(), ask, nil)
	if err == nil {
		_, err = plan.Diff(ask, state, plan.Options{})
	}
	if err == nil || !strings.Contains(err.Error(), `"shop/api", which is neither in these manifests nor in the tenant`) {
		t.Errorf("shop/api is the service principal of the vendor: %v", err)
	}
	customer.must(shop(false), plan.Options{})
	home.settled(shop(true), plan.Options{})
	customer.settled(shop(false), plan.Options{})

	// destroy neither deletes nor purges it.
	customer.must(nil, plan.Options{Destroy: []string{"shop"}})
	home.must(nil, plan.Options{Destroy: []string{"shop"}})
	for w, id := range ids {
		if !strings.Contains(w.dump(), "Vendor CRM") {
			t.Errorf("%s: the service principal of the vendor is gone", w.tenant.Domain)
		}
		if err := w.write(graph.DeleteServicePrincipal(id)); err != nil {
			t.Fatal(err)
		}
		if p := w.plan(nil, plan.Options{Destroy: []string{"shop"}}); len(p.Steps) > 0 {
			t.Errorf("%s: destroy would do %v", w.tenant.Domain, p.Steps)
		}
	}
}

// TestCustomerMarkOfAnotherApplication: a wrong mark on the service principal of a declared
// application is repaired, and the mark of another stack is a conflict.
func TestCustomerMarkOfAnotherApplication(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	customer.must(shop(false), plan.Options{})
	api := customer.state(shop(false)).Objects[plan.Key{Kind: plan.ServicePrincipal, Name: "shop.api"}]
	mark := func(tags ...string) {
		t.Helper()
		if err := customer.write(graph.UpdateServicePrincipal(api.ID, graph.Object{"tags": tags})); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"shop.client", "shop.worker"} {
		mark("provision:stack=shop", "provision:customer="+name)
		p := customer.plan(shop(false), plan.Options{})
		if len(p.Steps) != 1 || p.Steps[0].Action != plan.Update || p.Steps[0].Key != api.Key {
			t.Errorf("%s: the plan has %v, want the update of shop.api", name, p.Steps)
		}
	}
	mark("provision:stack=other", "provision:customer=other.api")
	_, err := customer.reader().Read(t.Context(), shop(false), nil)
	if err == nil || !strings.Contains(err.Error(), "already has its service principal") {
		t.Errorf("marked by another stack: %v", err)
	}
	if p := customer.plan(nil, plan.Options{Destroy: []string{"other"}}); len(p.Steps) > 0 {
		t.Errorf("destroy of the other stack would do %v", p.Steps)
	}
}

// TestRegistrationsInACustomerTenantStay: the tenant of a customer may be the home of the same
// stack for another target. Its registrations are not objects of the customer target.
func TestRegistrationsInACustomerTenantStay(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	asHome := *customer
	asHome.home = reconcile.Home{}
	asHome.must(shop(true), plan.Options{})
	before := asHome.dump()
	customer.must(shop(false), plan.Options{})
	customer.settled(shop(false), plan.Options{})
	asHome.settled(shop(true), plan.Options{})
	customer.must(nil, plan.Options{Destroy: []string{"shop"}})
	if after := asHome.dump(); after != before {
		t.Errorf("the registrations have changed:\n%s", cmp.Diff(before, after))
	}
}

// TestCustomerWithinTheLagOfTheHome: the plan for a customer contains what this machine has just
// written to the home tenant, although the home tenant does not show it yet.
func TestCustomerWithinTheLagOfTheHome(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t, emulatortest.WithReplicationLag(2*time.Second))
	home.patience, home.lag = 30*time.Second, 20*time.Second
	customer.patience, customer.lag = home.patience, home.lag
	customer.home.Keep, customer.home.Lag = home.keep, home.lag
	if _, err := home.apply(shop(true), plan.Options{}); err != nil {
		t.Fatal(err)
	}
	more, ask := shop(true), shop(false)
	api := more[0].Applications[0]
	api.API.OAuth2PermissionScopes = append(api.API.OAuth2PermissionScopes, stack.Scope{Value: "export"})
	ask[0].Applications[1].Permissions[0].Scopes = []string{"export"}
	if _, err := home.apply(more, plan.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := customer.apply(ask, plan.Options{}); err != nil {
		t.Fatalf("directly after the home: %v", err)
	}
	if got := customer.plan(ask, plan.Options{}); len(got.Steps) > 0 {
		t.Errorf("the second plan has %v", got.Steps)
	}
}

// TestMarksOfADeletedApplication: an unmanaged application of the home tenant determines the tags
// of its service principals. After its deletion they still belong to no stack, because the
// recycle bin of the home tenant contains the application. The service principal of the stack's
// own deleted application still belongs to the stack.
func TestMarksOfADeletedApplication(t *testing.T) {
	t.Parallel()
	home, customer := newCustomer(t)
	home.must(shop(true), plan.Options{})
	customer.must(shop(false), plan.Options{})
	id, appID, err := home.upsertApplication("internal-crm", graph.Object{"displayName": "CRM", "signInAudience": "AzureADMultipleOrgs",
		"tags": []string{"provision:stack=shop", "provision:customer=shop.crm"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := customer.upsertServicePrincipal(appID, graph.Object{}); err != nil {
		t.Fatal(err)
	}
	destroys := func() (names []string) {
		for _, s := range customer.plan(nil, plan.Options{Destroy: []string{"shop"}, KeepDeleted: true}).Steps {
			if s.Kind == plan.ServicePrincipal {
				names = append(names, s.Name)
			}
		}
		return names
	}
	own := []string{"shop.api", "shop.client"}
	if diff := cmp.Diff(own, destroys()); diff != "" {
		t.Errorf("while it is registered (-want +got):\n%s", diff)
	}
	if err := home.write(graph.DeleteApplication(id)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(own, destroys()); diff != "" {
		t.Errorf("in the recycle bin (-want +got):\n%s", diff)
	}
	home.must(nil, plan.Options{Destroy: []string{"shop"}, KeepDeleted: true})
	if diff := cmp.Diff(own, destroys()); diff != "" {
		t.Errorf("after the stack itself was deleted at home (-want +got):\n%s", diff)
	}
}
