package graphapi

import (
	"fmt"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada, bob := tt.newUser("ada"), tt.newUser("bob")
	_, sp := tt.resource()
	reference := fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+ada.text("id"))
	app := tt.newApplication(`{"displayName":"client"}`)
	tt.must(204, "POST", "/v1.0/applications/"+app.text("id")+"/owners/$ref", reference)
	group := tt.newGroup("operators")
	tt.must(204, "POST", "/v1.0/groups/"+group.text("id")+"/members/$ref", reference)
	tt.must(204, "PUT", "/v1.0/users/"+bob.text("id")+"/manager/$ref", reference)
	tt.must(201, "POST", "/v1.0/servicePrincipals/"+sp.text("id")+"/appRoleAssignedTo", fmt.Sprintf(`{"principalId":%q,"resourceId":%q,"appRoleId":%q}`, ada.text("id"), sp.text("id"), adminRole))
	for _, test := range []struct{ path, property, want string }{
		{"/v1.0/applications/" + app.text("id") + "?$expand=owners", "owners", "[ada]"},
		{"/v1.0/applications/" + app.text("id") + "?$select=id&$expand=owners($select=id,displayName)", "owners", "[ada]"},
		{"/v1.0/groups/" + group.text("id") + "?$expand=members,owners", "members", "[ada]"},
		{"/v1.0/groups/" + group.text("id") + "?$expand=members,owners", "owners", "[]"},
		{"/v1.0/users/" + ada.text("id") + "?$expand=memberOf", "memberOf", "[operators]"},
		{"/v1.0/users/" + ada.text("id") + "?$expand=appRoleAssignments", "appRoleAssignments", "[ada]"},
		{"/v1.0/users/" + ada.text("id") + "?$expand=directReports", "directReports", "[bob]"},
		{"/v1.0/users/" + bob.text("id") + "?$expand=manager", "manager", "ada"},
		{"/v1.0/users/" + ada.text("id") + "?$expand=manager", "manager", "<nil>"},
		{"/v1.0/servicePrincipals/" + sp.text("id") + "?$expand=appRoleAssignedTo", "appRoleAssignedTo", "[ada]"},
	} {
		got := fmt.Sprint(shownNames(tt.get(test.path).at(test.property)))
		if got != test.want {
			t.Errorf("GET %s answers %s as %s, want %s", test.path, test.property, got, test.want)
		}
	}
	listed := tt.get("/v1.0/groups?$expand=members($select=id)&$filter=displayName eq 'operators'").values()[0]
	member := object(listed.at("members").([]any)[0].(map[string]any))
	if len(member) != 2 || member.text("@odata.type") != "#microsoft.graph.user" || member.text("id") != ada.text("id") {
		t.Errorf("in a list, a member is %v", member)
	}
}

// shownNames returns the display names of expanded objects.
func shownNames(v any) any {
	name := func(o object) string {
		if who := o.text("principalDisplayName"); who != "" {
			return who
		}
		return o.text("displayName")
	}
	switch v := v.(type) {
	case map[string]any:
		return name(v)
	case []any:
		var names []string
		for _, entry := range v {
			names = append(names, name(entry.(map[string]any)))
		}
		return names
	}
	return v
}

func TestSearch(t *testing.T) {
	t.Parallel()
	tt := start(t)
	for _, name := range []string{"Contoso Orders API", "ContosoOrders-Web", "Invoices"} {
		tt.newApplication(fmt.Sprintf(`{"displayName":%q,"description":"team %s"}`, name, strings.Fields(name)[0]))
	}
	for search, want := range map[string]string{
		`"displayName:orders"`:                                  "Contoso Orders API,ContosoOrders-Web",
		`"displayName:ord"`:                                     "Contoso Orders API,ContosoOrders-Web",
		`"displayName:rders"`:                                   "",
		`"displayName:orders api"`:                              "Contoso Orders API",
		`"displayName:orders" AND "displayName:web"`:            "ContosoOrders-Web",
		`"displayName:invoices" OR "displayName:web"`:           "ContosoOrders-Web,Invoices",
		`"description:invoices"`:                                "Invoices",
		`"displayName:contoso" AND "description:contosoOrders"`: "ContosoOrders-Web",
	} {
		path := "/v1.0/applications?$search=" + strings.ReplaceAll(search, " ", "%20")
		if got := strings.Join(tt.get(strings.ReplaceAll(path, `"`, "%22"), eventual).names(), ","); got != want {
			t.Errorf("$search=%s finds %s, want %s", search, got, want)
		}
	}
	for _, search := range []string{"orders", `"orders"`, `"displayName:"`, `"colour:red"`, `"displayName:x" XOR "displayName:y"`, `"displayName:x`, `"displayName:x" AND`, `"tags:x"`} {
		path := "/v1.0/applications?$search=" + strings.NewReplacer(" ", "%20", `"`, "%22").Replace(search)
		if got := tt.send("admin", "GET", path, "", eventual).fault(); !strings.HasPrefix(got, "400") {
			t.Errorf("$search=%s: %s", search, got)
		}
	}
}
