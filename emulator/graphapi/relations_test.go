package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

const adminRole = "11111111-1111-1111-1111-111111111111"

// resource creates an application with a role and a scope, and its principal.
func (tt *tenant) resource() (app, sp object) {
	tt.Helper()
	app = tt.newApplication(`{"displayName":"orders","appRoles":[{"id":"` + adminRole + `","value":"Admin","displayName":"Admin","description":"all","allowedMemberTypes":["User","Application"]}]}`)
	return app, tt.newServicePrincipal(app)
}

func TestServicePrincipals(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders","tags":["provision:stack=shop"],"web":{"redirectUris":["https://a.example"]}}`)
	byAppID := "/v1.0/servicePrincipals(appId='" + app.text("appId") + "')"
	const prefer = "Prefer: create-if-missing"
	for _, step := range []struct{ name, method, path, body, header, want string }{
		{"upsert without the preference", "PATCH", byAppID, `{}`, "Prefer: x", "404"},
		{"upsert", "PATCH", byAppID, `{"appRoleAssignmentRequired":true}`, prefer, "201"},
		{"upsert again", "PATCH", byAppID, `{"appRoleAssignmentRequired":false,"appId":"` + app.text("appId") + `"}`, prefer, "204"},
		{"upsert of no application", "PATCH", "/v1.0/servicePrincipals(appId='" + adminRole + "')", `{}`, prefer, "400 Request_BadRequest: The appId '" + adminRole + "' of the service principal does not reference a valid application object."},
		{"a second one", "POST", "/v1.0/servicePrincipals", `{"appId":"` + app.text("appId") + `"}`, "Prefer: x", "409 Request_MultipleObjectsWithSameKeyValue: The service principal cannot be created, updated, or restored because the service principal name " + app.text("appId") + " is already in use."},
		{"one of nothing", "POST", "/v1.0/servicePrincipals", `{}`, "Prefer: x", "400 Request_BadRequest: A value is required for property 'appId'"},
		{"a mirrored property", "PATCH", byAppID, `{"displayName":"other"}`, "Prefer: x", "400 Request_BadRequest: Property 'displayName' is read-only"},
		{"a mirrored property as it is", "PATCH", byAppID, `{"displayName":"orders"}`, "Prefer: x", "204"},
		{"an empty complex property", "PATCH", byAppID, `{"samlSingleSignOnSettings":{"relayState":""}}`, "Prefer: x", "204"},
	} {
		if got := tt.send("admin", step.method, step.path, step.body, step.header).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	sp := tt.get(byAppID)
	for path, want := range map[string]string{
		"displayName": "orders", "servicePrincipalType": "Application", "replyUrls": "[https://a.example]", "tags": "[provision:stack=shop]",
		"servicePrincipalNames": "[" + app.text("appId") + "]", "accountEnabled": "true", "appRoleAssignmentRequired": "false",
		"samlSingleSignOnSettings": "<nil>", "appOwnerOrganizationId": tt.directory.Tenant().ID,
	} {
		if got := fmt.Sprint(sp.at(path)); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	graph := tt.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
	tt.must(204, "PATCH", "/v1.0/servicePrincipals/"+graph.text("id"), `{"notes":"ours"}`)
	tt.must(403, "DELETE", "/v1.0/servicePrincipals/"+graph.text("id"), "")
	if again := tt.get("/v1.0/servicePrincipals/" + graph.text("id")); len(again["appRoles"].([]any)) < 500 || again.text("notes") != "ours" {
		t.Error("a PATCH of Microsoft Graph took its permissions")
	}
}

func TestAppRoleAssignments(t *testing.T) {
	t.Parallel()
	tt := start(t)
	_, sp := tt.resource()
	ada, group := tt.newUser("ada"), tt.newGroup("operators")
	client := tt.newServicePrincipal(tt.newApplication(`{"displayName":"client"}`))
	assignment := func(principal object) string {
		return fmt.Sprintf(`{"principalId":%q,"resourceId":%q,"appRoleId":%q}`, principal.text("id"), sp.text("id"), adminRole)
	}
	resource := "/v1.0/servicePrincipals/" + sp.text("id") + "/appRoleAssignedTo"
	ends := map[string]object{
		"/v1.0/users/" + ada.text("userPrincipalName") + "/appRoleAssignments":             ada,
		"/v1.0/groups/" + group.text("id") + "/appRoleAssignments":                         group,
		"/v1.0/servicePrincipals(appId='" + client.text("appId") + "')/appRoleAssignments": client,
	}
	for end, principal := range ends {
		made := tt.must(201, "POST", end, assignment(principal)).body
		if made.text("principalDisplayName") != principal.text("displayName") || made.text("resourceDisplayName") != "orders" {
			t.Errorf("POST %s answers %v", end, made)
		}
		for _, path := range []string{end, resource} {
			if got := tt.send("admin", "POST", path, assignment(principal)).fault(); got != "400 Request_BadRequest: Permission being assigned already exists on the object" {
				t.Errorf("POST %s again: %s", path, got)
			}
			tt.get(path + "/" + made.text("id"))
		}
		tt.must(204, "DELETE", end+"/"+made.text("id"), "")
		tt.must(404, "GET", resource+"/"+made.text("id"), "")
		made = tt.must(201, "POST", resource, assignment(principal)).body
		if listed := tt.get(end).values(); len(listed) != 1 || listed[0].text("id") != made.text("id") {
			t.Errorf("GET %s answers %v", end, listed)
		}
	}
	if listed := tt.get(resource).values(); len(listed) != 3 {
		t.Errorf("the resource has %v", listed)
	}
	for name, test := range map[string]struct{ body, want string }{
		"another resource than the path's": {fmt.Sprintf(`{"principalId":%q,"resourceId":%q,"appRoleId":%q}`, ada.text("id"), client.text("id"), adminRole), "does not match the object in the URL"},
		"no role":                          {fmt.Sprintf(`{"principalId":%q,"resourceId":%q}`, ada.text("id"), sp.text("id")), "'appRoleId'"},
		"an unknown principal":             {fmt.Sprintf(`{"principalId":%q,"resourceId":%q,"appRoleId":%q}`, adminRole, sp.text("id"), adminRole), "404 Request_ResourceNotFound"},
	} {
		if got := tt.send("admin", "POST", resource, test.body).fault(); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	own := tt.get(resource).values()[0].text("id")
	tt.must(404, "DELETE", "/v1.0/servicePrincipals/"+client.text("id")+"/appRoleAssignedTo/"+own, "")
}

func TestOAuth2PermissionGrants(t *testing.T) {
	t.Parallel()
	tt := start(t)
	_, sp := tt.resource()
	client := tt.newServicePrincipal(tt.newApplication(`{"displayName":"client"}`))
	ada := tt.newUser("ada")
	all := fmt.Sprintf(`{"clientId":%q,"resourceId":%q,"consentType":"AllPrincipals","principalId":null,"scope":"read"}`, client.text("id"), sp.text("id"))
	made := tt.must(201, "POST", "/v1.0/oauth2PermissionGrants", all).body
	if got := tt.send("admin", "POST", "/v1.0/oauth2PermissionGrants", all).fault(); !strings.HasSuffix(got, "Permission entry already exists.") {
		t.Errorf("the same again: %s", got)
	}
	tt.must(201, "POST", "/v1.0/oauth2PermissionGrants",
		fmt.Sprintf(`{"clientId":%q,"resourceId":%q,"consentType":"Principal","principalId":%q,"scope":"read"}`, client.text("id"), sp.text("id"), ada.text("id")))
	path := "/v1.0/oAuth2PermissionGrants/" + made.text("id") // the spelling of az
	tt.must(204, "PATCH", path, `{"scope":"read write"}`)
	if got := tt.get(path).text("scope"); got != "read write" {
		t.Errorf("the scope is %q", got)
	}
	if got := tt.send("admin", "PATCH", path, `{"clientId":"x"}`).fault(); !strings.Contains(got, "'clientId' is read-only") {
		t.Errorf("changing the client: %s", got)
	}
	for query, want := range map[string]int{
		"/v1.0/oauth2PermissionGrants": 2,
		"/v1.0/oauth2PermissionGrants?$filter=clientId eq '" + client.text("id") + "' and consentType eq 'AllPrincipals'": 1,
		"/v1.0/oauth2PermissionGrants?$filter=principalId eq '" + ada.text("id") + "'":                                    1,
		"/v1.0/servicePrincipals/" + client.text("id") + "/oauth2PermissionGrants":                                        2,
		"/v1.0/servicePrincipals/" + sp.text("id") + "/oauth2PermissionGrants":                                            0,
		"/v1.0/users/" + ada.text("id") + "/oauth2PermissionGrants":                                                       1,
	} {
		if got := tt.get(query).values(); len(got) != want {
			t.Errorf("%s answers %d, want %d", query, len(got), want)
		}
	}
	tt.must(204, "DELETE", path, "")
	tt.must(404, "GET", path, "")
}

func TestUsers(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	path := "/v1.0/users/ada@contoso.onmicrosoft.com"
	if got := tt.get(path).text("id"); got != ada.text("id") {
		t.Errorf("a principal name finds %q", got)
	}
	tt.must(204, "PATCH", path, `{"onPremisesExtensionAttributes":{"extensionAttribute15":"mark"},"jobTitle":"Clerk"}`)
	tt.must(204, "PATCH", path, `{"onPremisesExtensionAttributes":{"extensionAttribute1":"one"}}`)
	if u := tt.get(path + "?$select=onPremisesExtensionAttributes"); u.text("onPremisesExtensionAttributes.extensionAttribute15") != "mark" {
		t.Errorf("a member was not merged: %v", u)
	}
	tt.must(204, "PATCH", path, `{"passwordProfile":{"password":"Other-Horse-2","forceChangePasswordNextSignIn":false}}`)
	if u, _ := tt.directory.User(ada.text("id")); !u.CheckPassword("Other-Horse-2") || u.ForceChange {
		t.Error("the password was not replaced")
	}
	valid := `"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"x@contoso.onmicrosoft.com"`
	for name, test := range map[string]struct{ body, want string }{
		"no password":       {`{` + valid + `}`, "A password must be specified"},
		"a weak password":   {`{` + valid + `,"passwordProfile":{"password":"weak"}}`, "specified password does not comply with password complexity requirements"},
		"no nickname":       {`{"accountEnabled":true,"displayName":"x","userPrincipalName":"x@contoso.onmicrosoft.com"}`, "'mailNickname'"},
		"a name taken":      {strings.ReplaceAll(`{`+valid+`,"passwordProfile":{"password":"Correct-Horse-1"}}`, "x@", "ada@"), "Another object with the same value for property userPrincipalName already exists."},
		"a foreign domain":  {strings.ReplaceAll(`{`+valid+`,"passwordProfile":{"password":"Correct-Horse-1"}}`, "@contoso.onmicrosoft", "@example"), "verified domain names"},
		"an unknown member": {`{` + valid + `,"passwordProfile":{"password":"Correct-Horse-1","colour":"red"}}`, "Invalid property"},
	} {
		r := tt.send("admin", "POST", "/v1.0/users", test.body)
		if got := r.fault(); !strings.HasPrefix(got, "400") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if strings.Contains(r.raw, "Horse") {
			t.Errorf("%s: the answer repeats the password", name)
		}
	}
	tt.must(204, "DELETE", path, "")
	tt.must(404, "GET", path, "")
}

func TestEmployeeOrgDataIsMerged(t *testing.T) {
	t.Parallel()
	tt := start(t)
	path := "/v1.0/users/" + tt.newUser("ada").text("id")
	for _, step := range []struct{ patch, want string }{
		{`{"employeeOrgData":{}}`, "<nil>"},
		{`{"employeeOrgData":{"costCenter":"1"}}`, "map[costCenter:1 division:<nil>]"},
		{`{"employeeOrgData":{"division":"north"}}`, "map[costCenter:1 division:north]"},
		{`{"employeeOrgData":{"costCenter":null,"division":null}}`, "map[costCenter:<nil> division:<nil>]"},
		{`{"employeeOrgData":null}`, "<nil>"},
	} {
		tt.must(204, "PATCH", path, step.patch)
		if got := fmt.Sprint(tt.get(path + "?$select=employeeOrgData").at("employeeOrgData")); got != step.want {
			t.Errorf("after %s it is %s, want %s", step.patch, got, step.want)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada, bob := tt.newUser("ada"), tt.newUser("bob")
	client := tt.newServicePrincipal(tt.newApplication(`{"displayName":"client"}`))
	bind := func(objects ...object) string {
		var urls []string
		for _, o := range objects {
			urls = append(urls, fmt.Sprintf("%q", origin+"/v1.0/directoryObjects/"+o.text("id")))
		}
		return `"members@odata.bind":[` + strings.Join(urls, ",") + `]`
	}
	const path = "/v1.0/groups(uniqueName='provision.shop.operators')"
	const body = `{"displayName":"Operators","mailEnabled":false,"mailNickname":"operators","securityEnabled":true`
	tt.must(404, "PATCH", path, body+`}`)
	made := tt.must(201, "PATCH", path, body+`,`+bind(ada)+`}`, "Prefer: create-if-missing").body
	tt.must(204, "PATCH", path, `{"displayName":"Operators 2"}`, "Prefer: create-if-missing")
	tt.must(204, "PATCH", path, `{`+bind(bob, client)+`}`)
	if got := tt.send("admin", "PATCH", path, `{`+bind(bob)+`}`).fault(); !strings.Contains(got, "One or more added object references already exist for the following modified properties: 'members'.") {
		t.Errorf("a member twice: %s", got)
	}
	var many []object
	for range 21 {
		many = append(many, ada)
	}
	tt.must(400, "PATCH", path, `{`+bind(many...)+`}`)
	if names := tt.get(path + "/members").names(); fmt.Sprint(names) != "[ada bob client]" {
		t.Errorf("the members are %v", names)
	}
	for cast, want := range map[string]string{"microsoft.graph.user": "[ada bob]", "microsoft.graph.servicePrincipal": "[client]", "microsoft.graph.group": "[]"} {
		if names := tt.get(path + "/members/" + cast).names(); fmt.Sprint(names) != want {
			t.Errorf("members cast to %s are %v, want %s", cast, names, want)
		}
	}
	tt.must(400, "GET", path+"/members/microsoft.graph.device", "")
	outer := tt.newGroup("outer")
	tt.must(204, "POST", "/v1.0/groups/"+outer.text("id")+"/members/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/groups/"+made.text("id")))
	for of, want := range map[string]string{
		"users/" + ada.text("id") + "/memberOf":                       "[Operators 2]",
		"users/" + ada.text("id") + "/transitiveMemberOf":             "[Operators 2 outer]",
		"users/" + ada.text("id") + "/memberOf/microsoft.graph.group": "[Operators 2]",
		"servicePrincipals/" + client.text("id") + "/memberOf":        "[Operators 2]",
		"groups/" + made.text("id") + "/memberOf":                     "[outer]",
	} {
		if names := tt.get("/v1.0/" + of).names(); fmt.Sprint(names) != want {
			t.Errorf("%s is %v, want %s", of, names, want)
		}
	}
	tt.must(204, "DELETE", path+"/members/"+ada.text("id")+"/$ref", "")
	tt.must(404, "DELETE", path+"/members/"+ada.text("id")+"/$ref", "")
	tt.must(400, "POST", "/v1.0/groups/"+made.text("id")+"/members/$ref", `{}`)
	tt.must(404, "POST", "/v1.0/groups/"+made.text("id")+"/members/$ref", `{"@odata.id":"https://x/v1.0/users/nobody"}`)
}

func TestRecycleBin(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app, sp := tt.resource()
	ada, group := tt.newUser("ada"), tt.newGroup("operators")
	const bin = "/v1.0/directory/deletedItems/"
	for kind, path := range map[string]string{
		"application": "applications/" + app.text("id"), "user": "users/" + ada.text("id"), "group": "groups/" + group.text("id"),
	} {
		id := path[strings.Index(path, "/")+1:]
		tt.must(404, "GET", bin+id, "")
		tt.must(204, "DELETE", "/v1.0/"+path, "")
		tt.must(404, "GET", "/v1.0/"+path, "")
		listed := tt.get(bin + "microsoft.graph." + kind).values()
		if len(listed) != 1 || listed[0].text("id") != id {
			t.Errorf("deleted items of kind %s are %v", kind, listed)
		}
		one := tt.get(bin + id + "?$select=id,deletedDateTime")
		if one.text("@odata.type") != "#microsoft.graph."+kind || one.text("deletedDateTime") != "2026-03-01T12:00:00Z" {
			t.Errorf("the deleted %s is %v", kind, one)
		}
		restored := tt.must(200, "POST", bin+id+"/restore", "").body
		if restored.text("@odata.type") != "#microsoft.graph."+kind {
			t.Errorf("restore answers %v", restored)
		}
		tt.get("/v1.0/" + path)
		tt.must(204, "DELETE", "/v1.0/"+path, "")
		tt.must(204, "DELETE", bin+id, "")
		tt.must(404, "DELETE", bin+id, "")
	}
	if left := tt.get(bin + "microsoft.graph.servicePrincipal").values(); len(left) != 0 {
		t.Errorf("the purged application left its principal %s: %v", sp.text("id"), left)
	}
}

func TestObjectsOfAnyKind(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app, sp := tt.resource()
	ada, group := tt.newUser("ada"), tt.newGroup("operators")
	var ids []string
	for kind, o := range map[string]object{"application": app, "servicePrincipal": sp, "user": ada, "group": group} {
		if got := tt.get("/v1.0/directoryObjects/" + o.text("id")).text("@odata.type"); got != "#microsoft.graph."+kind {
			t.Errorf("%s is a %q", kind, got)
		}
		ids = append(ids, o.text("id"))
	}
	list := `"` + strings.Join(ids, `","`) + `"`
	if all := tt.must(200, "POST", "/v1.0/directoryObjects/getByIds", `{"ids":[`+list+`]}`).body.values(); len(all) != 4 {
		t.Errorf("getByIds answers %v", all)
	}
	if users := tt.must(200, "POST", "/v1.0/directoryObjects/getByIds", `{"ids":[`+list+`],"types":["user"]}`).body.names(); fmt.Sprint(users) != "[ada]" {
		t.Errorf("getByIds of users answers %v", users)
	}
	tt.must(404, "GET", "/v1.0/directoryObjects/"+adminRole, "")
}

func TestTenant(t *testing.T) {
	t.Parallel()
	tt := start(t)
	organizations := tt.get("/v1.0/organization").values()
	if len(organizations) != 1 || organizations[0].text("id") != tt.directory.Tenant().ID || organizations[0].text("displayName") != "Contoso" {
		t.Errorf("the organizations are %v", organizations)
	}
	domains := tt.get("/v1.0/domains").values()
	if len(domains) != 1 || domains[0].text("id") != "contoso.onmicrosoft.com" || domains[0].at("isDefault") != true {
		t.Errorf("the domains are %v", domains)
	}
	tt.get("/v1.0/organization/" + tt.directory.Tenant().ID)
	tt.get("/v1.0/domains/contoso.onmicrosoft.com")
	tt.must(404, "GET", "/v1.0/domains/example.com", "")
}
