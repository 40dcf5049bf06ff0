package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

func TestScopedRoleMembers(t *testing.T) {
	t.Parallel()
	tt := start(t)
	unit := tt.must(201, "POST", "/v1.0/directory/administrativeUnits", `{"displayName":"north"}`).body
	ada := tt.newUser("ada")
	role := tt.must(201, "POST", "/v1.0/directoryRoles", `{"roleTemplateId":"fe930be7-5e62-47db-91af-98c3a49a38b1"}`).body // User Administrator
	body := fmt.Sprintf(`{"roleId":%q,"roleMemberInfo":{"id":%q}}`, role.text("id"), ada.text("id"))
	for _, path := range []string{"/v1.0/administrativeUnits/", "/v1.0/directory/administrativeUnits/"} {
		path += unit.text("id") + "/scopedRoleMembers"
		made := tt.must(201, "POST", path, body).body
		member, _ := made["roleMemberInfo"].(map[string]any)
		if made.text("roleId") != role.text("id") || made.text("administrativeUnitId") != unit.text("id") || member["id"] != ada.text("id") || member["userPrincipalName"] != ada.text("userPrincipalName") {
			t.Errorf("created %v", made)
		}
		for _, step := range []struct{ name, method, path, body, want string }{
			{"a duplicate", "POST", path, body, "400"},
			{"no role", "POST", path, `{"roleMemberInfo":{"id":"` + ada.text("id") + `"}}`, "400"},
			{"a role that is not activated", "POST", path, strings.Replace(body, role.text("id"), adminRole, 1), "404"},
			{"a user who does not exist", "POST", path, strings.Replace(body, ada.text("id"), adminRole, 1), "404"},
			{"a scoped role member that does not exist", "GET", path + "/" + adminRole, "", "404"},
		} {
			if got := tt.send("admin", step.method, step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
				t.Errorf("%s: %s, want %s", step.name, got, step.want)
			}
		}
		for _, from := range []string{path, "/v1.0/directoryRoles/" + role.text("id") + "/scopedMembers", "/v1.0/users/" + ada.text("id") + "/scopedRoleMemberOf"} {
			if all := tt.get(from).values(); len(all) != 1 || all[0].text("id") != made.text("id") {
				t.Errorf("%s: %v", from, all)
			}
		}
		if one := tt.get(path + "/" + made.text("id")); one.text("roleId") != role.text("id") {
			t.Errorf("read: %v", one)
		}
		assigned := tt.get("/v1.0/roleManagement/directory/roleAssignments?$filter=directoryScopeId%20eq%20'/administrativeUnits/" + unit.text("id") + "'").values()
		if len(assigned) != 1 || assigned[0].text("principalId") != ada.text("id") {
			t.Errorf("as role assignments: %v", assigned)
		}
		tt.must(204, "DELETE", path+"/"+made.text("id"), "")
		if all := tt.get(path).values(); len(all) != 0 {
			t.Errorf("after the delete: %v", all)
		}
	}
	tt.must(201, "POST", "/v1.0/administrativeUnits/"+unit.text("id")+"/scopedRoleMembers", body)
	tt.must(204, "DELETE", "/v1.0/administrativeUnits/"+unit.text("id"), "")
	if all := tt.get("/v1.0/users/" + ada.text("id") + "/scopedRoleMemberOf").values(); len(all) != 0 {
		t.Errorf("after the unit was deleted: %v", all)
	}
}

func TestAdministrativeUnits(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const units = "/v1.0/directory/administrativeUnits"
	unit := tt.must(201, "POST", units, `{"displayName":"north","visibility":"Public"}`).body
	path := units + "/" + unit.text("id")
	ada := tt.newUser("ada")
	reference := fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+ada.text("id"))
	group := tt.must(201, "POST", path+"/members", `{"@odata.type":"#microsoft.graph.group","displayName":"operators","mailEnabled":false,"mailNickname":"o","securityEnabled":true}`).body
	if group.text("@odata.type") != "#microsoft.graph.group" {
		t.Errorf("a group created in a unit is %v", group)
	}
	for _, step := range []struct{ name, method, path, body, want string }{
		{"no name", "POST", units, `{}`, "400"},
		{"an invalid visibility", "PATCH", path, `{"visibility":"Some"}`, "400"},
		{"another name", "PATCH", path, `{"displayName":"south"}`, "204"},
		{"a member", "POST", path + "/members/$ref", reference, "204"},
		{"the member again", "POST", path + "/members/$ref", reference, "400 Request_BadRequest: One or more added object references already exist"},
		{"an application as a member", "POST", path + "/members/$ref", strings.ReplaceAll(reference, ada.text("id"), tt.newApplication(`{"displayName":"x"}`).text("id")), "404"},
		{"removing an object that is not a member", "DELETE", path + "/members/" + adminRole + "/$ref", "", "404"},
		{"a unit that does not exist", "GET", units + "/" + adminRole, "", "404"},
	} {
		if got := tt.send("admin", step.method, step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if members := strings.Join(tt.get(path+"/members").names(), " "); members != "ada operators" {
		t.Errorf("the members are %s", members)
	}
	memberOf := tt.get("/v1.0/groups/" + group.text("id") + "/memberOf").values()
	if len(memberOf) != 1 || memberOf[0].text("@odata.type") != "#microsoft.graph.administrativeUnit" || memberOf[0].text("displayName") != "south" {
		t.Errorf("the group is a member of %v", memberOf)
	}
	tt.must(204, "DELETE", "/v1.0/groups/"+group.text("id"), "")
	tt.must(204, "DELETE", "/v1.0/directory/deletedItems/"+group.text("id"), "")
	tt.must(204, "DELETE", path+"/members/"+ada.text("id")+"/$ref", "")
	if members := tt.get(path + "/members").values(); len(members) != 0 {
		t.Errorf("the members are %v", members)
	}
	tt.must(204, "DELETE", strings.Replace(path, "directory/", "", 1), "")
	tt.must(404, "GET", path, "")
}
