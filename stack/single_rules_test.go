package stack

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSingleRules: each row is one application, group or Conformance document that violates one
// rule, with the mistake and the beginning of the hint.
func TestSingleRules(t *testing.T) {
	t.Parallel()
	application := func(name, spec string) [3]string { return [3]string{"Application", name, spec} }
	group := func(spec string) [3]string { return [3]string{"Group", "g", spec} }
	const appID = "11111111-1111-4111-8111-111111111111"
	api := application("api", `{displayName: A, api: {oauth2PermissionScopes: [{value: read, type: User, adminConsentDisplayName: R, adminConsentDescription: R}]},
    appRoles: [{value: Admin, displayName: A, description: A, allowedMemberTypes: [User]}]}`)
	for name, c := range map[string]struct {
		documents     [][3]string
		stage         Stage
		mistake, hint string
	}{
		"a registration is adopted twice": {documents: [][3]string{application("a", "{displayName: A, adopt: "+appID+"}"), application("b", "{displayName: B, adopt: "+strings.ToUpper(appID)+"}")},
			mistake: "application a (", hint: "remove one of the documents"},
		"an environment adopts": {documents: [][3]string{application("a", "{displayName: A, adopt: "+appID+"}")}, stage: Stage{Suffix: "pr-1"},
			mistake: "an environment with suffix pr-1 cannot adopt the registration of another one", hint: "exclude the application for this target"},
		"consent without a service principal": {documents: [][3]string{api, application("a", "{displayName: A, servicePrincipal: {create: false}, permissions: [{resource: api, scopes: [read], adminConsent: true}]}")},
			mistake: "an application without a service principal cannot get consent", hint: "remove create: false"},
		"roles without a service principal": {documents: [][3]string{application("a", "{displayName: A, servicePrincipal: {create: false}, appRoles: [{value: Admin, displayName: A, description: A, allowedMemberTypes: [User]}], roleAssignments: [{role: Admin, users: [ada]}]}")},
			mistake: "roles of an application without a service principal cannot be assigned", hint: "remove create: false"},
		"consent of an existing application elsewhere": {documents: [][3]string{application("a", "{existing: true, appId: "+appID+", permissions: [{resource: Microsoft Graph, scopes: [openid], adminConsent: true}]}")},
			mistake: "an existing application can only get consent for resources of this stack", hint: "name an application of this stack"},
		"one URI on two applications": {documents: [][3]string{application("a", "{displayName: A, identifierUris: ['api://x']}"), application("b", "{displayName: B, identifierUris: ['api://x']}")},
			mistake: `identifier URI "api://x" is also an identifier URI of application a (`},
		"two roles of one value": {documents: [][3]string{application("a", "{displayName: A, appRoles: [{value: R, displayName: A, description: A, allowedMemberTypes: [User]}, {value: R, displayName: A, description: A, allowedMemberTypes: [User]}]}")},
			mistake: `role "R" is declared twice`},
		"two roles of one id": {documents: [][3]string{application("a", "{displayName: A, appRoles: [{id: "+appID+", value: R, displayName: A, description: A, allowedMemberTypes: [User]}, {id: "+appID+", value: S, displayName: A, description: A, allowedMemberTypes: [User]}]}")},
			mistake: "role S has the id of role R"},
		"an existing group without an identity": {documents: [][3]string{group("{existing: true}")},
			mistake: "existing group g needs a uniqueName, a displayName or an id that identifies it"},
		"the id of a new group": {documents: [][3]string{group("{displayName: G, id: " + appID + "}")},
			mistake: "id is set by Entra", hint: "remove it, or add `existing: true`"},
		"the uniqueName of a new group": {documents: [][3]string{group("{displayName: G, uniqueName: g}")},
			mistake: "uniqueName is set by provision", hint: "remove it, or add `existing: true`"},
		"a member twice": {documents: [][3]string{group("{displayName: G, members: [{user: ada}, {user: ada}]}")},
			mistake: "the same member is listed twice"},
		"a property of an existing group": {documents: [][3]string{group("{existing: true, displayName: G, description: D}")},
			mistake: "description of an existing group is never written", hint: "remove it, or remove `existing: true`"},
		"an unknown resource": {documents: [][3]string{api, {"Conformance", "c", "{resource: apo, client: api, endpoints: [{request: GET /a, requires: {scopes: [read]}}]}"}},
			mistake: `unknown application "apo"`, hint: "did you mean api?"},
		"tenants of a single-tenant API": {documents: [][3]string{api, {"Conformance", "c", "{resource: api, client: api, tenants: any, endpoints: [{request: GET /a, requires: {scopes: [read]}}]}"}},
			mistake: "the API admits other tenants, and application api is for its own tenant only", hint: "add signInAudience: AzureADMultipleOrgs"},
		"a header of two lines": {documents: [][3]string{api, {"Conformance", "c", `{resource: api, client: api, headers: {X-A: "a\nb"}, endpoints: [{request: GET /a, requires: {scopes: [read]}}]}`}},
			mistake: "the value of a header must be one line"},
		"entries that are no list": {documents: [][3]string{application("a", "{displayName: A, owners: [{targets: [local], entries: ada}]}")}, stage: Stage{Target: "local"},
			mistake: "entries must be a list", hint: "write a list, e.g. entries: [a, b]"},
		"targets that are no list": {documents: [][3]string{application("a", "{displayName: A, owners: [{targets: local, entries: [ada]}]}")}, stage: Stage{Target: "local"},
			mistake: "targets must be a list of targets", hint: "write a list, e.g. targets: [local, staging]"},
		"a target that is no name": {documents: [][3]string{application("a", "{displayName: A, owners: [{targets: [[local]], entries: [ada]}]}")}, stage: Stage{Target: "local"},
			mistake: "targets must be a list of targets", hint: "write the name of a target"},
	} {
		_, err := loadText(t, c.stage, map[string]string{"stack.yaml": documents(append([][3]string{{"Stack", "s", "{}"}}, c.documents...)...)})
		var mistakes Mistakes
		errors.As(err, &mistakes)
		if !slices.ContainsFunc(mistakes, func(m Mistake) bool {
			return strings.HasPrefix(m.Message, c.mistake) && strings.HasPrefix(m.Hint, c.hint)
		}) {
			t.Errorf("%s: %v, want %q and the hint %q", name, err, c.mistake, c.hint)
		}
	}
}

// TestFolderHints: the hint for a path that is no folder of manifests.
func TestFolderHints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "orders"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "orders", "stack.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]string{
		filepath.Join(dir, "order"):     {"no such folder", "did you mean " + filepath.Join(dir, "orders") + "?"},
		filepath.Join(dir, "x"):         {"no such folder", "name the folder that contains the manifests"},
		filepath.Join(dir, "plan.json"): {"no such file", "`provision plan DIR --out FILE` writes a plan to a file"},
		file:                            {"is a file; manifests are read from a folder", "did you mean " + filepath.Join(dir, "orders") + "?"},
	} {
		_, err := Load(path, Stage{})
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) != 1 || mistakes[0].Message != want[0] || !strings.HasPrefix(mistakes[0].Hint, want[1]) {
			t.Errorf("%s: %v, want %q and the hint %q", path, err, want[0], want[1])
		}
	}
}
