package adopt_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"provision/adopt"
	"provision/emulator/emulatortest"
	"provision/graph"
	"provision/plan"
	"provision/reconcile"
	"provision/stack"
)

type object = map[string]any

// world is a tenant whose registrations somebody made with Graph.
type world struct {
	t      *testing.T
	tenant *emulatortest.Tenant
	graph  *graph.Client
	keep   reconcile.Keep
	token  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, tenant: emulatortest.Start(t), keep: reconcile.Keep{Dir: t.TempDir(), AllowOutside: true}}
	client := w.tenant.HTTPClient()
	credential, err := azidentity.NewClientSecretCredential(w.tenant.TenantID, w.tenant.ClientID, w.tenant.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true, ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: w.tenant.Origin + "/"}, Transport: client}})
	if err != nil {
		t.Fatal(err)
	}
	if w.graph, err = graph.New(credential, graph.Options{Endpoint: w.tenant.Origin + "/v1.0", Transport: client.Transport}); err != nil {
		t.Fatal(err)
	}
	response, err := client.PostForm(w.tenant.Origin+"/"+w.tenant.TenantID+"/oauth2/v2.0/token", url.Values{"client_id": {w.tenant.ClientID}, "client_secret": {w.tenant.ClientSecret},
		"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	w.token = answer.AccessToken
	return w
}

// send sends a request to Graph and returns the object that it answers.
func (w *world) send(method, path string, body any) object {
	w.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequest(method, w.tenant.Origin+"/v1.0"+path, bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := w.tenant.HTTPClient().Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if response.StatusCode > 299 {
		w.t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, answer)
	}
	m := object{}
	_ = json.Unmarshal(answer, &m) // a 204 has no body
	return m
}

func (w *world) reader() reconcile.Reader {
	return reconcile.Reader{Graph: w.graph, Keep: w.keep, Now: time.Now}
}

// imported imports into a folder, and returns the files and the properties that import cannot
// express.
func (w *world) imported(selection adopt.Selection) (dir string, files map[string]string, lost []adopt.Lost) {
	w.t.Helper()
	ctx := context.Background()
	found, err := adopt.Find(ctx, w.graph, selection)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range found {
		if found[i].AppID == w.tenant.ClientID {
			found = append(found[:i], found[i+1:]...)
			break
		}
	}
	all, err := adopt.Read(ctx, w.reader(), "taken", found)
	if err != nil {
		w.t.Fatal(err)
	}
	written := all.Files()
	dir, files = w.t.TempDir(), map[string]string{}
	for _, f := range written {
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			w.t.Fatal(err)
		}
		files[f.Path] = string(f.Content)
	}
	return dir, files, all.Lost
}

func (w *world) plan(dir string) (*plan.Plan, *plan.State, []*stack.Stack) {
	w.t.Helper()
	stacks, err := stack.Load(dir, stack.Stage{})
	if err != nil {
		w.t.Fatalf("the manifests do not load: %v", err)
	}
	state, err := w.reader().Read(context.Background(), stacks, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := plan.Diff(stacks, state, plan.Options{KeepDeleted: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return p, state, stacks
}

// adopted checks that a plan only adopts, applies it, and checks that the next plan is empty.
func (w *world) adopted(dir string, applications int) {
	w.t.Helper()
	p, state, _ := w.plan(dir)
	if others := p.BesideAdoption(); len(others) > 0 || len(p.Steps) != applications {
		var b strings.Builder
		_ = p.Text(&b, false, true)
		w.t.Fatalf("the plan does more than adopt %d applications (%v):\n%s", applications, others, b.String())
	}
	done, err := reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: time.Second}.Apply(context.Background(), p, state)
	if err != nil {
		w.t.Fatal(err)
	}
	if done.Writes > 2*applications {
		w.t.Errorf("%d writes for %d applications", done.Writes, applications)
	}
	if p, _, _ := w.plan(dir); !p.Empty() {
		var b strings.Builder
		_ = p.Text(&b, false, true)
		w.t.Errorf("after the adoption there is something to do:\n%s", b.String())
	}
}

// registration makes an application with any properties.
func (w *world) registration(r *mathrand.Rand, i int, users, groups []string, before []object) object {
	w.t.Helper()
	maybe := func() bool { return r.IntN(2) == 0 }
	roles, scopes := []any{}, []any{}
	for _, v := range []string{"Read", "Write", "Admin"} {
		if maybe() {
			roles = append(roles, object{"id": uuid.NewString(), "value": v, "displayName": v + " role", "description": "Role " + v, "isEnabled": v != "Admin", "allowedMemberTypes": []string{"Application", "User"}})
		}
		if maybe() {
			scopes = append(scopes, object{"id": uuid.NewString(), "value": "Orders." + v, "type": "User", "isEnabled": true, "adminConsentDisplayName": "Consent " + v, "adminConsentDescription": "For: " + v + " #1"})
		}
	}
	body := object{"displayName": fmt.Sprintf("Über App %d: #%d", r.IntN(3), i), "appRoles": roles, "tags": []string{"team-a", "WindowsAzureActiveDirectoryIntegratedApp"},
		"api": object{"oauth2PermissionScopes": scopes, "requestedAccessTokenVersion": 2}}
	if maybe() {
		body["description"] = "yes: no # \"quoted\" 'text'\nsecond line"
		body["web"] = object{"homePageUrl": "https://contoso.example/" + w.tenant.TenantID, "redirectUris": []string{"https://contoso.example/cb", "http://localhost:8000/cb"},
			"implicitGrantSettings": object{"enableIdTokenIssuance": true}}
	}
	if maybe() {
		body["publicClient"] = object{"redirectUris": []string{"http://localhost", "ms-appx-web://microsoft.aad.brokerplugin/" + w.tenant.TenantID}}
		body["isFallbackPublicClient"] = true
	}
	if maybe() {
		body["optionalClaims"] = object{"accessToken": []any{object{"name": "acct", "essential": false, "additionalProperties": []string{}}}, "idToken": []any{}, "saml2Token": []any{}}
		body["groupMembershipClaims"] = "SecurityGroup"
	}
	if maybe() {
		body["uniqueName"] = fmt.Sprintf("bicep-%d", i)
	}
	required := []any{object{"resourceAppId": stack.MicrosoftGraphAppID, "resourceAccess": []any{object{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}}}}
	var of object
	if len(before) > 0 {
		of = before[r.IntN(len(before))]
		access := []any{}
		for _, s := range of["api"].(object)["oauth2PermissionScopes"].([]any) {
			access = append(access, object{"id": s.(object)["id"], "type": "Scope"})
		}
		for _, s := range of["appRoles"].([]any) {
			access = append(access, object{"id": s.(object)["id"], "type": "Role"})
		}
		if len(access) > 0 {
			required = append(required, object{"resourceAppId": of["appId"], "resourceAccess": access})
		}
	}
	if maybe() {
		body["requiredResourceAccess"] = required
	}
	app := w.send("POST", "/applications", body)
	id, appID := app["id"].(string), app["appId"].(string)
	patch := object{}
	if maybe() {
		patch["identifierUris"] = []string{"api://" + appID, fmt.Sprintf("api://%s/orders-%d", w.tenant.TenantID, i)}
	}
	if of != nil && len(scopes) > 0 && maybe() {
		patch["api"] = object{"preAuthorizedApplications": []any{object{"appId": of["appId"], "delegatedPermissionIds": []any{scopes[0].(object)["id"]}}}, "knownClientApplications": []any{of["appId"]}}
	}
	if len(patch) > 0 {
		w.send("PATCH", "/applications/"+id, patch)
	}
	if maybe() {
		w.send("POST", "/applications/"+id+"/addPassword", object{"passwordCredential": object{"displayName": "deploy key"}})
		w.send("POST", "/applications/"+id+"/addPassword", object{"passwordCredential": object{}})
	}
	if maybe() {
		w.send("POST", "/applications/"+id+"/federatedIdentityCredentials", object{"name": "ci", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/orders:environment:prod",
			"audiences": []string{"api://AzureADTokenExchange"}, "description": "CI"})
	}
	if maybe() {
		w.send("PATCH", "/applications/"+id, object{"keyCredentials": []any{object{"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "CN=worker", "key": certificate(w.t)}}})
	}
	if maybe() {
		w.send("POST", "/applications/"+id+"/owners/$ref", object{"@odata.id": w.tenant.Origin + "/v1.0/directoryObjects/" + users[r.IntN(len(users))]})
	}
	if i > 1 && maybe() {
		return app // without a service principal
	}
	sp := w.send("POST", "/servicePrincipals", object{"appId": appID, "appRoleAssignmentRequired": maybe()})["id"].(string)
	app["servicePrincipal"] = sp
	for _, role := range roles {
		for _, principal := range append(users, groups...) {
			if maybe() && role.(object)["isEnabled"] == true {
				w.send("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": principal, "resourceId": sp, "appRoleId": role.(object)["id"]})
			}
		}
	}
	if of != nil && of["servicePrincipal"] != nil && maybe() {
		if s := of["api"].(object)["oauth2PermissionScopes"].([]any); len(s) > 0 {
			w.send("POST", "/oauth2PermissionGrants", object{"clientId": sp, "resourceId": of["servicePrincipal"], "consentType": "AllPrincipals", "scope": s[0].(object)["value"]})
		}
		for _, s := range of["appRoles"].([]any) {
			if s.(object)["isEnabled"] == true {
				w.send("POST", "/servicePrincipals/"+sp+"/appRoleAssignments", object{"principalId": sp, "resourceId": of["servicePrincipal"], "appRoleId": s.(object)["id"]})
			}
		}
	}
	return app
}

// randomRegistrations creates applications, and users and groups with roles of these
// applications.
func (w *world) randomRegistrations(r *mathrand.Rand, n int) []object {
	w.t.Helper()
	var users, groups []string
	for _, name := range []string{"ada", "bo"} {
		users = append(users, w.send("POST", "/users", object{"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": name + "@" + w.tenant.Domain,
			"passwordProfile": object{"password": "xWwvJ]6NMw+bWH-d"}})["id"].(string))
	}
	for _, name := range []string{"Staff", "Staff", "Ops"} { // two with the same name
		groups = append(groups, w.send("POST", "/groups", object{"displayName": name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true})["id"].(string))
	}
	var all []object
	for i := range n {
		all = append(all, w.registration(r, i, users, groups, all))
	}
	return all
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "worker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// TestReadingBackIsTheInverseOfDeclaring imports random registrations. The first plan of the
// manifests only adopts the registrations, and the plan after the apply is empty.
func TestReadingBackIsTheInverseOfDeclaring(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), mathrand.New(mathrand.NewPCG(seed, 7))
			all := w.randomRegistrations(r, 12)
			dir, files, lost := w.imported(adopt.Selection{All: true})
			_, again, _ := w.imported(adopt.Selection{All: true})
			if diff := cmp.Diff(files, again); diff != "" {
				t.Errorf("a second import writes other bytes:\n%s", diff)
			}
			if len(lost) > 0 {
				t.Errorf("lost: %v", lost)
			}
			w.adopted(dir, len(all))
		})
	}
}

// TestUnsupportedPropertiesAreListed: a property that manifests cannot state is listed and not changed.
func TestUnsupportedPropertiesAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("POST", "/applications", object{"displayName": "Odd ${name}", "description": "for ${x}", "web": object{"redirectUris": []string{"https://contoso.example/y"}},
		"requiredResourceAccess": []any{object{"resourceAppId": uuid.NewString(), "resourceAccess": []any{object{"id": uuid.NewString(), "type": "Role"}}}}})
	dir, files, lost := w.imported(adopt.Selection{Names: []string{"Odd ${name}"}})
	var properties []string
	for _, l := range lost {
		properties = append(properties, l.Property)
	}
	if diff := cmp.Diff([]string{"description", "displayName", "requiredResourceAccess"}, properties); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(files["odd-name.yaml"], "# This manifest does not contain:\n#   description: ") || !strings.Contains(files["odd-name.yaml"], "ignore: [description, displayName, requiredResourceAccess]") {
		t.Errorf("the file does not say so:\n%s", files["odd-name.yaml"])
	}
	w.adopted(dir, 1)
}

// TestImportOmitsRefusedValues: a value that manifests refuse is omitted and not changed,
// and the rest is adopted.
func TestImportOmitsRefusedValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role, sharePoint := uuid.NewString(), "00000003-0000-0ff1-ce00-000000000000"
	w.send("POST", "/applications", object{"displayName": "Related", "web": object{"redirectUris": []string{"https://contoso.example/y"}}, "appRoles": []any{
		object{"id": role, "value": "user", "displayName": "User", "description": "User", "isEnabled": true, "allowedMemberTypes": []string{"User"}}}})
	api := w.send("GET", "/applications?$filter=displayName%20eq%20'Related'", nil)["value"].([]any)[0].(object)
	w.send("PATCH", "/applications/"+api["id"].(string), object{"requiredResourceAccess": []any{
		object{"resourceAppId": api["appId"], "resourceAccess": []any{object{"id": role, "type": "Role"}}},
		object{"resourceAppId": sharePoint, "resourceAccess": []any{object{"id": "678536fe-1083-478a-9c59-b99265e6b0d3", "type": "Role"}}}}})
	w.send("POST", "/applications/"+api["id"].(string)+"/federatedIdentityCredentials", object{"name": "orders.contoso.example_x~1", "issuer": "https://contoso.example", "subject": "s", "audiences": []string{"a"}})
	dir, files, lost := w.imported(adopt.Selection{Names: []string{"Related"}})
	if len(lost) != 1 || lost[0].Property != "requiredResourceAccess" || !strings.Contains(lost[0].Reason, "allowedMemberTypes have no Application") {
		t.Errorf("lost: %v", lost)
	}
	if !strings.Contains(files["related.yaml"], "https://contoso.example/y") {
		t.Errorf("too much is left out:\n%s", files["related.yaml"])
	}
	w.adopted(dir, 1)
}

// TestRequestsOfManyRegistrations: registrations are read in lists, so the number of requests
// hardly grows with the number of registrations.
func TestRequestsOfManyRegistrations(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), mathrand.New(mathrand.NewPCG(3, 7))
	w.randomRegistrations(r, 60)
	dir, _, _ := w.imported(adopt.Selection{All: true})
	imported := w.graph.Requests()
	w.plan(dir)
	if planned := w.graph.Requests() - imported; imported > 20 || planned > 20 {
		t.Errorf("%d requests to import 60 registrations and %d to plan them", imported, planned)
	}
}
