package graphapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

func TestNewApplicationHasGraphsDefaults(t *testing.T) {
	t.Parallel()
	tt := start(t)
	r := tt.must(201, "POST", "/v1.0/applications", `{"displayName":"orders"}`)
	app := r.body
	if want := origin + "/v1.0/applications/" + app.text("id"); r.Header.Get("Location") != want {
		t.Errorf("Location is %q, want %q", r.Header.Get("Location"), want)
	}
	if want := origin + "/v1.0/$metadata#applications/$entity"; app.text("@odata.context") != want {
		t.Errorf("@odata.context is %q, want %q", app.text("@odata.context"), want)
	}
	for path, want := range map[string]string{
		"signInAudience": "AzureADMyOrg", "publisherDomain": "contoso.onmicrosoft.com", "createdDateTime": "2026-03-01T12:00:00Z",
	} {
		if app.text(path) != want {
			t.Errorf("%s is %v, want %q", path, app.at(path), want)
		}
	}
	for _, list := range []string{"identifierUris", "tags", "appRoles", "requiredResourceAccess", "passwordCredentials", "keyCredentials", "addIns",
		"api.oauth2PermissionScopes", "api.preAuthorizedApplications", "api.knownClientApplications",
		"web.redirectUris", "spa.redirectUris", "publicClient.redirectUris"} {
		if got, ok := app.at(list).([]any); !ok || len(got) != 0 {
			t.Errorf("%s is %v, want an empty list", list, app.at(list))
		}
	}
	for _, null := range []string{"uniqueName", "optionalClaims", "deletedDateTime", "isFallbackPublicClient", "api.requestedAccessTokenVersion"} {
		if v := app.at(null); v != nil {
			t.Errorf("%s is %v, want null", null, v)
		}
	}
	if again := tt.get("/v1.0/applications/" + app.text("id")); again.text("appId") != app.text("appId") {
		t.Error("GET returns another application")
	}
	for _, header := range []string{"request-id", "client-request-id"} {
		if r.Header.Get(header) == "" {
			t.Errorf("the header %s is missing", header)
		}
	}
	if got := tt.must(200, "GET", "/v1.0/applications", "", "client-request-id: mine").Header.Get("client-request-id"); got != "mine" {
		t.Errorf("client-request-id is %q, not the caller's", got)
	}
}

func TestApplicationBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders"}`)
	for _, test := range []struct{ name, method, body, want string }{
		{"an unknown property", "POST", `{"displayName":"x","colour":"red"}`, "400 Request_BadRequest: Invalid property 'colour'."},
		{"a property in another case", "POST", `{"DisplayName":"x"}`, "Invalid property 'DisplayName'."},
		{"an unknown member", "POST", `{"displayName":"x","api":{"colour":"red"}}`, "Invalid property 'colour'."},
		{"an unknown member of an entry", "POST", `{"displayName":"x","appRoles":[{"colour":"red"}]}`, "Invalid property 'colour'."},
		{"an unknown binding", "POST", `{"displayName":"x","friends@odata.bind":["https://x/v1.0/directoryObjects/1"]}`, "Invalid property 'friends'."},
		{"no name", "POST", `{}`, "A value is required for property 'displayName' of resource 'Application'."},
		{"no JSON", "POST", `displayName`, "400 BadRequest: Unable to read JSON"},
		{"a list", "POST", `[]`, "Unable to read JSON"},
		{"two objects", "POST", `{"displayName":"x"}{}`, "Unable to read JSON"},
		{"a number for a name", "POST", `{"displayName":1}`, "expected type"},
		{"a string for a list", "POST", `{"displayName":"x","tags":"a"}`, "expected type"},
		{"null in a list", "POST", `{"displayName":"x","tags":[null]}`, "expected type"},
		{"an id chosen by the caller", "POST", `{"displayName":"x","id":"1"}`, "Property 'id' is read-only"},
		{"an appId chosen by the caller", "POST", `{"displayName":"x","appId":"1"}`, "Property 'appId' is read-only"},
		{"an owner who does not exist", "POST", `{"displayName":"x","owners@odata.bind":["https://graph.microsoft.com/v1.0/directoryObjects/nobody"]}`, "404 Request_ResourceNotFound: Resource 'nobody' does not exist"},
		{"another appId", "PATCH", `{"appId":"1"}`, "Property 'appId' is read-only"},
		{"an unknown property, too", "PATCH", `{"colour":"red"}`, "Invalid property 'colour'."},
		{"an empty name", "PATCH", `{"displayName":""}`, "displayName"},
		{"a secret", "PATCH", `{"passwordCredentials":[{"displayName":"mine"}]}`, "New password credentials must be generated using service actions."},
	} {
		path := "/v1.0/applications"
		if test.method == "PATCH" {
			path += "/" + app.text("id")
		}
		if got := tt.send("admin", test.method, path, test.body).fault(); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if names := tt.get("/v1.0/applications").names(); len(names) != 2 {
		t.Errorf("a refused request created an application: %v", names)
	}
	r := tt.send("admin", "POST", "/v1.0/applications", `{"displayName":"x"}`, "Content-Type: text/plain")
	if !strings.Contains(r.fault(), "Content-Type") {
		t.Errorf("a body with another Content-Type: %s", r.fault())
	}
}

func TestPatchMergesReplacesAndClears(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","description":"old","tags":["a","b"],
		"web":{"redirectUris":["https://a.example","https://b.example"],"homePageUrl":"https://home.example"},
		"api":{"requestedAccessTokenVersion":2,"knownClientApplications":["11111111-1111-1111-1111-111111111111"]},
		"optionalClaims":{"idToken":[{"name":"upn","essential":true}],"accessToken":[{"name":"groups"}]}}`)
	path := "/v1.0/applications/" + app.text("id")
	for _, step := range []struct {
		name, patch string
		want        map[string]any
	}{
		{"a member is merged", `{"web":{"homePageUrl":"https://new.example"}}`,
			map[string]any{"web.homePageUrl": "https://new.example", "web.redirectUris": "[https://a.example https://b.example]"}},
		{"a member of a member too", `{"web":{"implicitGrantSettings":{"enableIdTokenIssuance":true}}}`,
			map[string]any{"web.implicitGrantSettings.enableIdTokenIssuance": true, "web.implicitGrantSettings.enableAccessTokenIssuance": false, "web.homePageUrl": "https://new.example"}},
		{"a list is replaced", `{"tags":["c"],"web":{"redirectUris":["https://c.example"]}}`,
			map[string]any{"tags": "[c]", "web.redirectUris": "[https://c.example]"}},
		{"null clears", `{"description":null,"tags":null,"web":{"homePageUrl":null}}`,
			map[string]any{"description": nil, "tags": "[]", "web.homePageUrl": nil, "web.redirectUris": "[https://c.example]"}},
		{"a nullable complex value is replaced as a whole", `{"optionalClaims":{"idToken":[{"name":"email"}]}}`,
			map[string]any{"optionalClaims.accessToken": "[]", "optionalClaims.idToken": "[map[additionalProperties:[] essential:false name:email source:<nil>]]"}},
		{"an empty complex value clears the property", `{"optionalClaims":{}}`, map[string]any{"optionalClaims": nil}},
		{"unchanged read-only properties are accepted", `{"id":"` + app.text("id") + `","appId":"` + app.text("appId") + `","createdDateTime":"2026-03-01T12:00:00Z","@odata.type":"#microsoft.graph.application"}`,
			map[string]any{"displayName": "orders", "api.requestedAccessTokenVersion": 2.0}},
		{"a bool as a string, as az sends it", `{"isFallbackPublicClient":"True"}`, map[string]any{"isFallbackPublicClient": true}},
	} {
		tt.must(204, "PATCH", path, step.patch)
		now := tt.get(path)
		for at, want := range step.want {
			got := now.at(at)
			if _, list := got.([]any); list {
				got = fmt.Sprint(got)
			}
			if got != want {
				t.Errorf("%s: %s is %v, want %v", step.name, at, got, want)
			}
		}
	}
}

func TestEntriesOfAListAreNotMerged(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","appRoles":[
		{"id":"11111111-1111-1111-1111-111111111111","value":"A","displayName":"A","description":"first","allowedMemberTypes":["User"],"isEnabled":false},
		{"id":"22222222-2222-2222-2222-222222222222","value":"B","displayName":"B","description":"second","allowedMemberTypes":["Application"]}]}`)
	path := "/v1.0/applications/" + app.text("id")
	tt.must(204, "PATCH", path, `{"appRoles":[{"id":"22222222-2222-2222-2222-222222222222","value":"B","displayName":"B","description":"new","allowedMemberTypes":["User"]}]}`)
	roles := tt.get(path).at("appRoles").([]any)
	role := object(roles[0].(map[string]any))
	if len(roles) != 1 || role.text("description") != "new" || role.at("isEnabled") != true || fmt.Sprint(role.at("allowedMemberTypes")) != "[User]" || role.text("origin") != "Application" {
		t.Errorf("the roles are %v", roles)
	}
	want := "400 CannotDeleteOrUpdateEnabledEntitlement: Permission (scope or role) cannot be deleted or updated unless disabled first."
	if got := tt.send("admin", "PATCH", path, `{"appRoles":[]}`).fault(); got != want {
		t.Errorf("removing an enabled role: %s", got)
	}
	if target := tt.send("admin", "PATCH", path, `{"appRoles":[]}`).body["error"].(map[string]any)["details"].([]any)[0].(map[string]any)["target"]; target != "appRoles" {
		t.Errorf("the target of the error is %v", target)
	}
}

func TestUpsertByUniqueName(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const path = "/v1.0/applications(uniqueName='shop.orders')"
	const prefer = "Prefer: create-if-missing"
	for _, step := range []struct {
		name, body, header, want string
	}{
		{"missing, without the preference", `{"displayName":"orders"}`, "Prefer: return=minimal", "404 Request_ResourceNotFound"},
		{"missing, without displayName", `{}`, prefer, "'displayName'"},
		{"missing, with another uniqueName", `{"displayName":"orders","uniqueName":"other"}`, prefer, "does not match the key"},
		{"missing", `{"displayName":"orders","uniqueName":"shop.orders"}`, prefer, "201"},
		{"existing", `{"displayName":"orders 2"}`, prefer, "204"},
		{"existing, without the preference", `{"displayName":"orders 3"}`, "Prefer: return=minimal", "204"},
		{"existing, with another uniqueName", `{"uniqueName":"other"}`, prefer, "'uniqueName' is read-only"},
	} {
		if got := tt.send("admin", "PATCH", path, step.body, step.header).fault(); !strings.Contains(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	app := tt.get(path)
	if app.text("displayName") != "orders 3" || app.text("uniqueName") != "shop.orders" {
		t.Errorf("the application is %v", app)
	}
	tt.must(204, "DELETE", path, "")
	if got := tt.send("admin", "PATCH", path, `{"displayName":"orders"}`, prefer).fault(); !strings.Contains(got, "400 Request_BadRequest: Another object with the same value for property uniqueName already exists.") {
		t.Errorf("a name in the recycle bin: %s", got)
	}
	tt.must(204, "DELETE", "/v1.0/directory/deletedItems/"+app.text("id"), "")
	tt.must(201, "PATCH", path, `{"displayName":"orders"}`, prefer)
}

func TestPathsToAnApplication(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","uniqueName":"o'hara.orders"}`)
	id, appID := app.text("id"), app.text("appId")
	for path, want := range map[string]string{
		"/v1.0/applications/" + id:                                   "200",
		"/beta/applications/" + id:                                   "200",
		"/V1.0/APPLICATIONS/" + id:                                   "200",
		"/v1.0/applications('" + id + "')":                           "200",
		"/v1.0/applications(appId='" + appID + "')":                  "200",
		"/v1.0/applications(appId='" + strings.ToUpper(appID) + "')": "200",
		"/v1.0/applications(uniqueName='o''hara.orders')":            "200",
		"/v1.0/applications(uniqueName='o%27%27hara.orders')":        "200",
		"/v1.0/applications%28appId%3D%27" + appID + "%27%29":        "200",
		"/v1.0/applications(appId='" + appID + "')/owners":           "200",
		"/v1.0/applications/" + id + "/":                             "200",
		"/v1.0/applications/" + appID:                                "404 Request_ResourceNotFound: Resource '" + appID + "' does not exist or one of its queried reference-property objects are not present.",
		"/v1.0/applications(appId='" + id + "')":                     "404 Request_ResourceNotFound",
		"/v1.0/applications/orders":                                  "400 Request_BadRequest: Invalid object identifier 'orders'.",
		"/v1.0/applications(displayName='orders')":                   "400 BadRequest: The key property 'displayName'",
		"/v1.0/applications(appId=" + appID + ")":                    "400 BadRequest: The key predicate",
		"/v1.0/applications(appId='" + appID + "'":                   "400 BadRequest",
		"/v1.0/applicationz":                                         "400 BadRequest: Resource not found for the segment 'applicationz'.",
		"/v1.0/applications/" + id + "/friends":                      "400 BadRequest: Resource not found for the segment 'friends'.",
		"/v1.0":                                                      "400 BadRequest",
		"/v2.0/applications":                                         "400 Request_BadRequest: Invalid version: v2.0.",
	} {
		if got := tt.send("admin", "GET", path, "").fault(); !strings.HasPrefix(got, want) {
			t.Errorf("GET %s: %s, want %s", path, got, want)
		}
	}
	if got := tt.send("admin", "PUT", "/v1.0/applications/"+id, "{}").fault(); !strings.HasPrefix(got, "405") {
		t.Errorf("PUT: %s", got)
	}
}

func TestGzippedBody(t *testing.T) {
	t.Parallel()
	tt := start(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(`{"displayName":"packed"}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if app := tt.must(201, "POST", "/v1.0/applications", packed.String(), "Content-Encoding: gzip").body; app.text("displayName") != "packed" {
		t.Errorf("the name is %q", app.text("displayName"))
	}
	if got := tt.send("admin", "POST", "/v1.0/applications", `{"displayName":"x"}`, "Content-Encoding: gzip").fault(); !strings.HasPrefix(got, "400") {
		t.Errorf("a body that is not gzip: %s", got)
	}
	if got := tt.send("admin", "POST", "/v1.0/applications", `{"displayName":"x"}`, "Content-Encoding: br").fault(); !strings.HasPrefix(got, "415") {
		t.Errorf("an unknown encoding: %s", got)
	}
	tt.must(400, "POST", "/v1.0/applications", strings.Repeat("x", 100), "Content-Encoding: gzip")
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders"}`)
	sp := tt.newServicePrincipal(app)
	for _, path := range []string{"/v1.0/applications/" + app.text("id"), "/v1.0/applications(appId='" + app.text("appId") + "')", "/v1.0/servicePrincipals/" + sp.text("id")} {
		added := tt.must(200, "POST", path+"/addPassword", `{"passwordCredential":{"displayName":"ci","endDateTime":"2027-01-01T00:00:00Z"}}`).body
		if len(added.text("secretText")) < 30 || added.text("hint") != added.text("secretText")[:3] || added.text("endDateTime") != "2027-01-01T00:00:00Z" {
			t.Errorf("addPassword on %s returns %v", path, added)
		}
		listed := tt.get(path).at("passwordCredentials").([]any)
		kept := object(listed[0].(map[string]any))
		if len(listed) != 1 || kept.text("keyId") != added.text("keyId") || kept.at("secretText") != nil {
			t.Errorf("%s lists %v", path, listed)
		}
		tt.must(204, "POST", path+"/removePassword", fmt.Sprintf(`{"keyId":%q}`, added.text("keyId")))
		if got := tt.send("admin", "POST", path+"/removePassword", fmt.Sprintf(`{"keyId":%q}`, added.text("keyId"))).fault(); !strings.Contains(got, "No password credential found") {
			t.Errorf("removing it again: %s", got)
		}
	}
	r := tt.must(201, "POST", "/v1.0/applications", `{"displayName":"with a secret","passwordCredentials":[{"displayName":"first"}]}`)
	if !strings.Contains(r.raw, `"secretText":"`) {
		t.Error("the answer to POST has no secretText")
	}
	if again := tt.must(200, "GET", "/v1.0/applications/"+r.body.text("id"), ""); strings.Contains(again.raw, `"secretText":"`) {
		t.Error("a later GET returns secretText")
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	app := tt.newApplication(fmt.Sprintf(`{"displayName":"orders","owners@odata.bind":[%q]}`, origin+"/v1.0/directoryObjects/"+ada.text("id")))
	client := tt.newServicePrincipal(tt.newApplication(`{"displayName":"client"}`))
	path := "/v1.0/applications/" + app.text("id") + "/owners"
	reference := fmt.Sprintf(`{"@odata.id":%q}`, "https://graph.microsoft.com/v1.0/directoryObjects/"+client.text("id"))
	tt.must(204, "POST", path+"/$ref", reference)
	if got := tt.send("admin", "POST", path+"/$ref", reference).fault(); !strings.Contains(got, "One or more added object references already exist for the following modified properties: 'owners'.") {
		t.Errorf("adding an owner twice: %s", got)
	}
	kinds := map[string]string{}
	for _, owner := range tt.get(path).values() {
		kinds[owner.text("id")] = owner.text("@odata.type")
	}
	if kinds[ada.text("id")] != "#microsoft.graph.user" || kinds[client.text("id")] != "#microsoft.graph.servicePrincipal" {
		t.Errorf("the owners are %v", kinds)
	}
	if found := tt.get(path + "?$filter=id eq '" + ada.text("id") + "'").values(); len(found) != 1 {
		t.Errorf("a filter by id finds %v", found)
	}
	tt.must(204, "DELETE", path+"/"+ada.text("id")+"/$ref", "")
	tt.must(404, "DELETE", path+"/"+ada.text("id")+"/$ref", "")
	if left := tt.get(path).values(); len(left) != 1 {
		t.Errorf("the owners are %v", left)
	}
}

// TestAuthenticationBehaviorsAreAnsweredOnSelect: v1.0 and beta return authenticationBehaviors
// only if the request selects the property.
func TestAuthenticationBehaviorsAreAnsweredOnSelect(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","authenticationBehaviors":{"blockAzureADGraphAccess":true}}`)
	for _, version := range []string{"/v1.0", "/beta"} {
		path := version + "/applications/" + app.text("id")
		if _, shown := tt.get(path)["authenticationBehaviors"]; shown {
			t.Errorf("%s: shown without being selected", version)
		}
		behaviors, _ := tt.get(path + "?$select=id,authenticationBehaviors")["authenticationBehaviors"].(map[string]any)
		if behaviors["blockAzureADGraphAccess"] != true {
			t.Errorf("%s: selected: %v", version, behaviors)
		}
		if tt.get(path).text("displayName") != "orders" {
			t.Errorf("%s: the other properties are missing", version)
		}
	}
}
