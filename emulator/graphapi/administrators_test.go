package graphapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
)

func (tt *tenant) giveRole(user object, templateID string) {
	tt.Helper()
	if err := tt.directory.Update(func(tx *directory.Tx) error { return tx.AddRoleMember(templateID, user.text("id")) }); err != nil {
		tt.Fatal(err)
	}
}

// TestDirectoryRolesPermitWrites sends each write as members with all scopes that it requires,
// and with one directory role or none.
func TestDirectoryRolesPermitWrites(t *testing.T) {
	t.Parallel()
	const (
		nobody = "member"
		owner  = "owner"
		global = directory.GlobalAdministrator
	)
	all := []string{nobody, owner, applicationAdministrator, cloudApplicationAdministrator, groupsAdministrator,
		helpdeskAdministrator, privilegedRoleAdministrator, userAdministrator, global}
	applications := []string{owner, applicationAdministrator, cloudApplicationAdministrator, global}
	groups := []string{owner, groupsAdministrator, userAdministrator, global}
	for _, c := range []struct {
		method, path, body string
		admitted           []string // the others are refused
	}{
		{"POST", "applications", `{"displayName":"new"}`, all},
		{"PATCH", "applications/{app}", `{"notes":"x"}`, applications},
		{"POST", "applications/{app}/addPassword", `{}`, applications},
		{"DELETE", "applications/{app}", ``, applications},
		{"POST", "servicePrincipals", `{"appId":"{bareAppId}"}`, applications},
		{"PATCH", "servicePrincipals/{sp}", `{"appRoleAssignmentRequired":true}`, applications},
		{"POST", "servicePrincipals/{sp}/appRoleAssignedTo", `{"principalId":"{user}","resourceId":"{sp}","appRoleId":"` + directory.DefaultRole + `"}`,
			[]string{owner, userAdministrator, privilegedRoleAdministrator, applicationAdministrator, cloudApplicationAdministrator, global}},
		{"POST", "oauth2PermissionGrants", `{"clientId":"{sp}","resourceId":"{graph}","consentType":"AllPrincipals","scope":"User.Read"}`,
			[]string{applicationAdministrator, cloudApplicationAdministrator, privilegedRoleAdministrator, userAdministrator, global}},
		{"POST", "users", `{"accountEnabled":true,"displayName":"new","mailNickname":"new","userPrincipalName":"new@contoso.onmicrosoft.com","passwordProfile":{"password":"Correct-Horse-1"}}`,
			[]string{userAdministrator, global}},
		{"PATCH", "users/{user}", `{"jobTitle":"x"}`, []string{userAdministrator, global}},
		{"PATCH", "users/{user}", `{"passwordProfile":{"password":"Correct-Horse-2"}}`, []string{userAdministrator, helpdeskAdministrator, global}},
		{"PATCH", "users/{self}", `{"jobTitle":"x"}`, all},
		{"DELETE", "users/{user}", ``, []string{userAdministrator, global}},
		{"POST", "users/{user}/checkMemberGroups", `{"groupIds":["{group}"]}`, all},
		{"POST", "groups", `{"displayName":"new","mailEnabled":false,"mailNickname":"new","securityEnabled":true}`, all},
		{"PATCH", "groups/{group}", `{"description":"x"}`, groups},
		{"POST", "groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}`, groups},
		{"DELETE", "groups/{group}", ``, groups},
		{"POST", "roleManagement/directory/roleAssignments", `{"principalId":"{user}","roleDefinitionId":"` + directoryWriters + `","directoryScopeId":"/"}`,
			[]string{privilegedRoleAdministrator, global}},
		{"POST", "directory/administrativeUnits", `{"displayName":"x"}`, []string{privilegedRoleAdministrator, global}},
		{"DELETE", "directory/deletedItems/{gone}", ``, applications},
	} {
		for _, role := range all {
			tt := start(t)
			self, user := tt.newUser("self"), tt.newUser("user")
			owners := ""
			if role == owner {
				owners = `,"owners@odata.bind":["https://graph.microsoft.com/v1.0/users/` + self.text("id") + `"]`
			}
			app := tt.newApplication(`{"displayName":"app"` + owners + `}`)
			bare := tt.newApplication(`{"displayName":"bare"` + owners + `}`)
			gone := tt.newApplication(`{"displayName":"gone"` + owners + `}`)
			tt.must(204, "DELETE", "/v1.0/applications/"+gone.text("id"), "")
			sp := tt.must(201, "POST", "/v1.0/servicePrincipals", fmt.Sprintf(`{"appId":%q%s}`, app.text("appId"), owners)).body
			group := tt.must(201, "POST", "/v1.0/groups", `{"displayName":"g","mailEnabled":false,"mailNickname":"g","securityEnabled":true`+owners+`}`).body
			graph, _ := tt.directory.ServicePrincipalByAppID(directory.MicrosoftGraphAppID)
			if role != nobody && role != owner {
				tt.giveRole(self, role)
			}
			tt.callers["self"] = Caller{AppID: "x", UserID: self.text("id"), Scopes: tt.callers["admin"].Roles}
			fill := strings.NewReplacer("{app}", app.text("id"), "{bareAppId}", bare.text("appId"), "{sp}", sp.text("id"), "{gone}", gone.text("id"),
				"{user}", user.text("id"), "{self}", self.text("id"), "{group}", group.text("id"), "{graph}", graph.ID)
			r := tt.send("self", c.method, "/v1.0/"+fill.Replace(c.path), fill.Replace(c.body))
			want := 403
			if slices.Contains(c.admitted, role) {
				want = 200
			}
			name := role
			if template, ok := directory.RoleTemplate(role); ok {
				name = template.DisplayName
			}
			if ok := r.StatusCode < 300; ok != (want == 200) || !ok && r.StatusCode != 403 {
				t.Errorf("%s %s as %s: %s, want %d", c.method, c.path, name, r.fault(), want)
			}
		}
	}
}
