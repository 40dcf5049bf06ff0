package reconcile_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"provision/graph"
	"provision/plan"
	"provision/stack"
)

// person creates an unmanaged user.
func (w *world) person(name string) (id string) {
	w.t.Helper()
	id, err := w.createUser(graph.Object{
		"userPrincipalName": name + "@" + w.tenant.Domain, "displayName": name, "mailNickname": name, "accountEnabled": true,
		"passwordProfile": graph.Object{"password": "correct-Horse-7-battery", "forceChangePasswordNextSignIn": false}})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// forge registers an application with the name and the mark of a stack. Any user who may register
// applications can do this.
func (w *world) forge(uniqueName string) (id, principal string) {
	w.t.Helper()
	name, _, _ := strings.Cut(uniqueName, ".")
	id, appID, err := w.upsertApplication(uniqueName, graph.Object{"displayName": "Daemon", "tags": []any{stack.Mark(name)}})
	if err == nil {
		principal, err = w.upsertServicePrincipal(appID, graph.Object{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id, principal
}

func (w *world) own(of graph.Owned, id, owner string) {
	w.t.Helper()
	if err := w.write(graph.AddOwner(of, id, owner)); err != nil {
		w.t.Fatal(err)
	}
}

// addPrincipalPassword adds a secret to a service principal by hand, and returns its value.
func (w *world) addPrincipalPassword(id, name string) string {
	w.t.Helper()
	token, err := w.credential().GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", w.tenant.Origin+"/v1.0/servicePrincipals/"+id+"/addPassword", strings.NewReader(`{"passwordCredential":{"displayName":"`+name+`"}}`))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := w.tenant.HTTPClient().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	var made struct{ SecretText string }
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil || made.SecretText == "" {
		w.t.Fatalf("add a secret: %s %s, %v", answer.Status, raw, err)
	}
	return made.SecretText
}

// daemon returns a stack with an application that gets Directory.Read.All of Graph.
func daemon(change func(*stack.Stack, *stack.Application)) []*stack.Stack {
	a := &stack.Application{Name: "daemon", DisplayName: "Daemon",
		Permissions: []stack.Permission{{Resource: "Microsoft Graph", Roles: []string{"Directory.Read.All"}, AdminConsent: true}}}
	s := &stack.Stack{Name: "orders", Applications: []*stack.Application{a}}
	if change != nil {
		change(s, a)
	}
	return []*stack.Stack{s}
}

// refused applies a stack that must be refused before the first write, and returns the error.
func (w *world) refused(stacks []*stack.Stack) string {
	w.t.Helper()
	before := w.dump()
	_, err := w.apply(stacks, plan.Options{})
	if !errors.As(err, new(plan.Distrusted)) {
		w.t.Fatalf("%v, want the apply refused", err)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.t.Errorf("something was written (-before +after):\n%s", diff)
	}
	return err.Error()
}

func TestApplicationWithForgedMarkGetsNoRole(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]graph.Owned{"the application": graph.OwnedApplication, "the service principal": graph.OwnedServicePrincipal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			mallory := w.person("mallory")
			id, principal := w.forge("orders.daemon")
			if of == graph.OwnedServicePrincipal {
				id = principal
			}
			w.own(of, id, mallory)
			why := w.refused(daemon(nil))
			for _, part := range []string{"application orders.daemon", "Directory.Read.All", "owner user \"mallory\"", mallory} {
				if !strings.Contains(why, part) {
					t.Errorf("%q does not say %q", why, part)
				}
			}
			p := w.plan(daemon(nil), plan.Options{})
			if len(p.Foreign) != 1 || !strings.Contains(strings.Join(p.Notes, "\n"), "has an owner that no manifest names: user \"mallory\"") {
				t.Errorf("foreign %v, notes %q; want the owner in both", p.Foreign, p.Notes)
			}
			upn := "mallory@${tenant.domain}"
			for what, stacks := range map[string][]*stack.Stack{
				"named as the owner": daemon(func(_ *stack.Stack, a *stack.Application) { a.Owners = []string{upn} }),
				"a deployer": daemon(func(s *stack.Stack, _ *stack.Application) {
					s.Deployers = []string{upn, "00000000-1111-2222-3333-444444444444", "gone@x.example"}
				}),
			} {
				if p := w.plan(stacks, plan.Options{}); len(p.Distrusted) > 0 || len(p.Foreign) > 0 {
					t.Errorf("%s: %v", what, p.Foreign)
				}
			}
			w.must(daemon(nil), plan.Options{AllowForeignOwners: true})
			// An existing assignment is not refused, but noted.
			if p := w.plan(daemon(nil), plan.Options{}); len(p.Distrusted) != 0 || len(p.Foreign) != 1 {
				t.Errorf("afterwards: distrusted %v, foreign %v", p.Distrusted, p.Foreign)
			}
		})
	}
}

// TestCallerIsNotAForeignOwner, neither as an application nor as a user.
func TestCallerIsNotAForeignOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, principal := w.forge("orders.daemon")
	caller, err := w.graph.Caller(context.Background())
	if err != nil || caller.ID == "" {
		t.Fatalf("the caller is %q, %v", caller.ID, err)
	}
	results, err := w.graph.Read(context.Background(), graph.Owners(graph.OwnedApplication, id))
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := json.Marshal(results[0].Items); !strings.Contains(string(raw), caller.ID) {
		w.own(graph.OwnedApplication, id, caller.ID)
	}
	w.own(graph.OwnedServicePrincipal, principal, caller.ID)
	// The caller also stays an owner if the manifest declares owners.
	stacks := daemon(func(_ *stack.Stack, a *stack.Application) { a.Owners = []string{} })
	w.must(stacks, plan.Options{})
	if p := w.plan(stacks, plan.Options{}); len(p.Foreign) > 0 {
		t.Errorf("foreign %v, want none", p.Foreign)
	}
}

// TestForeignCredentialGetsNoRole: the owner was removed, but a secret remains.
func TestForeignCredentialGetsNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.forge("orders.daemon")
	if _, err := w.addPassword(id, "backdoor", time.Now().AddDate(0, 6, 0)); err != nil {
		t.Fatal(err)
	}
	if why := w.refused(daemon(nil)); !strings.Contains(why, `secret "backdoor"`) {
		t.Errorf("%q does not name the secret", why)
	}
	pruned := daemon(func(s *stack.Stack, _ *stack.Application) { s.Prune = "credentials" })
	w.must(pruned, plan.Options{Prune: []string{"orders"}})
	if strings.Contains(w.dump(), "backdoor") {
		t.Error("the secret is still there")
	}
}

// TestUnmanagedSecretIsRevokedBeforeRoleAssignment: a manifest declares a secret with the name of
// a secret that somebody else has created.
func TestUnmanagedSecretIsRevokedBeforeRoleAssignment(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]int{"one": 1, "two of one name": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id, _ := w.forge("orders.daemon")
			forged := map[string]bool{}
			for range count {
				made, err := w.addPassword(id, "client", time.Now().AddDate(0, 6, 0))
				if err != nil {
					t.Fatal(err)
				}
				forged[made.KeyID] = true
			}
			w.applicationID = id
			given := false
			w.wire.before(http.MethodPost, "/appRoleAssignedTo", func() {
				given = true
				for _, keyID := range w.secrets() {
					if forged[keyID] {
						t.Error("a role is given while somebody else's secret is good")
					}
				}
			})
			w.must(daemon(func(_ *stack.Stack, a *stack.Application) { a.Secrets = []stack.Secret{{Name: "client"}} }), plan.Options{})
			if !given {
				t.Error("no role was given")
			}
		})
	}
}

// TestUnmanagedSecretIsRevokedBeforeConsent, before a pre-authorization and before a redirect
// URI.
func TestUnmanagedSecretIsRevokedBeforeConsent(t *testing.T) {
	t.Parallel()
	client := func() *stack.Application {
		return &stack.Application{Name: "daemon", DisplayName: "Daemon", Secrets: []stack.Secret{{Name: "client"}}}
	}
	api := func(clients ...stack.PreAuthorizedApplication) *stack.Application {
		return &stack.Application{Name: "api", DisplayName: "API", IdentifierURIs: []string{"api://${appId}"}, API: stack.API{
			OAuth2PermissionScopes: []stack.Scope{{Value: "Orders.Read"}}, PreAuthorizedApplications: clients}}
	}
	orders := func(all ...*stack.Application) []*stack.Stack {
		return []*stack.Stack{{Name: "orders", Applications: all}}
	}
	daemon := stack.PreAuthorizedApplication{Application: "daemon", Scopes: []string{"Orders.Read"}}
	other := stack.PreAuthorizedApplication{Application: "11111111-2222-4333-8444-555555555555", Scopes: []string{"Orders.Read"}}
	web := client()
	web.Web.RedirectURIs = []string{"https://orders.contoso.example/callback"}
	for name, c := range map[string]struct {
		before, after []*stack.Stack
		admits        string // the secrets in the tenant when the client gets the right
	}{
		"by a new API":          {nil, orders(client(), api(daemon)), "delegatedPermissionIds"},
		"by an API":             {orders(api()), orders(client(), api(daemon)), "delegatedPermissionIds"},
		"in another's place":    {orders(api(other)), orders(client(), api(daemon)), "delegatedPermissionIds"},
		"at a new redirect URI": {nil, orders(web), "https://orders.contoso.example/callback"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.before != nil {
				w.must(c.before, plan.Options{})
			}
			id, _ := w.forge("orders.daemon")
			if _, err := w.addPassword(id, "client", time.Now().AddDate(0, 6, 0)); err != nil {
				t.Fatal(err)
			}
			admitted := func() bool { return strings.Contains(w.dump(), c.admits) }
			revoked := false
			w.wire.before(http.MethodPost, "/removePassword", func() {
				revoked = true
				if admitted() {
					t.Error("a client is admitted while somebody else's secret is valid")
				}
			})
			w.must(c.after, plan.Options{})
			if !revoked || !admitted() {
				t.Errorf("revoked %t, admitted afterwards %t; want both", revoked, admitted())
			}
			if p := w.plan(c.after, plan.Options{}); !p.Empty() {
				t.Errorf("a second apply would do %v", p.Steps)
			}
		})
	}
}

// TestGroupWithForgedMarkGetsNoRole, and no membership in another group.
func TestGroupWithForgedMarkGetsNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mallory := w.person("mallory")
	group, err := w.upsertGroup("provision.orders.staff", graph.Object{
		"displayName": "Staff", "mailEnabled": false, "securityEnabled": true, "mailNickname": "staff"})
	if err != nil {
		t.Fatal(err)
	}
	w.own(graph.OwnedGroup, group, mallory)
	stacks := func(owners ...string) []*stack.Stack {
		return []*stack.Stack{{Name: "orders", Groups: []*stack.Group{{Name: "staff", Owners: owners}, {Name: "all", Members: []stack.Member{{Group: "staff"}}}},
			Applications: []*stack.Application{{Name: "api", DisplayName: "API",
				AppRoles:        []stack.AppRole{{Value: "Reader", DisplayName: "Reader", AllowedMemberTypes: []string{"User"}}},
				RoleAssignments: []stack.RoleAssignment{{Role: "Reader", Groups: []string{"staff"}}}}}}}
	}
	why := w.refused(stacks())
	for _, part := range []string{"group provision.orders.staff", "Reader", "member ", "owner user \"mallory\""} {
		if !strings.Contains(why, part) {
			t.Errorf("%q does not say %q", why, part)
		}
	}
	w.must(stacks("mallory@${tenant.domain}"), plan.Options{})
}

// TestApplicationFoundByNameIsNotTrusted. An application that the manifest
// identifies by appId is trusted.
func TestApplicationFoundByNameIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	appID := createUnmanaged(w)
	results, err := w.graph.Read(context.Background(), graph.ApplicationNamed("their-app"))
	if err != nil {
		t.Fatal(err)
	}
	var theirs struct{ ID string }
	if err := json.Unmarshal(results[0].Object, &theirs); err != nil {
		t.Fatal(err)
	}
	w.own(graph.OwnedApplication, theirs.ID, w.person("mallory"))
	stacks := func(theirs stack.Application) []*stack.Stack {
		theirs.Name, theirs.Existing = "theirs", true
		theirs.Permissions = []stack.Permission{{Resource: "api", Scopes: []string{"read"}, AdminConsent: true}}
		return []*stack.Stack{{Name: "s", Applications: []*stack.Application{&theirs, {Name: "api", DisplayName: "API",
			API: stack.API{OAuth2PermissionScopes: []stack.Scope{{Value: "read"}},
				PreAuthorizedApplications: []stack.PreAuthorizedApplication{{Application: "theirs", Scopes: []string{"read"}}}}}}}}
	}
	why := w.refused(stacks(stack.Application{DisplayName: "Their App"}))
	for _, part := range []string{"grant ", "pre-authorization for s.api", "owner user \"mallory\""} {
		if !strings.Contains(why, part) {
			t.Errorf("%q does not say %q", why, part)
		}
	}
	if p := w.plan(stacks(stack.Application{UniqueName: "their-app", Owners: []string{"mallory@${tenant.domain}"}}), plan.Options{}); len(p.Distrusted) > 0 {
		t.Errorf("with the owner named: %v", p.Distrusted)
	}
	w.must(stacks(stack.Application{AppID: appID}), plan.Options{})
}

// TestPlanShowsServicePrincipalCredentials: credentials that were added by hand are
// reported, and removed according to the policy.
func TestPlanShowsServicePrincipalCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stacks := daemon(nil)
	w.must(stacks, plan.Options{})
	state := w.state(stacks)
	app := plan.Key{Kind: plan.Application, Name: "orders.daemon"}
	principal, appID := state.Lookup(app, plan.ServicePrincipalID), state.Lookup(app, plan.AppID)
	text := w.addPrincipalPassword(principal, "backdoor")
	if err := w.proves(context.Background(), appID, text); err != nil {
		t.Fatalf("the secret that was added: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der := certificate(t, "backdoor", key, 100).Raw
	if err := w.write(graph.UpdateServicePrincipal(principal, graph.Object{"keyCredentials": []any{graph.Object{
		"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "sidedoor", "key": base64.StdEncoding.EncodeToString(der)}}})); err != nil {
		t.Fatal(err)
	}
	w.own(graph.OwnedServicePrincipal, principal, w.person("mallory"))
	p := w.plan(stacks, plan.Options{})
	notes := strings.Join(p.Notes, "\n")
	for _, part := range []string{
		`service principal of orders.daemon has a secret "backdoor" that no manifest names`,
		`service principal of orders.daemon has a certificate "sidedoor" that no manifest names`,
		`service principal of orders.daemon has an owner that no manifest names: user "mallory"`,
	} {
		if !strings.Contains(notes, part) {
			t.Errorf("notes %q do not say %q", notes, part)
		}
	}
	if strings.Contains(p.Summary(), "nothing to do") {
		t.Errorf("the plan says %q", p.Summary())
	}
	whole := daemon(func(_ *stack.Stack, a *stack.Application) { a.Owners = []string{} })
	w.must(whole, plan.Options{Prune: []string{"orders"}})
	if err := w.proves(context.Background(), appID, text); err == nil {
		t.Error("the secret that was added still signs in")
	}
	if p := w.plan(whole, plan.Options{Prune: []string{"orders"}}); len(p.Foreign) > 0 {
		t.Errorf("foreign %v, want nothing left", p.Foreign)
	}
}

// TestPlanShowsManuallyDisabledObjects, and apply enables them.
func TestPlanShowsManuallyDisabledObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off := false
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{{Name: "a", DisplayName: "A"}, {Name: "b", DisplayName: "B", ServicePrincipal: stack.ServicePrincipal{AccountEnabled: &off}}},
		Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + w.tenant.Domain}, {Name: "bert", UserPrincipalName: "bert@" + w.tenant.Domain, AccountEnabled: &off}}}}
	w.must(stacks, plan.Options{})
	state := w.state(stacks)
	disabled := graph.Object{"accountEnabled": false}
	if err := w.write(graph.UpdateUser(state.Lookup(plan.Key{Kind: plan.User, Name: "ada@" + w.tenant.Domain}, plan.ID), disabled)); err != nil {
		t.Fatal(err)
	}
	if err := w.write(graph.UpdateServicePrincipal(state.Lookup(plan.Key{Kind: plan.Application, Name: "s.a"}, plan.ServicePrincipalID), disabled)); err != nil {
		t.Fatal(err)
	}
	p := w.plan(stacks, plan.Options{})
	var got []string
	for _, s := range p.Steps {
		for _, c := range s.Changes {
			got = append(got, s.Key.String()+" "+c.Path.String())
		}
	}
	if diff := cmp.Diff([]string{"user ada@" + w.tenant.Domain + " accountEnabled", "servicePrincipal s.a accountEnabled"}, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	w.must(stacks, plan.Options{})
}

// TestDeclaredGroupOwnersReplaceOthers: users and applications, by every form of name.
func TestDeclaredGroupOwnersReplaceOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("cleo")
	stacks := func(owners ...string) []*stack.Stack {
		return []*stack.Stack{{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + w.tenant.Domain}},
			Applications: []*stack.Application{{Name: "ci", DisplayName: "CI"}}, Groups: []*stack.Group{{Name: "g", Owners: owners}}}}
	}
	owners := func() string {
		t.Helper()
		all := stacks("ada")
		var names []string
		for k, o := range w.state(all).Objects {
			if k.Kind == plan.Owner && o.Ends.Resource.Kind == plan.Group {
				names = append(names, o.Properties["displayName"].(string))
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for _, step := range []struct {
		owners []string
		want   string
	}{
		{[]string{"ada", "ci"}, "CI ada"},
		{[]string{"cleo@${tenant.domain}"}, "CI cleo"}, // an application is never removed
		{nil, "CI cleo"},
		{[]string{"s/ci", "ada"}, "CI ada"},
	} {
		w.must(stacks(step.owners...), plan.Options{})
		if got := owners(); got != step.want {
			t.Errorf("with owners %v the group is owned by %q, want %q", step.owners, got, step.want)
		}
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
}

// TestKeyIdentifierIsNotTrusted: the creator of a certificate can choose its customKeyIdentifier.
func TestKeyIdentifierIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := certificate(t, "ours", key, 100), certificate(t, "theirs", key, 100)
	stacks := withCertificates(t, "", map[string]*x509.Certificate{"machine": ours})
	identifier, err := hex.DecodeString(stack.Certificate{DER: ours.Raw}.Thumbprint())
	if err != nil {
		t.Fatal(err)
	}
	id, _ := w.forge("s.a")
	if err := w.write(graph.UpdateApplication(id, graph.Object{"keyCredentials": []any{graph.Object{
		"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "other", "customKeyIdentifier": base64.StdEncoding.EncodeToString(identifier),
		"key": base64.StdEncoding.EncodeToString(theirs.Raw)}}})); err != nil {
		t.Fatal(err)
	}
	p := w.plan(stacks, plan.Options{})
	if len(p.Foreign) != 1 || p.Foreign[0].Kind != plan.Certificate {
		t.Errorf("foreign %v, want the key that calls itself ours", p.Foreign)
	}
	w.must(stacks, plan.Options{Prune: []string{"s"}})
	if strings.Contains(w.dump(), `"other"`) || !strings.Contains(w.dump(), `"machine"`) {
		t.Error("the tenant has not the manifest's certificate alone")
	}
}

// TestPlanNotesUnknownPasswords, with the rights that the plan would give the users.
func TestPlanNotesUnknownPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := &stack.Stack{Name: "s", Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@" + w.tenant.Domain}}}
	w.must([]*stack.Stack{people}, plan.Options{})
	w.keep.Dir = t.TempDir()
	people.Groups = []*stack.Group{{Name: "g", Members: []stack.Member{{User: "ada"}}}}
	p, err := plan.Diff([]*stack.Stack{people}, w.state([]*stack.Stack{people}), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, "password ada@"+w.tenant.Domain+": it is not stored on this machine") || !strings.Contains(notes, "gets member user ada") {
		t.Errorf("notes %q, want one of ada's password and of the membership", notes)
	}
}
