package graphapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestMemberships(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada, bob := tt.newUser("ada"), tt.newUser("bob")
	inner, outer, other := tt.newGroup("inner"), tt.newGroup("outer"), tt.newGroup("other")
	office := tt.must(201, "POST", "/v1.0/groups", `{"displayName":"office","mailEnabled":true,"mailNickname":"office","securityEnabled":false,"groupTypes":["Unified"]}`).body
	join := func(group, member object) {
		t.Helper()
		tt.must(204, "POST", "/v1.0/groups/"+group.text("id")+"/members/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+member.text("id")))
	}
	join(inner, ada)
	join(outer, inner)
	join(inner, outer) // a cycle
	join(office, ada)
	user := "/v1.0/users/" + ada.text("id")
	for path, want := range map[string]string{
		user + "/memberOf":                                                             "inner office",
		user + "/memberOf/microsoft.graph.group":                                       "inner office",
		user + "/memberOf/microsoft.graph.user":                                        "",
		user + "/transitiveMemberOf":                                                   "inner office outer",
		"/v1.0/users/bob@contoso.onmicrosoft.com/memberOf":                             "",
		"/v1.0/groups/" + inner.text("id") + "/memberOf":                               "outer",
		"/v1.0/groups/" + inner.text("id") + "/transitiveMemberOf":                     "outer",
		"/v1.0/groups/" + outer.text("id") + "/transitiveMembers":                      "ada inner",
		"/v1.0/groups/" + outer.text("id") + "/transitiveMembers/microsoft.graph.user": "ada",
	} {
		if got := strings.Join(tt.get(path).names(), " "); got != want {
			t.Errorf("GET %s answers %q, want %q", path, got, want)
		}
	}
	for _, entry := range tt.get(user + "/memberOf").values() {
		if entry.text("@odata.type") != "#microsoft.graph.group" {
			t.Errorf("an entry without its type: %v", entry)
		}
	}
	names := map[string]string{}
	for _, g := range []object{inner, outer, other, office} {
		names[g.text("id")] = g.text("displayName")
	}
	asked := fmt.Sprintf(`{"groupIds":[%q,%q,%q]}`, outer.text("id"), other.text("id"), strings.ToUpper(inner.text("id")))
	for _, test := range []struct{ path, body, want string }{
		{user + "/checkMemberGroups", asked, "inner outer"},
		{"/v1.0/directoryObjects/" + ada.text("id") + "/checkMemberGroups", asked, "inner outer"},
		{"/v1.0/users/" + bob.text("id") + "/checkMemberGroups", asked, ""},
		{user + "/checkMemberObjects", strings.Replace(asked, "groupIds", "ids", 1), "inner outer"},
		{user + "/getMemberGroups", `{"securityEnabledOnly":true}`, "inner outer"},
		{user + "/getMemberGroups", `{"securityEnabledOnly":false}`, "inner office outer"},
		{user + "/microsoft.graph.getMemberGroups", `{}`, "inner office outer"},
		{user + "/getMemberObjects", `{"securityEnabledOnly":false}`, "inner office outer"},
		{"/v1.0/groups/" + inner.text("id") + "/getMemberGroups", `{}`, "outer"},
	} {
		answered := tt.must(200, "POST", test.path, test.body).body
		var got []string
		for _, id := range answered["value"].([]any) {
			got = append(got, names[strings.ToLower(id.(string))])
		}
		slices.Sort(got)
		if strings.Join(got, " ") != test.want {
			t.Errorf("POST %s answers %v, want %s", test.path, got, test.want)
		}
	}
	tt.must(400, "POST", user+"/checkMemberGroups", `{}`)
	tt.must(400, "POST", user+"/checkMemberGroups", `{"groupIds":[`+strings.Repeat(`"x",`, 20)+`"x"]}`)
	tt.must(404, "POST", "/v1.0/directoryObjects/"+adminRole+"/checkMemberGroups", asked)
}

func TestOwnedObjects(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	reference := fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+ada.text("id"))
	app := tt.newApplication(`{"displayName":"orders"}`)
	tt.must(204, "POST", "/v1.0/applications/"+app.text("id")+"/owners/$ref", reference)
	tt.must(204, "POST", "/v1.0/groups/"+tt.newGroup("operators").text("id")+"/owners/$ref", reference)
	path := "/v1.0/users/" + ada.text("id") + "/ownedObjects"
	if got := strings.Join(tt.get(path).names(), " "); got != "operators orders" {
		t.Errorf("ada owns %s", got)
	}
	if got := strings.Join(tt.get(path+"/microsoft.graph.application").names(), " "); got != "orders" {
		t.Errorf("ada owns the applications %s", got)
	}
	tt.must(204, "DELETE", "/v1.0/applications/"+app.text("id"), "")
	if got := strings.Join(tt.get(path).names(), " "); got != "operators" {
		t.Errorf("ada owns %s after a deletion", got)
	}
}

func TestManager(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada, bob := tt.newUser("ada"), tt.newUser("bob")
	path := "/v1.0/users/" + ada.text("id") + "/manager"
	reference := fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/users/"+bob.text("id"))
	tt.must(404, "GET", path, "")
	tt.must(404, "DELETE", path+"/$ref", "")
	tt.must(404, "PUT", path+"/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/users/"+adminRole))
	tt.must(204, "PUT", path+"/$ref", reference)
	if manager := tt.get(path); manager.text("id") != bob.text("id") || manager.text("@odata.type") != "#microsoft.graph.user" {
		t.Errorf("the manager is %v", manager)
	}
	tt.must(204, "PATCH", "/v1.0/users/"+ada.text("id"), `{"jobTitle":"clerk"}`)
	if reports := tt.get("/v1.0/users/" + bob.text("id") + "/directReports").names(); len(reports) != 1 || reports[0] != "ada" {
		t.Errorf("bob's reports are %v", reports)
	}
	tt.must(204, "DELETE", "/v1.0/users/"+bob.text("id"), "")
	tt.must(404, "GET", path, "")
	tt.must(200, "POST", "/v1.0/directory/deletedItems/"+bob.text("id")+"/restore", "")
	tt.get(path)
	tt.must(204, "DELETE", path+"/$ref", "")
	tt.must(404, "GET", path, "")
}

func TestMicrosoft365Groups(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const body = `{"displayName":"office","mailEnabled":true,"mailNickname":"office","securityEnabled":false,"groupTypes":["Unified"]}`
	made := tt.must(201, "POST", "/beta/groups", body).body
	for path, want := range map[string]string{
		"mail": "office@contoso.onmicrosoft.com", "description": "office", "visibility": "Public", "renewedDateTime": "2026-03-01T12:00:00Z",
	} {
		if got := made.text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if !strings.HasPrefix(made.text("securityIdentifier"), "S-1-12-1-") {
		t.Errorf("securityIdentifier is %q", made.text("securityIdentifier"))
	}
	path := "/groups/" + made.text("id")
	if _, ok := tt.get("/beta" + path)["writebackConfiguration"].(map[string]any); !ok {
		t.Error("/beta lacks writebackConfiguration")
	}
	if v1 := tt.get("/v1.0" + path); v1["writebackConfiguration"] != nil || v1["allowExternalSenders"] != nil {
		t.Error("/v1.0 has what only /beta has, or what has to be selected")
	}
	if selected := tt.get("/beta" + path + "?$select=allowExternalSenders,hideFromOutlookClients"); selected.at("allowExternalSenders") != false {
		t.Errorf("the mail settings are %v", selected)
	}
	user := tt.newUser("ada")
	tt.callers["ada"] = Caller{AppID: "x", UserID: user.text("id"), Scopes: []string{"Group.ReadWrite.All"}}
	tt.giveRole(user, groupsAdministrator)
	for _, step := range []struct{ name, caller, method, path, body, want string }{
		{"the same address again", "admin", "POST", "/beta/groups", body, "400 Request_BadRequest: Another object with the same value for property mailNickname"},
		{"no description", "admin", "PATCH", "/beta" + path, `{"description":null}`, "204"},
		{"writeback", "admin", "PATCH", "/beta" + path, `{"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":"universalDistributionGroup"}}`, "204"},
		{"a mail setting by an application", "admin", "PATCH", "/beta" + path, `{"allowExternalSenders":true}`, "403"},
		{"a mail setting by a user", "ada", "PATCH", "/beta" + path, `{"allowExternalSenders":true}`, "204"},
		{"two properties in one request", "ada", "PATCH", "/beta" + path, `{"allowExternalSenders":true,"displayName":"x"}`, "400"},
		{"another kind", "admin", "POST", "/beta/groups", strings.ReplaceAll(strings.Replace(body, `"Unified"`, `"Unified","Strange"`, 1), "office", "x"), "400"},
		{"a dynamic one without a rule", "admin", "POST", "/beta/groups", strings.ReplaceAll(strings.Replace(body, `"Unified"`, `"Unified","DynamicMembership"`, 1), "office", "x"), "400"},
		{"a rule on an assigned one", "admin", "PATCH", "/beta" + path, `{"membershipRule":"user.department -eq \"x\""}`, "400"},
		{"a strange visibility", "admin", "PATCH", "/beta" + path, `{"visibility":"Some"}`, "400"},
		{"another answer to isAssignableToRole", "admin", "PATCH", "/beta" + path, `{"isAssignableToRole":true}`, "400"},
	} {
		if got := tt.send(step.caller, step.method, step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}
