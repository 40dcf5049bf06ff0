package policy

import (
	"slices"
	"testing"
)

// TestPlantedViolations: manifests with one mistake each, taken from guides for reviewers, and
// correct ones. The rules find each mistake, and nothing in the correct ones.
func TestPlantedViolations(t *testing.T) {
	t.Parallel()
	graph := func(kind, value string) string {
		return "permissions: [{resource: Microsoft Graph, " + kind + ": [" + value + "], adminConsent: true}]"
	}
	owned := "\nservicePrincipal: {appRoleAssignmentRequired: true}\nowners: [ada@contoso.example, bob@contoso.example]\n"
	for spec, want := range map[string]string{
		`spa: {redirectUris: ["https://spa.contoso.example/"]}` + "\nsecrets: [{name: s, lifetime: 90d}]": "secret-public-client",
		`secrets: [{name: s, lifetime: 730d}]`:                                                                          "secret-lifetime-year",
		`web: {redirectUris: ["http://localhost:8080/cb", "https://ok.contoso.example/"]}`:                              "redirect-localhost",
		`web: {redirectUris: ["https://old.azurewebsites.net/signin"]}`:                                                 "redirect-shared-domain",
		`web: {redirectUris: ["https://vm.westeurope.cloudapp.azure.com/cb"]}`:                                          "redirect-shared-domain",
		`spa: {redirectUris: ["https://old.trafficmanager.net/"]}`:                                                      "redirect-shared-domain",
		`web: {redirectUris: ["https://*.contoso.example/cb"]}`:                                                         "redirect-wildcard",
		`web: {redirectUris: ["https://203.0.113.7/cb"]}`:                                                               "redirect-address",
		`isFallbackPublicClient: true` + "\n" + `web: {redirectUris: ["https://x.contoso.example/"]}`:                   "public-client-fallback",
		`web: {redirectUris: ["https://x.contoso.example/"], implicitGrantSettings: {enableAccessTokenIssuance: true}}`: "implicit-access-token",
		`federatedCredentials: [{name: gh, issuer: "https://token.actions.githubusercontent.com", claimsMatchingExpression: {value: "claims['sub'] matches 'repo:contoso/*'"}}]`: "federated-wide",
		`api: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Files.Delete, type: User}]}`:                                                                     "scope-write-by-user",
		graph("roles", "RoleManagement.ReadWrite.Directory"):                                                                                                                     "graph-path-to-administrator",
		graph("roles", "AppRoleAssignment.ReadWrite.All"):                                                                                                                        "graph-path-to-administrator",
		graph("roles", "Application.ReadWrite.All"):                                                                                                                              "graph-path-to-administrator",
		graph("roles", "Policy.ReadWrite.ConditionalAccess"):                                                                                                                     "graph-path-to-administrator",
		graph("roles", "UserAuthenticationMethod.ReadWrite.All"):                                                                                                                 "graph-path-to-administrator",
		graph("roles", "Domain.ReadWrite.All"):                                                                                                                                   "graph-path-to-administrator",
		graph("roles", "Group.ReadWrite.All"):                                                                                                                                    "graph-path-to-administrator",
		graph("roles", "PrivilegedAccess.ReadWrite.AzureADGroup"):                                                                                                                "graph-path-to-administrator",
		graph("roles", "DeviceManagementConfiguration.ReadWrite.All"):                                                                                                            "graph-path-to-administrator",
		graph("roles", "Mail.ReadWrite"):                                                                                                                                         "graph-all-mail-and-files",
		graph("roles", "Sites.FullControl.All"):                                                                                                                                  "graph-all-mail-and-files",
		graph("scopes", "Directory.AccessAsUser.All"):                                                                                                                            "graph-delegated-administrator",
		`permissions: [{resource: 00000002-0000-0ff1-ce00-000000000000, roles: [full_access_as_app, Exchange.ManageAsApp]}]`:                                                     "graph-all-mail-and-files",
		`permissions: [{resource: 00000003-0000-0ff1-ce00-000000000000, roles: [Sites.FullControl.All]}]`:                                                                        "graph-all-mail-and-files",
		`permissions: [{resource: 00000003-0000-0ff1-ce00-000000000000, roles: [Sites.Selected], adminConsent: true}]` + owned:                                                   "",
		`web: {redirectUris: ["https://gateway.contoso.example/*"]}`:                                                                                                             "redirect-wildcard",
		`web: {redirectUris: ["https://w.contoso.example/in"]}` + owned:                                                                                                          "",
		`spa: {redirectUris: ["https://spa.contoso.example/"]}` + owned:                                                                                                          "",
		`publicClient: {redirectUris: ["http://localhost"]}` + "\n" + graph("scopes", "User.Read") + owned:                                                                       "",
		`federatedCredentials: [{name: gh, github: {repository: contoso/app, environment: production}}]` + owned:                                                                 "",
		`identifierUris: ["api://${appId}"]` + "\n" + `api: {requestedAccessTokenVersion: 2, oauth2PermissionScopes: [{value: Orders.Read}, {value: Orders.Write, type: Admin}]}` + owned: "",
	} {
		all, err := Check(example(t, "", "displayName: A\n"+spec), now)
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		var found []string
		for _, v := range all {
			found = append(found, v.Rule)
		}
		if want == "" && len(found) > 0 || want != "" && !slices.Contains(found, want) {
			t.Errorf("%s: %v, want %q", spec, found, want)
		}
	}
}
