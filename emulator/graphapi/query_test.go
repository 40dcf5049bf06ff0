package graphapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
)

func TestPages(t *testing.T) {
	t.Parallel()
	tt := start(t)
	for i := range 25 {
		tt.newUser(fmt.Sprintf("user%02d", i))
	}
	for _, test := range []struct{ query, order string }{
		{"$top=10", ""},
		{"$top=7&$select=id,displayName", ""},
		{"$top=10&$orderby=displayName", "ascending"},
		{"$top=10&$orderby=displayName desc", "descending"},
		{"$top=4&$filter=startswith(displayName,'user')&$count=true&$orderby=displayName desc", "descending"},
	} {
		var names []string
		seen := map[string]bool{}
		headers := []string{eventual}
		for path := "/v1.0/users?" + test.query; path != ""; {
			page := tt.get(path, headers...)
			for _, u := range page.values() {
				names = append(names, u.text("displayName"))
				seen[u.text("id")] = true
			}
			next := page.text("@odata.nextLink")
			if next != "" && !strings.HasPrefix(next, origin+"/v1.0/users?") {
				t.Fatalf("%s: the next link is %q", test.query, next)
			}
			path = strings.TrimPrefix(next, origin)
		}
		if len(names) != 25 || len(seen) != 25 {
			t.Errorf("%s: %d users, %d of them different, want 25", test.query, len(names), len(seen))
		}
		if test.order == "descending" {
			slices.Reverse(names)
		}
		if test.order != "" && !slices.IsSorted(names) {
			t.Errorf("%s: the order is %v", test.query, names)
		}
	}
	if next := tt.get("/v1.0/users?$top=25").text("@odata.nextLink"); next != "" {
		t.Error("a last page has a next link")
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	path := "/v1.0/users/" + ada.text("id")
	if _, ok := ada["accountEnabled"]; ok || ada.text("userPrincipalName") == "" {
		t.Errorf("v1.0 answers %v by default", ada)
	}
	if _, ok := tt.get(strings.Replace(path, "v1.0", "beta", 1))["accountEnabled"]; !ok {
		t.Error("beta does not answer everything by default")
	}
	selected := tt.get(path + "?$select=id,accountEnabled,onPremisesExtensionAttributes")
	if len(selected) != 4 || selected.at("accountEnabled") != true {
		t.Errorf("$select answers %v", selected)
	}
	if selected.text("@odata.context") != origin+"/v1.0/$metadata#users(id,accountEnabled,onPremisesExtensionAttributes)/$entity" {
		t.Errorf("@odata.context is %q", selected.text("@odata.context"))
	}
	if strings.Contains(tt.must(200, "GET", "/beta/users", "").raw, "assword\":{") {
		t.Error("a password is shown")
	}
}

func TestQueriesThatGraphRefuses(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"orders"}`)
	for query, want := range map[string]string{
		"applications?$select=colour":                               "Could not find a property named 'colour' on type 'microsoft.graph.application'",
		"applications?$top=0":                                       "Invalid page size",
		"applications?$top=1000":                                    "Invalid page size",
		"applications?$top=many":                                    "Invalid page size",
		"applications?$skip=1":                                      "'$skip' is not supported",
		"applications?$expand=friends":                              "Could not find a property named 'friends'",
		"applications?$expand=owners($filter=id eq 'x')":            "Only $select is supported inside $expand",
		"applications?$expand=owners,owners":                        "expanded twice",
		"directoryRoleTemplates?$expand=members":                    "Could not find a property named 'members'",
		"applications?$colour=red":                                  "'$colour' is not supported",
		"applications?colour=red":                                   "'colour' is not supported",
		"applications?$top=1&$top=2":                                "more than once",
		"applications?$count=maybe":                                 "$count",
		"applications?$orderby=displayName":                         "400 Request_UnsupportedQuery",
		"applications?$orderby=appId":                               "400 Request_UnsupportedQuery",
		"applications?$orderby=colour":                              "Could not find a property named 'colour'",
		"users?$orderby=displayName&$filter=accountEnabled eq true": "400 Request_UnsupportedQuery",
		"users?$orderby=displayName sideways":                       "Syntax error",
		"applications?$search=\"displayName:x\"":                    "'ConsistencyLevel: eventual'",
		"applications?$skiptoken=!":                                 "Directory_ExpiredPageToken",
		"applications/$count":                                       "$count is not currently supported",
		"applications/" + app.text("id") + "?$top=1":                "not allowed for a single resource",
		"applications/" + app.text("id") + "?$select=colour":        "Could not find a property named 'colour'",
	} {
		if got := tt.send("admin", "GET", "/v1.0/"+query, "").fault(); !strings.HasPrefix(got, "400") || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	tt.newUser("bob")
	group := tt.newGroup("operators")
	tt.must(204, "POST", "/v1.0/groups/"+group.text("id")+"/members/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/users/"+ada.text("id")))
	for path, want := range map[string]string{
		"users/$count": "2",
		"users/$count?$filter=displayName eq 'ada'":      "1",
		"users/$count?$filter=displayName ne 'ada'":      "1",
		"groups/" + group.text("id") + "/members/$count": "1",
	} {
		if r := tt.must(200, "GET", "/v1.0/"+path, "", eventual); r.raw != want || r.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %q (%s), want %q", path, r.raw, r.Header.Get("Content-Type"), want)
		}
	}
	if _, counted := tt.get("/v1.0/users?$count=true")["@odata.count"]; counted {
		t.Error("$count is answered without ConsistencyLevel")
	}
	if got := tt.get("/v1.0/users?$count=true&$top=1", eventual).at("@odata.count"); got != 2.0 {
		t.Errorf("@odata.count is %v, want that of the whole list", got)
	}
}

func BenchmarkFilterByAppID(b *testing.B) {
	tt := start(b)
	for i := range 10_000 {
		err := tt.directory.Update(func(tx *directory.Tx) error {
			_, err := tx.CreateApplication(&directory.Application{DisplayName: fmt.Sprint("app", i)})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	appID := tt.directory.Administrator().ClientID
	for b.Loop() {
		if len(tt.get("/v1.0/applications?$filter=appId eq '"+appID+"'").values()) != 1 {
			b.Fatal("not found")
		}
	}
}
