package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

const (
	printerAdministrator = "644ef478-e28f-4e28-b9dc-3fdde9aa0b1f"
)

func TestDirectoryRoles(t *testing.T) {
	t.Parallel()
	tt := start(t)
	if templates := tt.get("/v1.0/directoryRoleTemplates").values(); len(templates) < 90 {
		t.Errorf("there are %d templates", len(templates))
	}
	if template := tt.get("/v1.0/directoryRoleTemplates/" + printerAdministrator); template.text("displayName") != "Printer Administrator" || template.text("description") == "" {
		t.Errorf("the template is %v", template)
	}
	if active := tt.get("/v1.0/directoryRoles").names(); len(active) != 1 || active[0] != "Global Administrator" {
		t.Errorf("a new tenant has the roles %v in use", active)
	}
	filter := "/v1.0/directoryRoles?$filter=roleTemplateId eq '" + printerAdministrator + "'"
	if found := tt.get(filter).values(); len(found) != 0 {
		t.Errorf("the filter finds %v", found)
	}
	role := tt.must(201, "POST", "/v1.0/directoryRoles", fmt.Sprintf(`{"roleTemplateId":%q}`, printerAdministrator)).body
	if found := tt.get(filter).values(); len(found) != 1 || found[0].text("id") != role.text("id") {
		t.Errorf("the filter finds %v", found)
	}
	ada := tt.newUser("ada")
	path := "/v1.0/directoryRoles/" + role.text("id")
	reference := fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+ada.text("id"))
	for _, step := range []struct{ name, method, path, body, want string }{
		{"in use already", "POST", "/v1.0/directoryRoles", fmt.Sprintf(`{"roleTemplateId":%q}`, printerAdministrator), "400 Request_BadRequest: A conflicting object"},
		{"of no template", "POST", "/v1.0/directoryRoles", `{"roleTemplateId":"x"}`, "400"},
		{"without a template", "POST", "/v1.0/directoryRoles", `{}`, "400"},
		{"by its template", "GET", "/v1.0/directoryRoles(roleTemplateId='" + printerAdministrator + "')", "", "200"},
		{"a role that does not exist", "GET", "/v1.0/directoryRoles/" + adminRole, "", "404"},
		{"a member", "POST", path + "/members/$ref", reference, "204"},
		{"the member again", "POST", path + "/members/$ref", reference, "400 Request_BadRequest: One or more added object references already exist for the following modified properties: 'members'."},
		{"a member who does not exist", "POST", path + "/members/$ref", strings.ReplaceAll(reference, ada.text("id"), adminRole), "404"},
		{"an ordinary group", "POST", path + "/members/$ref", strings.ReplaceAll(reference, ada.text("id"), tt.newGroup("g").text("id")), "400"},
	} {
		if got := tt.send("admin", step.method, step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if members := tt.get(path + "/members?$filter=id eq '" + ada.text("id") + "'").values(); len(members) != 1 || members[0].text("@odata.type") != "#microsoft.graph.user" {
		t.Errorf("the members are %v", members)
	}
	memberOf := tt.get("/v1.0/users/" + ada.text("id") + "/memberOf").values()
	if len(memberOf) != 1 || memberOf[0].text("@odata.type") != "#microsoft.graph.directoryRole" {
		t.Errorf("ada is a member of %v", memberOf)
	}
	if groups := tt.must(200, "POST", "/v1.0/users/"+ada.text("id")+"/getMemberGroups", `{"securityEnabledOnly":false}`).body["value"].([]any); len(groups) != 0 {
		t.Errorf("a role counts as a group: %v", groups)
	}
	if roles := tt.directory.DirectoryRolesOf(ada.text("id")); len(roles) != 1 || roles[0] != printerAdministrator {
		t.Errorf("ada holds %v", roles)
	}
	assigned := tt.get("/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '" + ada.text("id") + "'").values()
	if len(assigned) != 1 || assigned[0].text("roleDefinitionId") != printerAdministrator || assigned[0].text("directoryScopeId") != "/" {
		t.Errorf("as assignments they are %v", assigned)
	}
	tt.must(204, "DELETE", path+"/members/"+ada.text("id")+"/$ref", "")
	tt.must(404, "DELETE", path+"/members/"+ada.text("id")+"/$ref", "")
}

func TestRoleAssignments(t *testing.T) {
	t.Parallel()
	tt := start(t)
	const definitions, assignments = "/v1.0/roleManagement/directory/roleDefinitions", "/v1.0/roleManagement/directory/roleAssignments"
	ada, app := tt.newUser("ada"), tt.newApplication(`{"displayName":"orders"}`)
	group := tt.must(201, "POST", "/v1.0/groups", `{"displayName":"operators","mailEnabled":false,"mailNickname":"o","securityEnabled":true,"isAssignableToRole":true}`).body
	tt.must(204, "POST", "/v1.0/groups/"+group.text("id")+"/members/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/users/"+ada.text("id")))
	const custom = `{"displayName":"Reader of applications","description":"x","isEnabled":true,"rolePermissions":[{"allowedResourceActions":["microsoft.directory/applications/standard/read"]}],"version":"1"}`
	own := tt.must(201, "POST", definitions, custom).body
	if own.at("isBuiltIn") != false || own.text("templateId") != own.text("id") {
		t.Errorf("the role is %v", own)
	}
	if builtIn := tt.get(definitions + "?$filter=displayName eq 'printer administrator'").values(); len(builtIn) != 1 || builtIn[0].at("isBuiltIn") != true {
		t.Errorf("the built-in role is %v", builtIn)
	}
	assignment := func(principal object, role, scope string) string {
		return fmt.Sprintf(`{"principalId":%q,"roleDefinitionId":%q,"directoryScopeId":%q}`, principal.text("id"), role, scope)
	}
	made := tt.must(201, "POST", assignments, assignment(ada, own.text("id"), "/")).body
	for _, step := range []struct{ name, method, path, body, want string }{
		{"the same again", "POST", assignments, assignment(ada, own.text("id"), "/"), "400 Request_BadRequest: A conflicting object"},
		{"in an application alone", "POST", assignments, assignment(ada, own.text("id"), "/"+app.text("id")), "201"},
		{"in nothing", "POST", assignments, assignment(ada, own.text("id"), "/"+adminRole), "404"},
		{"to a role-assignable group", "POST", assignments, assignment(group, applicationAdministrator, "/"), "201"},
		{"to an application", "POST", assignments, assignment(app, own.text("id"), "/"), "404"},
		{"of no role", "POST", assignments, assignment(ada, adminRole, "/"), "404"},
		{"without a scope", "POST", assignments, assignment(ada, own.text("id"), ""), "400"},
		{"another name", "PATCH", definitions + "/" + own.text("id"), `{"displayName":"Application reader","isEnabled":false}`, "204"},
		{"another template", "PATCH", definitions + "/" + own.text("id"), `{"templateId":"` + adminRole + `"}`, "400"},
		{"no permissions", "PATCH", definitions + "/" + own.text("id"), `{"rolePermissions":[]}`, "400"},
		{"a built-in one", "PATCH", definitions + "/" + printerAdministrator, `{"isEnabled":false}`, "400"},
		{"deleting a built-in one", "DELETE", definitions + "/" + printerAdministrator, "", "400"},
		{"deleting an assigned role", "DELETE", definitions + "/" + own.text("id"), "", "400"},
		{"a name twice", "POST", definitions, strings.Replace(custom, "Reader of applications", "Printer Administrator", 1), "400"},
		{"taking it back", "DELETE", assignments + "/" + made.text("id"), "", "204"},
		{"taking it back again", "DELETE", assignments + "/" + made.text("id"), "", "404"},
	} {
		if got := tt.send("admin", step.method, step.path, step.body).fault(); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if roles := tt.directory.DirectoryRolesOf(ada.text("id")); len(roles) != 1 || roles[0] != applicationAdministrator {
		t.Errorf("ada holds %v by her group", roles)
	}
	if found := tt.get("/v1.0/directoryRoles").names(); len(found) != 2 {
		t.Errorf("the roles in use are %v", found)
	}
	tt.must(204, "DELETE", "/v1.0/users/"+ada.text("id"), "")
	tt.must(204, "DELETE", "/v1.0/directory/deletedItems/"+ada.text("id"), "")
	tt.must(204, "DELETE", definitions+"/"+own.text("id"), "")
}
