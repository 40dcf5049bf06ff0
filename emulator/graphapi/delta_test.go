package graphapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// follow reads a delta query from a path to its end. It returns the changes, by display name or
// by the reason of a removal, and the link for the next query.
func (tt *tenant) follow(path string, headers ...string) (told []string, link string) {
	tt.Helper()
	for {
		page := tt.get(strings.TrimPrefix(path, origin), headers...)
		for _, entry := range page.values() {
			if removed, ok := entry["@removed"].(map[string]any); ok {
				told = append(told, "removed: "+fmt.Sprint(removed["reason"]))
				continue
			}
			told = append(told, entry.text("displayName"))
		}
		if next := page.text("@odata.nextLink"); next != "" {
			path = next
			continue
		}
		slices.Sort(told)
		return told, page.text("@odata.deltaLink")
	}
}

func TestDelta(t *testing.T) {
	t.Parallel()
	tt := start(t)
	orders := tt.newApplication(`{"displayName":"orders"}`)
	for i := range 5 {
		tt.newApplication(fmt.Sprintf(`{"displayName":"app %d"}`, i))
	}
	told, link := tt.follow("/v1.0/applications/delta?$select=displayName", "Prefer: odata.maxpagesize=2")
	if strings.Join(told, ",") != "app 0,app 1,app 2,app 3,app 4,orders,provision administrator" {
		t.Errorf("the first time it tells %v", told)
	}
	path := "/v1.0/applications/" + orders.text("id")
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"nothing", func() {}, ""},
		{"a change", func() { tt.must(204, "PATCH", path, `{"displayName":"orders 2"}`) }, "orders 2"},
		{"an owner", func() {
			tt.must(204, "POST", path+"/owners/$ref", fmt.Sprintf(`{"@odata.id":%q}`, origin+"/v1.0/directoryObjects/"+tt.newUser("ada").text("id")))
		}, "orders 2"},
		{"something else's change", func() { tt.newGroup("operators") }, ""},
		{"a new one", func() { tt.newApplication(`{"displayName":"new"}`) }, "new"},
		{"a deletion", func() { tt.must(204, "DELETE", path, "") }, "removed: changed"},
		{"a restoration", func() {
			tt.must(200, "POST", "/v1.0/directory/deletedItems/"+orders.text("id")+"/restore", "")
		}, "orders 2"},
		{"a purge", func() {
			tt.must(204, "DELETE", path, "")
			tt.must(204, "DELETE", "/v1.0/directory/deletedItems/"+orders.text("id"), "")
		}, "removed: deleted"},
	} {
		step.do()
		told, link = tt.follow(link)
		if got := strings.Join(told, ","); got != step.want {
			t.Errorf("after %s it tells %q, want %q", step.name, got, step.want)
		}
	}
	told, latest := tt.follow("/v1.0/users/delta?$deltatoken=latest")
	if len(told) != 0 {
		t.Errorf("the latest token tells %v", told)
	}
	tt.newUser("bob")
	if told, _ := tt.follow(latest); strings.Join(told, ",") != "bob" {
		t.Errorf("after a new user it tells %v", told)
	}
	app := tt.newApplication(`{"displayName":"mirrored"}`)
	tt.newServicePrincipal(app)
	_, link = tt.follow("/v1.0/servicePrincipals/microsoft.graph.delta()")
	tt.must(204, "PATCH", "/v1.0/applications/"+app.text("id"), `{"displayName":"renamed"}`)
	if told, _ := tt.follow(link); strings.Join(told, ",") != "renamed" {
		t.Errorf("a service principal does not change with its application: %v", told)
	}
	for query, want := range map[string]string{
		"users/delta?$deltatoken=x":                                  "410 syncStateNotFound",
		"users/delta?$deltatoken=" + strings.SplitN(link, "=", 2)[1]: "410 syncStateNotFound",
		"users/delta?$select=colour":                                 "400",
		"users/delta?$orderby=displayName":                           "400",
	} {
		if got := tt.send("admin", "GET", "/v1.0/"+query, "").fault(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
