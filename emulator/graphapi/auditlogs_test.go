package graphapi

import (
	"fmt"
	"strings"
	"testing"

	"provision/emulator/directory"
)

// activities returns the names of the activities in the audit log, newest last.
func (tt *tenant) activities(filter string) []string {
	tt.Helper()
	var names []string
	for _, entry := range tt.get("/v1.0/auditLogs/directoryAudits" + filter).values() {
		names = append([]string{entry.text("activityDisplayName")}, names...)
	}
	return names
}

func TestDirectoryAudits(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders"}`)
	path := "/v1.0/applications/" + app.text("id")
	tt.must(204, "PATCH", path, `{"displayName":"orders 2"}`)
	tt.must(400, "PATCH", path, `{"colour":"red"}`)
	added := tt.must(200, "POST", path+"/addPassword", `{"passwordCredential":{"displayName":"ci"}}`).body
	tt.must(201, "PATCH", "/v1.0/groups(uniqueName='g')", `{"displayName":"g","mailEnabled":false,"mailNickname":"g","securityEnabled":true}`, "Prefer: create-if-missing")
	ada := tt.newUser("ada")
	tt.must(204, "PATCH", "/v1.0/users/"+ada.text("userPrincipalName"), `{"passwordProfile":{"password":"Another-Horse-2"}}`)
	tt.must(200, "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"DELETE","url":"/users/`+ada.text("id")+`"}]}`)
	tt.must(204, "DELETE", path, "")
	tt.must(200, "POST", "/v1.0/directory/deletedItems/"+app.text("id")+"/restore", "")
	byTarget := fmt.Sprintf("?$filter=targetResources/any(t:t/id eq '%s')", app.text("id"))
	counts := map[string]int{}
	for _, name := range tt.activities("") {
		counts[name]++
	}
	for name, want := range map[string]int{"Add application": 1, "Update application": 1, "Update application – Certificates and secrets management": 1,
		"Add group": 1, "Add user": 1, "Update user": 1, "Delete user": 1, "Delete application": 1, "Restore application": 1} {
		if counts[name] != want {
			t.Errorf("%s is logged %d times, want %d, in %v", name, counts[name], want, counts)
		}
	}
	if of := tt.activities(byTarget); len(of) != 5 {
		t.Errorf("of the application it tells %v", of)
	}
	update := tt.get("/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Update application'").values()[0]
	target := object(update.at("targetResources").([]any)[0].(map[string]any))
	changed := object(target.at("modifiedProperties").([]any)[0].(map[string]any))
	if update.text("initiatedBy.app.displayName") != "provision administrator" || target.text("type") != "Application" ||
		changed.text("displayName") != "displayName" || changed.text("oldValue") != `"orders"` || changed.text("newValue") != `"orders 2"` {
		t.Errorf("the update is told as %v", update)
	}
	if one := tt.get("/v1.0/auditLogs/directoryAudits/" + update.text("id")); one.text("id") != update.text("id") {
		t.Errorf("by its id it is %v", one)
	}
	raw := tt.must(200, "GET", "/v1.0/auditLogs/directoryAudits", "").raw
	if strings.Contains(raw, "Another-Horse-2") || strings.Contains(raw, added.text("secretText")) {
		t.Error("the log holds a password or a secret")
	}
	tt.callers["ada"] = Caller{AppID: "x", UserID: tt.newUser("eve").text("id"), Scopes: []string{"Application.ReadWrite.All", "AuditLog.Read.All"}}
	if r := tt.send("ada", "POST", "/v1.0/applications", `{"displayName":"hers"}`); r.StatusCode != 201 {
		t.Fatal(r.fault())
	}
	if by := tt.get("/v1.0/auditLogs/directoryAudits?$filter=initiatedBy/user/userPrincipalName eq 'eve@contoso.onmicrosoft.com'").values(); len(by) != 1 || by[0].text("initiatedBy.user.displayName") != "eve" {
		t.Errorf("by the signed-in user are %v", by)
	}
}

// TestEveryWriteIsAudited compares the names in the audit log with the routes.
func TestEveryWriteIsAudited(t *testing.T) {
	t.Parallel()
	silent := map[string]bool{"POST $batch": true, "POST directoryObjects/getByIds": true, "POST directoryRoles": true}
	routes := map[string]bool{}
	for _, r := range start(t).handler.(*service).routes {
		key := r.method + " " + strings.Replace(r.pattern, "microsoft.graph.", "", 1)
		routes[key] = true
		_, logged := activityOf(&r)
		asks := strings.Contains(key, "MemberGroups") || strings.Contains(key, "MemberObjects")
		if r.method != "GET" && !logged && !silent[key] && !asks {
			t.Errorf("%s is not in the audit log", key)
		}
	}
	for key := range activities {
		if !routes[key] {
			t.Errorf("the audit log knows %s, which is no route", key)
		}
	}
}

func TestSignIns(t *testing.T) {
	t.Parallel()
	tt := start(t)
	tt.directory.RecordSignIn(directory.SignIn{UserPrincipalName: "ada@contoso.onmicrosoft.com", AppDisplayName: "orders", IsInteractive: true, SignInEventTypes: []string{"interactiveUser"}})
	tt.directory.RecordSignIn(directory.SignIn{UserPrincipalName: "ada@contoso.onmicrosoft.com", IsInteractive: true, SignInEventTypes: []string{"interactiveUser"},
		Status: directory.SignInStatus{ErrorCode: 50126, FailureReason: "Error validating credentials due to invalid username or password."}})
	tt.directory.RecordSignIn(directory.SignIn{AppDisplayName: "client", SignInEventTypes: []string{"servicePrincipal"}})
	for path, want := range map[string]int{
		"/v1.0/auditLogs/signIns":                                                                  2,
		"/beta/auditLogs/signIns":                                                                  2,
		"/v1.0/auditLogs/signIns?$filter=status/errorCode eq 50126":                                1,
		"/v1.0/auditLogs/signIns?$filter=startswith(userPrincipalName,'ada')&$top=1":               1,
		"/beta/auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'servicePrincipal')":         1,
		"/v1.0/auditLogs/signIns?$filter=createdDateTime ge 2026-03-01T12:00:01Z":                  0,
		"/v1.0/auditLogs/signIns?$orderby=createdDateTime desc&$filter=appDisplayName eq 'orders'": 1,
	} {
		if got := tt.get(path).values(); len(got) != want {
			t.Errorf("GET %s answers %d, want %d", path, len(got), want)
		}
	}
	entry := tt.get("/v1.0/auditLogs/signIns?$filter=appDisplayName eq 'orders'").values()[0]
	if entry.text("conditionalAccessStatus") != "notApplied" || entry["signInEventTypes"] != nil {
		t.Errorf("a sign-in is %v", entry)
	}
	tt.get("/v1.0/auditLogs/signIns/" + entry.text("id"))
	tt.must(404, "GET", "/v1.0/auditLogs/signIns/x", "")
}
