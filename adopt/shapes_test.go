package adopt_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/adopt"
	"provision/reconcile"
)

// shapes are unusual registrations, as old tenants contain them: what is unusual, and the body of
// the request that creates each.
var shapes = map[string]string{
	"null everywhere": `{"displayName": "Nulls", "description": null, "notes": null, "groupMembershipClaims": null, "isFallbackPublicClient": null, "serviceManagementReference": null,
		"optionalClaims": null, "defaultRedirectUri": null, "tokenEncryptionKeyId": null, "samlMetadataUrl": null, "uniqueName": null,
		"api": {"acceptMappedClaims": null, "requestedAccessTokenVersion": null}, "info": {"marketingUrl": null, "termsOfServiceUrl": null}, "web": {"homePageUrl": null, "logoutUrl": null}}`,
	"a disabled role and scope": `{"displayName": "Disabled", "appRoles": [
			{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c01", "value": "Old.Role", "displayName": "Old", "description": "Old", "isEnabled": false, "allowedMemberTypes": ["User"]},
			{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c02", "value": "New.Role", "displayName": "New", "description": "New", "isEnabled": true, "allowedMemberTypes": ["Application", "User"]}],
		"api": {"oauth2PermissionScopes": [{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c03", "value": "old", "type": "Admin", "isEnabled": false, "adminConsentDisplayName": "Old", "adminConsentDescription": "Old", "userConsentDisplayName": null, "userConsentDescription": null}]}}`,
	"a role and a scope of one value": `{"displayName": "Twins", "appRoles": [
			{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c11", "value": "Orders.Read", "displayName": "Read orders", "description": "Read all orders", "isEnabled": true, "allowedMemberTypes": ["Application"]}],
		"api": {"oauth2PermissionScopes": [{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c11", "value": "Orders.Read", "type": "User", "isEnabled": true, "adminConsentDisplayName": "Read orders", "adminConsentDescription": "Read all orders", "userConsentDisplayName": "Read your orders", "userConsentDescription": "The app reads your orders"}]}}`,
	"the role that the portal calls msiam_access": `{"displayName": "Gallery copy", "tags": ["WindowsAzureActiveDirectoryIntegratedApp", "WindowsAzureActiveDirectoryCustomSingleSignOnApplication"], "appRoles": [
			{"id": "18d14569-c3bd-439b-9a66-3a2aee01d14f", "displayName": "User", "description": "User", "isEnabled": true, "allowedMemberTypes": ["User"], "value": null},
			{"id": "b9632174-c057-4f7e-951b-be3adc52bfe6", "displayName": "msiam_access", "description": "msiam_access", "isEnabled": true, "allowedMemberTypes": ["User"], "value": null}]}`,
	"roles with characters that roles may have": `{"displayName": "Values", "appRoles": [
			{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c21", "value": "Tasks.Read:All-1/x*(y)", "displayName": "1: #tasks", "description": "yes", "isEnabled": true, "allowedMemberTypes": ["User"]}]}`,
	"hidden characters":    "{\"displayName\": \"Or\u200bders\u00a0API\", \"description\": \"\ufeffstarts with a mark\u202e and turns\", \"notes\": \"tab\\there\\nline\\r\\nline\"}",
	"text that YAML reads": `{"displayName": "yes", "description": "null", "notes": "0123: #no - comment", "serviceManagementReference": "~", "tags": ["on", "1e3", "&anchor", "!tag", "'quote'"]}`,
	"text in languages":    `{"displayName": "注文 🛒 Bestellungen – “Ärger”", "description": "ação ошибка שלום"}`,
	"a name in spaces":     `{"displayName": "  spaced out  "}`,
	"one name, first":      `{"displayName": "My App"}`,
	"one name, second":     `{"displayName": "my-app"}`,
	"one name, third":      `{"displayName": "My_App"}`,
	"the same name":        `{"displayName": "My App", "description": "another one"}`,
	"no letters":           `{"displayName": "..."}`,
	"a reference":          `{"displayName": "${appId} and $${x} ${parameters.y}", "notes": "${tenant.id}", "web": {"homePageUrl": "https://contoso.example/${target}"}}`,
	"a version 1 API": `{"displayName": "Legacy API", "identifierUris": ["https://contoso.onmicrosoft.com/legacy", "api://contoso.onmicrosoft.com/legacy"],
		"api": {"acceptMappedClaims": true, "requestedAccessTokenVersion": 1, "oauth2PermissionScopes": [{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c31", "value": "user_impersonation", "type": "User", "isEnabled": true,
			"adminConsentDisplayName": "Access Legacy API", "adminConsentDescription": "Allow the application to access Legacy API on behalf of the signed-in user.", "userConsentDisplayName": "Access Legacy API", "userConsentDescription": "Allow the application to access Legacy API on your behalf."}]},
		"web": {"redirectUris": ["https://legacy.contoso.example/.auth/login/aad/callback"], "implicitGrantSettings": {"enableIdTokenIssuance": true, "enableAccessTokenIssuance": true}}}`,
	"identities of consumers": `{"displayName": "B2C web", "signInAudience": "AzureADandPersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 2},
		"web": {"redirectUris": ["https://jwt.ms", "https://contoso.b2clogin.example/contoso.onmicrosoft.com/oauth2/authresp"], "implicitGrantSettings": {"enableIdTokenIssuance": true}}}`,
	"personal accounts alone": `{"displayName": "Consumers", "signInAudience": "PersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 2}, "publicClient": {"redirectUris": ["https://login.microsoftonline.com/common/oauth2/nativeclient"]}}`,
	"redirect URIs of every platform": `{"displayName": "Platforms", "isFallbackPublicClient": true,
		"web": {"redirectUris": ["http://localhost:3000/callback?x=1", "https://a.contoso.example/signin-oidc", "https://*.contoso.example/in"], "logoutUrl": "https://a.contoso.example/out", "homePageUrl": "https://a.contoso.example"},
		"spa": {"redirectUris": ["http://localhost:5173/", "https://spa.contoso.example/", "brk-multihub://addin.contoso.example"]},
		"publicClient": {"redirectUris": ["http://localhost", "http://127.0.0.1/", "urn:ietf:wg:oauth:2.0:oob", "msal0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c01://auth", "ms-appx-web://microsoft.aad.brokerplugin/0d6f2a5e", "msauth.com.contoso.app://auth"]}}`,
	"many redirect URIs": `{"displayName": "Previews", "web": {"redirectUris": [` + manyURIs(120) + `]}}`,
	"optional claims": `{"displayName": "Claims", "groupMembershipClaims": "SecurityGroup,ApplicationGroup", "optionalClaims": {
		"idToken": [{"name": "groups", "source": null, "essential": false, "additionalProperties": ["sam_account_name", "emit_as_roles"]}, {"name": "email", "essential": true, "additionalProperties": []},
			{"name": "extension_0d6f2a5e6d0f4a268d8e0f6a4a3e9c01_skypeId", "source": "user", "essential": false, "additionalProperties": []}, {"name": "preferred_username", "source": null, "essential": false, "additionalProperties": []}],
		"accessToken": [{"name": "groups", "source": null, "essential": false, "additionalProperties": ["cloud_displayname"]}, {"name": "aud", "source": null, "essential": false, "additionalProperties": ["use_guid"]}, {"name": "upn", "source": null, "essential": false, "additionalProperties": ["include_externally_authenticated_upn"]}, {"name": "idtyp", "source": null, "essential": false, "additionalProperties": ["include_user_token"]}],
		"saml2Token": [{"name": "groups", "source": null, "essential": false, "additionalProperties": ["netbios_domain_and_sam_account_name"]}]}}`,
	"permissions of every kind": `{"displayName": "Asks", "requiredResourceAccess": [
		{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}, {"id": "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "type": "Role"}, {"id": "37f7f235-527c-4136-accd-4a02d197296e", "type": "Scope"}]},
		{"resourceAppId": "00000002-0000-0000-c000-000000000000", "resourceAccess": [{"id": "311a71cc-e848-46a1-bdf8-97ff7156d8e6", "type": "Scope"}]},
		{"resourceAppId": "797f4846-ba00-4fd7-ba43-dac1f8f63013", "resourceAccess": [{"id": "41094075-9dad-400e-a0bd-54e686782033", "type": "Scope"}]}]}`,
	"permissions of nobody": `{"displayName": "Asks nobody", "requiredResourceAccess": [
		{"resourceAppId": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9cff", "resourceAccess": [{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9cfe", "type": "Scope"}]},
		{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9cfd", "type": "Role"}]}]}`,
	"SAML": `{"displayName": "SAML app", "identifierUris": ["api://contoso.onmicrosoft.com/saml"], "samlMetadataUrl": "https://saml.contoso.example/metadata", "requestSignatureVerification": {"isSignedRequestRequired": true, "allowedWeakAlgorithms": "rsaSha1"},
		"web": {"redirectUris": ["https://saml.contoso.example/acs"]}}`,
	"secrets without names": `{"displayName": "Secrets", "passwordCredentials": [{"displayName": null}, {"displayName": "same"}, {"displayName": "same"}, {"displayName": "  "}]}`,
	"Exchange and Dataverse": `{"displayName": "Mailer", "requiredResourceAccess": [
		{"resourceAppId": "00000002-0000-0ff1-ce00-000000000000", "resourceAccess": [{"id": "dc50a0fb-09a3-484d-be87-e023b12c6440", "type": "Role"}, {"id": "3b5f3d61-589b-4a3c-a359-5dd4b5ee5bd5", "type": "Scope"}]},
		{"resourceAppId": "00000007-0000-0000-c000-000000000000", "resourceAccess": [{"id": "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4", "type": "Scope"}]}]}`,
	"defaults of the portal": `{"displayName": "Portal", "certification": null, "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null},
		"servicePrincipalLockConfiguration": {"isEnabled": true, "allProperties": true, "credentialsWithUsageVerify": true, "credentialsWithUsageSign": true, "identifierUris": false, "tokenEncryptionKeyId": true}}`,
	"a wildcard at the end of a path": `{"displayName": "Gateway", "web": {"redirectUris": ["http://localhost:6516/*", "https://gateway.contoso.com/*"]}}`,
	"a lock and behaviours": `{"displayName": "Locked", "signInAudience": "AzureADMultipleOrgs", "servicePrincipalLockConfiguration": {"isEnabled": true, "allProperties": true, "credentialsWithUsageVerify": true, "credentialsWithUsageSign": true, "tokenEncryptionKeyId": true},
		"info": {"marketingUrl": "https://contoso.example/m", "privacyStatementUrl": "https://contoso.example/p", "supportUrl": "https://contoso.example/s", "termsOfServiceUrl": "https://contoso.example/t"}}`,
	"clients of Microsoft's": `{"displayName": "Teams tab", "identifierUris": ["api://contoso.onmicrosoft.com/tab"], "api": {"requestedAccessTokenVersion": 2, "knownClientApplications": ["1fec8e78-bce4-4aaf-ab1b-5451cc387264"], "oauth2PermissionScopes": [
			{"id": "0d6f2a5e-6d0f-4a26-8d8e-0f6a4a3e9c41", "value": "access_as_user", "type": "User", "isEnabled": true, "adminConsentDisplayName": "Teams can access", "adminConsentDescription": "Teams calls the API", "userConsentDisplayName": "", "userConsentDescription": ""}]}}`,
}

func manyURIs(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"https://pr-%d.contoso.example/callback"`, i)
	}
	return strings.Join(all, ", ")
}

// TestShapes: unusual registrations are imported and adopted without another change, and a
// changed property in their manifests changes only this property.
func TestShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := map[string]string{} // appId → object id
	for _, shape := range sortedKeys(shapes) {
		var body object
		if err := json.Unmarshal([]byte(shapes[shape]), &body); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		secrets, _ := body["passwordCredentials"].([]any)
		delete(body, "passwordCredentials")
		made := w.send("POST", "/applications", body)
		for _, secret := range secrets {
			w.send("POST", "/applications/"+made["id"].(string)+"/addPassword", object{"passwordCredential": secret})
		}
		if strings.HasPrefix(shape, "SAML") {
			w.send("POST", "/servicePrincipals", object{"appId": made["appId"], "preferredSingleSignOnMode": "saml"})
		}
		ids[made["appId"].(string)] = made["id"].(string)
	}
	dir, files, lost := w.imported(adopt.Selection{All: true})
	var kept []string
	for _, l := range lost {
		kept = append(kept, l.Application+" "+l.Property)
	}
	want := []string{"appid-and-x-parameters-y displayName", "appid-and-x-parameters-y notes", "appid-and-x-parameters-y web.homePageUrl",
		"asks-nobody requiredResourceAccess", "gallery-copy appRoles"}
	slices.Sort(kept)
	if diff := cmp.Diff(want, slices.Compact(kept)); diff != "" {
		t.Errorf("what manifests cannot say: %s", diff)
	}
	w.adopted(dir, len(shapes))

	before := map[string]object{}
	for appID, id := range ids {
		before[appID] = w.send("GET", "/applications/"+id, nil)
	}
	changed := 0
	for path, content := range files {
		if !strings.Contains(content, "kind: Application") || !strings.Contains(content, "\n  adopt: ") {
			continue
		}
		lines := strings.Split(content, "\n")

		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "  description: ") })
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "  adopt: ") })
		lines = slices.Insert(lines, i+1, "  description: changed")
		if err := os.WriteFile(filepath.Join(dir, path), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		changed++
	}
	if changed != len(shapes) {
		t.Fatalf("%d files of %d", changed, len(shapes))
	}
	p, state, _ := w.plan(dir)
	for _, step := range p.Steps {
		if len(step.Changes) != 1 || step.Changes[0].Path.String() != "description" {
			t.Errorf("%s %s changes %v", step.Action, step.Key, step.Changes)
		}
	}
	if _, err := (reconcile.Applier{Graph: w.graph, Keep: w.keep, Now: time.Now, Patience: time.Second}).Apply(t.Context(), p, state); err != nil {
		t.Fatal(err)
	}
	for appID, id := range ids {
		after := w.send("GET", "/applications/"+id, nil)
		if after["description"] != "changed" {
			t.Errorf("%v: description %v", after["displayName"], after["description"])
		}
		before[appID]["description"] = "changed"
		if diff := cmp.Diff(before[appID], after); diff != "" {
			t.Errorf("%v has other changes:\n%s", after["displayName"], diff)
		}
	}
	if p, _, _ := w.plan(dir); !p.Empty() {
		t.Errorf("there is still something to do: %v", p.Steps)
	}
}

func sortedKeys(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
