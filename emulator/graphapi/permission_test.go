package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

// TestEveryRouteIsGuarded sends a request to each route as a caller without permissions. The
// routes that every caller may use are listed.
func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	tt := start(t)
	nobody := tt.caller()
	open := []string{"POST $batch"}
	for _, r := range tt.handler.(*service).routes {
		path := "/v1.0/" + r.pattern
		for _, segment := range r.segments {
			if isKey(segment) {
				path = strings.Replace(path, segment, "11111111-1111-1111-1111-111111111111", 1)
			}
		}
		body := ""
		if r.method == "POST" || r.method == "PATCH" {
			body = "{}"
		}
		want := 403
		if slicesContain(open, r.method+" "+r.pattern) {
			want = 400
		}
		if got := tt.send(nobody, r.method, path, body, eventual); got.StatusCode != want {
			t.Errorf("%s %s without permissions: %s, want %d", r.method, r.pattern, got.fault(), want)
		}
		if got := tt.send("somebody unknown", r.method, path, body); got.StatusCode != 401 || got.body.text("error.code") != "InvalidAuthenticationToken" {
			t.Errorf("%s %s without a token: %s", r.method, r.pattern, got.fault())
		}
	}
}

func slicesContain(list []string, s string) bool {
	for _, entry := range list {
		if entry == s {
			return true
		}
	}
	return false
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	const allowed, denied = "allowed", "403 Authorization_RequestDenied: Insufficient privileges to complete the operation."
	for _, test := range []struct {
		permissions, method, path, body, want string
	}{
		{"Application.Read.All", "GET", "applications", "", allowed},
		{"Directory.Read.All", "GET", "applications", "", allowed},
		{"User.Read.All", "GET", "applications", "", denied},
		{"Directory.ReadWrite.All", "POST", "applications", `{"displayName":"x"}`, denied},
		{"Directory.ReadWrite.All", "POST", "applications/{app}/addPassword", `{}`, allowed},
		{"Directory.ReadWrite.All", "PATCH", "servicePrincipals/{sp}", `{"notes":"x"}`, allowed},
		{"Application.Read.All", "POST", "applications", `{"displayName":"x"}`, denied},
		{"Application.ReadWrite.OwnedBy", "POST", "applications", `{"displayName":"x"}`, allowed},
		{"Application.ReadWrite.All", "PATCH", "applications/{app}", `{"displayName":"x"}`, allowed},
		{"Application.ReadWrite.OwnedBy", "PATCH", "applications/{app}", `{"displayName":"x"}`, denied},
		{"Application.ReadWrite.OwnedBy", "POST", "applications/{app}/addPassword", `{}`, denied},
		{"Application.ReadWrite.OwnedBy", "DELETE", "applications/{app}", "", denied},
		{"Application.ReadWrite.OwnedBy", "GET", "applications/{app}", "", allowed},
		{"Application.ReadWrite.OwnedBy", "POST", "servicePrincipals", `{"appId":"{appId}"}`, denied},
		{"Application.ReadWrite.OwnedBy", "POST", "servicePrincipals", `{"appId":"11111111-1111-1111-1111-111111111111"}`, "403 Authorization_RequestDenied: When using this permission, the backing application of the service principal being created must in the local tenant"},
		{"AppRoleAssignment.ReadWrite.All", "POST", "servicePrincipals/{sp}/appRoleAssignedTo", "{assignment}", denied},
		{"AppRoleAssignment.ReadWrite.All, Application.Read.All", "POST", "servicePrincipals/{sp}/appRoleAssignedTo", "{assignment}", allowed},
		{"Application.ReadWrite.All", "POST", "servicePrincipals/{sp}/appRoleAssignedTo", "{assignment}", denied},
		{"AppRoleAssignment.ReadWrite.All", "POST", "users/{user}/appRoleAssignments", "{assignment}", allowed},
		{"DelegatedPermissionGrant.ReadWrite.All", "POST", "oauth2PermissionGrants", "{grant}", allowed},
		{"Application.ReadWrite.All", "POST", "oauth2PermissionGrants", "{grant}", denied},
		{"Directory.Read.All", "GET", "oauth2PermissionGrants", "", allowed},
		{"User.Read.All", "GET", "users", "", allowed},
		{"User.Read.All", "PATCH", "users/{user}", `{"jobTitle":"x"}`, denied},
		{"User.ReadWrite.All", "PATCH", "users/{user}", `{"jobTitle":"x"}`, allowed},
		{"Directory.ReadWrite.All", "PATCH", "users/{user}", `{"passwordProfile":{"password":"Other-Horse-2"}}`, denied},
		{"User-PasswordProfile.ReadWrite.All", "PATCH", "users/{user}", `{"passwordProfile":{"password":"Other-Horse-2"}}`, allowed},
		{"User-PasswordProfile.ReadWrite.All", "PATCH", "users/{user}", `{"jobTitle":"x"}`, denied},
		{"User.EnableDisableAccount.All", "PATCH", "users/{user}", `{"accountEnabled":false}`, allowed},
		{"Directory.ReadWrite.All", "DELETE", "users/{user}", "", denied},
		{"User.DeleteRestore.All", "DELETE", "users/{user}", "", allowed},
		{"GroupMember.Read.All", "GET", "groups/{group}/members", "", allowed},
		{"GroupMember.ReadWrite.All", "POST", "groups/{group}/members/$ref", `{"@odata.id":"https://x/v1.0/users/{user}"}`, allowed},
		{"GroupMember.ReadWrite.All", "PATCH", "groups/{group}", `{"members@odata.bind":["https://x/v1.0/users/{user}"]}`, allowed},
		{"GroupMember.ReadWrite.All", "PATCH", "groups/{group}", `{"displayName":"x"}`, denied},
		{"Group.ReadWrite.All", "PATCH", "groups/{group}", `{"displayName":"x"}`, allowed},
		{"Group.Create", "POST", "groups", `{"displayName":"g","mailEnabled":false,"mailNickname":"g","securityEnabled":true}`, allowed},
		{"Application.Read.All", "GET", "directory/deletedItems/microsoft.graph.application", "", allowed},
		{"Application.Read.All", "GET", "directory/deletedItems/microsoft.graph.user", "", denied},
		{"User.Read.All", "GET", "directory/deletedItems/{deleted}", "", denied},
		{"User.Read.All", "DELETE", "directory/deletedItems/{deleted}", "", denied},
		{"Application.Read.All", "DELETE", "directory/deletedItems/{deleted}", "", denied},
		{"Application.ReadWrite.OwnedBy", "DELETE", "directory/deletedItems/{deleted}", "", denied},
		{"Application.ReadWrite.All", "DELETE", "directory/deletedItems/{deleted}", "", allowed},
		{"Application.ReadWrite.All", "POST", "directory/deletedItems/{deleted}/restore", "{}", allowed},
		{"Application.Read.All", "GET", "directoryObjects/{user}", "", denied},
		{"User.Read.All", "GET", "directoryObjects/{user}", "", allowed},
		{"Domain.Read.All", "GET", "domains", "", allowed},
		{"Organization.Read.All", "GET", "organization", "", allowed},
		{"User.ReadWrite.All", "GET", "me", "", "400 BadRequest: /me request is only valid with delegated authentication flow."},
	} {
		t.Run(test.permissions+" "+test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			tt := start(t)
			app := tt.newApplication(`{"displayName":"orders"}`)
			sp := tt.newServicePrincipal(app)
			gone := tt.newApplication(`{"displayName":"gone"}`)
			tt.must(204, "DELETE", "/v1.0/applications/"+gone.text("id"), "")
			bare := tt.newApplication(`{"displayName":"bare"}`)
			user, group := tt.newUser("ada"), tt.newGroup("operators")
			fill := strings.NewReplacer(
				"{app}", app.text("id"), "{sp}", sp.text("id"), "{user}", user.text("id"), "{group}", group.text("id"),
				"{deleted}", gone.text("id"), "{appId}", bare.text("appId"),
				"{assignment}", fmt.Sprintf(`{"principalId":%q,"resourceId":%q,"appRoleId":"00000000-0000-0000-0000-000000000000"}`, user.text("id"), sp.text("id")),
				"{grant}", fmt.Sprintf(`{"clientId":%[1]q,"resourceId":%[1]q,"consentType":"AllPrincipals","scope":"x"}`, sp.text("id")),
			)
			r := tt.send(tt.caller(strings.Split(test.permissions, ", ")...), test.method, "/v1.0/"+fill.Replace(test.path), fill.Replace(test.body))
			if test.want == allowed && r.StatusCode >= 300 || test.want != allowed && r.fault() != test.want {
				t.Errorf("%s, want %s", r.fault(), test.want)
			}
		})
	}
}

func TestOwnedBy(t *testing.T) {
	t.Parallel()
	tt := start(t)
	owner := tt.caller("Application.ReadWrite.OwnedBy", "Directory.Read.All")
	other := tt.caller("Application.ReadWrite.OwnedBy")
	app := tt.send(owner, "POST", "/v1.0/applications", `{"displayName":"mine"}`).body
	path := "/v1.0/applications/" + app.text("id")
	if owners := tt.get(path + "/owners").values(); len(owners) != 1 || owners[0].text("id") != tt.callers[owner].ServicePrincipalID {
		t.Errorf("the owners are %v, want the caller", owners)
	}
	sp := tt.send(owner, "POST", "/v1.0/servicePrincipals", fmt.Sprintf(`{"appId":%q}`, app.text("appId")))
	if sp.StatusCode != 201 {
		t.Fatalf("creating the principal of an own application: %s", sp.fault())
	}
	for _, request := range []struct{ method, path, body string }{
		{"PATCH", path, `{"displayName":"mine still"}`},
		{"POST", path + "/addPassword", `{}`},
		{"PATCH", "/v1.0/servicePrincipals/" + sp.body.text("id"), `{"notes":"x"}`},
		{"DELETE", path, ""},
		{"POST", "/v1.0/directory/deletedItems/" + app.text("id") + "/restore", "{}"},
		{"DELETE", path, ""},
		{"DELETE", "/v1.0/directory/deletedItems/" + app.text("id"), ""},
	} {
		if r := tt.send(other, request.method, request.path, request.body); r.StatusCode != 403 {
			t.Errorf("%s %s by somebody else: %s", request.method, request.path, r.fault())
		}
		if r := tt.send(owner, request.method, request.path, request.body); r.StatusCode >= 300 {
			t.Errorf("%s %s by the owner: %s", request.method, request.path, r.fault())
		}
	}
	unowned := tt.newApplication(`{"displayName":"unowned"}`)
	if owners := tt.get("/v1.0/applications/" + unowned.text("id") + "/owners").values(); len(owners) != 0 {
		t.Errorf("an application with Application.ReadWrite.All became owner: %v", owners)
	}
}

func TestSignedInUser(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada, bob := tt.newUser("ada"), tt.newUser("bob")
	tt.newGroup("others")
	group := tt.newGroup("operators")
	tt.must(204, "POST", "/v1.0/groups/"+group.text("id")+"/members/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/users/"+ada.text("id")))
	client := tt.callers["admin"]
	tt.callers["ada"] = Caller{AppID: client.AppID, ServicePrincipalID: client.ServicePrincipalID, UserID: ada.text("id"),
		Scopes: []string{"openid", "User.Read"}, Roles: []string{"Application.ReadWrite.All"}}
	for path, want := range map[string]string{
		"me":                                    "200",
		"me/memberOf":                           "200",
		"me?$select=mail":                       "200",
		"users/" + ada.text("id"):               "200",
		"users/ada@contoso.onmicrosoft.com":     "200",
		"users/" + bob.text("id"):               "403",
		"users":                                 "403",
		"users/" + ada.text("id") + "/memberOf": "200",
		"applications":                          "403", // a role in a user's token is not a permission
	} {
		if got := tt.send("ada", "GET", "/v1.0/"+path, "").fault(); !strings.HasPrefix(got, want) {
			t.Errorf("GET %s: %s, want %s", path, got, want)
		}
	}
	if me := tt.send("ada", "GET", "/v1.0/me", "").body; me.text("id") != ada.text("id") {
		t.Errorf("/me is %v", me)
	}
	if groups := tt.send("ada", "GET", "/v1.0/me/memberOf", "").body.names(); fmt.Sprint(groups) != "[operators]" {
		t.Errorf("/me/memberOf is %v", groups)
	}
	tt.callers["ada"] = Caller{UserID: ada.text("id"), Scopes: []string{"Application.ReadWrite.All"}}
	app := tt.send("ada", "POST", "/v1.0/applications", `{"displayName":"mine"}`).body
	if owners := tt.get("/v1.0/applications/" + app.text("id") + "/owners").values(); len(owners) != 1 || owners[0].text("id") != ada.text("id") {
		t.Errorf("the owners are %v, want the user who made it", owners)
	}
}
