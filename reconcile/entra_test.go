package reconcile_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/emulator"
	"provision/graph"
	"provision/plan"
	"provision/stack"
)

func ptr[T any](v T) *T { return &v }

// TestSettingsOfSignIn applies and changes each setting. must checks that the next plan is empty.
func TestSettingsOfSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.dump()
	a := &stack.Application{
		Name: "addin", DisplayName: "Add-in", SignInAudience: ptr("AzureADMultipleOrgs"), GroupMembershipClaims: ptr("SecurityGroup, ApplicationGroup"),
		IsDisabled: ptr(true), DefaultRedirectURI: ptr("https://addin.example/cb"), SamlMetadataURL: ptr("https://addin.example/metadata"),
		TokenEncryptionKeyID: ptr("0b3b1c52-6b0e-4d5d-9a0a-2a4b8e1f7c11"), NativeAuthenticationAPIs: ptr("all"),
		Web:                          stack.Web{RedirectURIs: []string{"https://*.addin.example/cb"}},
		SPA:                          stack.RedirectURIs{RedirectURIs: []string{"brk-multihub://addin.example", "https://addin.example/cb"}},
		RequestSignatureVerification: &stack.RequestSignatureVerification{IsSignedRequestRequired: true, AllowedWeakAlgorithms: ptr("rsaSha1")},
		PrincipalLock:                &stack.PrincipalLock{IsEnabled: true, AllProperties: ptr(true)},
		AuthenticationBehaviors:      &stack.AuthenticationBehaviors{BlockAzureADGraphAccess: ptr(true), RemoveUnverifiedEmailClaim: ptr(false)},
	}
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}
	w.must(stacks, plan.Options{})
	for _, text := range []string{"SecurityGroup, ApplicationGroup", `"isDisabled": true`, "brk-multihub://addin.example", "https://*.addin.example/cb",
		`"isSignedRequestRequired": true`, `"blockAzureADGraphAccess": true`, "https://addin.example/metadata", `"nativeAuthenticationApisEnabled": "all"`} {
		if !strings.Contains(w.dump(), text) {
			t.Errorf("the tenant has no %s", text)
		}
	}
	a.GroupMembershipClaims = ptr("ApplicationGroup,SecurityGroup")
	if p := w.plan(stacks, plan.Options{}); !p.Empty() {
		t.Errorf("another order of groupMembershipClaims is a change: %v", p.Steps)
	}
	a.GroupMembershipClaims = ptr("ApplicationGroup")
	a.IsDisabled, a.PrincipalLock.AllProperties = ptr(false), ptr(false)
	a.AuthenticationBehaviors.BlockAzureADGraphAccess = ptr(false)
	a.RequestSignatureVerification.IsSignedRequestRequired = false
	if done := w.must(stacks, plan.Options{}); done.Writes != 1 {
		t.Errorf("the change took %d writes, want 1", done.Writes)
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("after the destroy (-before +after):\n%s", diff)
	}
}

// TestSAMLApplicationIsExemptFromTheURIPolicy: the service principal's sign-in mode is set before
// the URI, in a first apply and later.
func TestSAMLApplicationIsExemptFromTheURIPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := &stack.Application{Name: "portal", DisplayName: "Portal", IdentifierURIs: []string{"urn:contoso:portal"},
		ServicePrincipal: stack.ServicePrincipal{PreferredSSOMode: ptr("saml")}}
	w.must([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}, plan.Options{})
	other := &stack.Application{Name: "other", DisplayName: "Other", IdentifierURIs: []string{"https://other.example/${appId}", "api://${tenant.id}/other"}}
	w.must([]*stack.Stack{{Name: "later", Applications: []*stack.Application{other}}}, plan.Options{})
	other.IdentifierURIs, other.ServicePrincipal.PreferredSSOMode = []string{"urn:contoso:other"}, ptr("saml")
	w.must([]*stack.Stack{{Name: "later", Applications: []*stack.Application{other}}}, plan.Options{})
}

// TestFederatedCredentialsOfEveryKind creates them, and changes each kind to another kind.
func TestFederatedCredentialsOfEveryKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	identity := w.managedIdentity("orders-identity")
	const github = "https://token.actions.githubusercontent.com"
	a := &stack.Application{Name: "api", DisplayName: "API",
		AppRoles:        []stack.AppRole{{Value: "Job", DisplayName: "Job", AllowedMemberTypes: []string{"Application"}}},
		RoleAssignments: []stack.RoleAssignment{{Role: "Job", Applications: []string{"mi"}}},
		FederatedCredentials: []stack.FederatedCredential{
			{Name: "any", Issuer: github, ClaimsMatchingExpression: &stack.ClaimsMatchingExpression{Value: "claims['sub'] matches 'repo:contoso/*'"}},
			{Name: "ids", GitHub: &stack.GitHub{Repository: "contoso/orders", OwnerID: 1, RepositoryID: 2, Branch: "main", Subjects: "both"}},
			{Name: "mi", ManagedIdentity: "mi"},
			{Name: "plain", Issuer: "https://issuer.example", Subject: "job"},
		}}
	stacks := []*stack.Stack{{Name: "s", Applications: []*stack.Application{a, {Name: "mi", Existing: true, DisplayName: "orders-identity"}}}}
	w.must(stacks, plan.Options{})
	credentials, clientID := w.federated("s.api")
	for _, text := range []string{"repo:contoso@1/orders@2:ref:refs/heads/main", "repo:contoso/orders:ref:refs/heads/main", identity.PrincipalID,
		"https://login.microsoftonline.com/" + w.tenant.TenantID + "/v2.0", "claims['sub'] matches 'repo:contoso/*'"} {
		if !strings.Contains(credentials, text) {
			t.Errorf("the application has no %s: %s", text, credentials)
		}
	}
	w.exchange(identity, clientID)
	a.FederatedCredentials[3] = stack.FederatedCredential{Name: "plain", Issuer: "https://issuer.example",
		ClaimsMatchingExpression: &stack.ClaimsMatchingExpression{Value: "claims['sub'] eq 'job'"}}
	a.FederatedCredentials[0] = stack.FederatedCredential{Name: "any", Issuer: github, Subject: "repo:contoso@1/orders@2:pull_request"}
	w.must(stacks, plan.Options{})
	// No expression remains, so that the tenant is read without Graph's beta version.
	a.FederatedCredentials[3] = stack.FederatedCredential{Name: "plain", Issuer: "https://issuer.example", Subject: "job"}
	w.must(stacks, plan.Options{})
	if credentials, _ := w.federated("s.api"); strings.Contains(credentials, "claims['sub']") {
		t.Errorf("an expression stayed: %s", credentials)
	}

	a.FederatedCredentials[2].ManagedIdentity = "theirs"
	createUnmanaged(w)
	stacks[0].Applications = append(stacks[0].Applications, &stack.Application{Name: "theirs", Existing: true, UniqueName: "their-app"})
	_, err := w.apply(stacks, plan.Options{})
	if !errors.As(err, new(stack.Mistakes)) || !strings.Contains(err.Error(), "theirs is not a managed identity") {
		t.Errorf("an application as a managed identity: %v", err)
	}
}

// TestKindsOfGroupsAndUsers creates a guest, nested groups, dynamic groups and a Microsoft 365
// group, and changes the membership type of groups.
func TestKindsOfGroupsAndUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.dump()
	sales := &stack.Group{Name: "sales", MembershipRule: ptr(`user.department -eq "Sales"`)}
	guest := &stack.User{Name: "guest", UserPrincipalName: "g_partner.example#EXT#@${tenant.domain}", UserType: ptr("Guest"), Mail: ptr("g@partner.example")}
	s := &stack.Stack{Name: "s",
		Users: []*stack.User{{Name: "ada", UserPrincipalName: "ada@${tenant.domain}", Department: ptr("Sales")}, guest},
		Groups: []*stack.Group{sales,
			{Name: "outer", Members: []stack.Member{{Group: "inner"}, {Group: "sales"}}},
			{Name: "inner", Members: []stack.Member{{User: "guest"}}},
			{Name: "team", GroupTypes: []string{"Unified"}, Visibility: ptr("Private"), Members: []stack.Member{{User: "ada"}}}}}
	stacks := []*stack.Stack{s}
	w.must(stacks, plan.Options{})
	for _, text := range []string{`"userType": "Guest"`, `"mail": "g@partner.example"`, `"Unified"`, `"DynamicMembership"`} {
		if !strings.Contains(w.dump(), text) {
			t.Errorf("the tenant has no %s", text)
		}
	}
	guest.Mail, sales.MembershipRule = ptr("guest@partner.example"), ptr(`user.department -eq "Labs"`)
	w.must(stacks, plan.Options{})
	sales.RuleProcessing = ptr("Paused")
	w.must(stacks, plan.Options{})
	sales.MembershipRule, sales.RuleProcessing, sales.Members = nil, nil, []stack.Member{{User: "guest"}}
	w.must(stacks, plan.Options{})
	sales.MembershipRule, sales.Members = ptr(`user.department -eq "Sales"`), nil
	w.must(stacks, plan.Options{})
	s.Groups[3].GroupTypes, s.Groups[3].Visibility = nil, nil
	if _, err := w.apply(stacks, plan.Options{}); !errors.As(err, new(stack.Mistakes)) {
		t.Errorf("a Microsoft 365 group that becomes another: %v, want a problem", err)
	}
	w.must(nil, plan.Options{Destroy: []string{"s"}})
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("after the destroy (-before +after):\n%s", diff)
	}
}

// managedIdentity creates a managed identity in the tenant.
func (w *world) managedIdentity(name string) (identity emulator.ManagedIdentity) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.tenant.ManagementURL+"/managed-identities", strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tenant.ManagementKey)
	r.Header.Set("Content-Type", "application/json")
	w.answer(r, http.StatusCreated, &identity)
	return identity
}

// exchange signs the application in with the token of the managed identity.
func (w *world) exchange(identity emulator.ManagedIdentity, clientID string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet,
		identity.Environment["IDENTITY_ENDPOINT"]+"?api-version=2019-08-01&resource=api://AzureADTokenExchange", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("X-IDENTITY-HEADER", identity.Environment["IDENTITY_HEADER"])
	var token struct {
		AccessToken string `json:"access_token"`
	}
	w.answer(r, http.StatusOK, &token)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://graph.microsoft.com/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token.AccessToken}}
	r, err = http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.tenant.Origin+"/"+w.tenant.TenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.answer(r, http.StatusOK, &token)
}

func (w *world) answer(r *http.Request, status int, into any) {
	w.t.Helper()
	answer, err := w.tenant.HTTPClient().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		w.t.Fatalf("%s: %d %s, %v", r.URL, answer.StatusCode, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		w.t.Fatal(err)
	}
}

// federated returns the federated credentials of an application from Graph's beta version, and
// its client id.
func (w *world) federated(uniqueName string) (credentials, clientID string) {
	w.t.Helper()
	results, err := w.graph.Read(w.t.Context(), graph.ApplicationNamed(uniqueName))
	if err != nil {
		w.t.Fatal(err)
	}
	var app struct{ ID, AppID string }
	if err := json.Unmarshal(results[0].Object, &app); err != nil {
		w.t.Fatal(err)
	}
	results, err = w.graph.Read(w.t.Context(), graph.FlexibleFederatedCredentials(app.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	for _, item := range results[0].Items {
		b.Write(item)
	}
	return b.String(), app.AppID
}
