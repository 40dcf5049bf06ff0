package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

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
		t.Errorf("a group made in a unit is %v", group)
	}
	for _, step := range []struct{ name, method, path, body, want string }{
		{"no name", "POST", units, `{}`, "400"},
		{"a strange visibility", "PATCH", path, `{"visibility":"Some"}`, "400"},
		{"another name", "PATCH", path, `{"displayName":"south"}`, "204"},
		{"a member", "POST", path + "/members/$ref", reference, "204"},
		{"the member again", "POST", path + "/members/$ref", reference, "400 Request_BadRequest: One or more added object references already exist"},
		{"an application as a member", "POST", path + "/members/$ref", strings.ReplaceAll(reference, ada.text("id"), tt.newApplication(`{"displayName":"x"}`).text("id")), "404"},
		{"nobody as a member", "DELETE", path + "/members/" + adminRole + "/$ref", "", "404"},
		{"one that is not there", "GET", units + "/" + adminRole, "", "404"},
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
