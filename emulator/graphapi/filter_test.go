package graphapi

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const eventual = "ConsistencyLevel: eventual"

func TestFilters(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ids := map[string]string{}
	for _, app := range []string{
		`{"displayName":"Orders","uniqueName":"shop.orders","tags":["a","provision:stack=shop"],"identifierUris":["api://orders"],"api":{"requestedAccessTokenVersion":2},"description":"sells"}`,
		`{"displayName":"Orders UI","uniqueName":"shop.ui","tags":["provision:stack=shop"],"isFallbackPublicClient":true,"web":{"redirectUris":["https://ui.example"]}}`,
		`{"displayName":"O'Hara","requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[]}]}`,
	} {
		created := tt.newApplication(app)
		ids[created.text("displayName")] = created.text("appId")
	}
	for _, test := range []struct {
		filter   string
		advanced bool
		want     string
	}{
		{"displayName eq 'orders'", false, "Orders"},
		{"displayName eq 'O''Hara'", false, "O'Hara"},
		{"startswith(displayName,'Orders')", false, "Orders, Orders UI"},
		{"startsWith(displayName, 'orders u')", false, "Orders UI"},
		{"startswith(displayName,'Orders') eq true", false, "Orders, Orders UI"},
		{"uniqueName eq 'shop.orders'", false, "Orders"},
		{"startsWith(uniqueName,'shop.')", false, "Orders, Orders UI"},
		{"uniqueName in ('shop.orders','shop.ui','other')", false, "Orders, Orders UI"},
		{"appId eq '" + ids["Orders"] + "'", false, "Orders"},
		{"appId in ('" + ids["Orders"] + "', '" + ids["O'Hara"] + "')", false, "O'Hara, Orders"},
		{"appId eq '" + ids["Orders"] + "' and displayName eq 'other'", false, ""},
		{"appId eq '" + ids["Orders"] + "' or displayName eq 'Orders UI'", false, "Orders, Orders UI"},
		{"appId eq '" + ids["Orders"] + "' or uniqueName eq 'shop.orders'", false, "Orders"},
		{"tags/any(t:t eq 'provision:stack=shop')", false, "Orders, Orders UI"},
		{"tags/any(t: startswith(t, 'provision:'))", false, "Orders, Orders UI"},
		{"tags/any(t:t eq 'a' or t eq 'b')", false, "Orders"},
		{"identifierUris/any(uri:uri eq 'api://orders')", false, "Orders"},
		{"identifierUris/any(s:s eq 'API://ORDERS')", false, "Orders"},
		{"(displayName eq 'Orders' or displayName eq 'O''Hara') and tags/any(t:t eq 'a')", false, "Orders"},
		{"displayName eq 'Orders' or displayName eq 'O''Hara' and tags/any(t:t eq 'a')", false, "Orders"},
		{"createdDateTime ge 2026-01-01T00:00:00Z and startswith(displayName,'O')", false, "O'Hara, Orders, Orders UI"},
		{"createdDateTime le 2026-01-01T00:00:00Z", false, ""},
		{"displayName ne 'Orders' and startswith(displayName,'O')", true, "O'Hara, Orders UI"},
		{"not(displayName eq 'Orders') and startswith(displayName,'O')", true, "O'Hara, Orders UI"},
		{"NOT startswith(displayName,'Orders') and displayName ne 'provision administrator'", true, "O'Hara"},
		{"uniqueName eq null and displayName ne 'provision administrator'", true, "O'Hara"},
		{"uniqueName ne null", true, "Orders, Orders UI"},
		{"description eq 'sells'", true, "Orders"},
		{"isFallbackPublicClient eq true", true, "Orders UI"},
		{"tags/$count eq 1", true, "Orders UI"},
		{"tags/any()", true, "Orders, Orders UI"},
		{"requiredResourceAccess/any(r:r/resourceAppId eq '00000003-0000-0000-c000-000000000000') and displayName ne 'provision administrator'", true, "O'Hara"},
		{"web/redirectUris/any(p:startswith(p,'https://ui'))", true, "Orders UI"},
	} {
		path, headers := "/v1.0/applications?$filter="+url.QueryEscape(test.filter), []string(nil)
		if test.advanced {
			if r := tt.send("admin", "GET", path, ""); r.StatusCode != 400 || r.body.text("error.code") != "Request_UnsupportedQuery" {
				t.Errorf("%s without the advanced query parameters: %s", test.filter, r.fault())
			}
			path, headers = path+"&$count=true", []string{eventual}
		}
		r := tt.send("admin", "GET", path, "", headers...)
		if got := strings.Join(r.body.names(), ", "); got != test.want || r.StatusCode != 200 {
			t.Errorf("%s: %s [%s], want [%s]", test.filter, r.fault(), got, test.want)
		}
		if count := r.body.at("@odata.count"); test.advanced && count != float64(len(r.body.values())) {
			t.Errorf("%s: @odata.count is %v", test.filter, count)
		}
	}
}

func TestFiltersThatGraphRefuses(t *testing.T) {
	t.Parallel()
	tt := start(t)
	for _, test := range []struct{ filter, want string }{
		{"", "400 BadRequest: Invalid filter clause: Syntax error at position 0"},
		{"colour eq 'red'", "400 BadRequest: Invalid filter clause: Could not find a property named 'colour' on type 'microsoft.graph.application'."},
		{"displayname eq 'x'", "Could not find a property named 'displayname'"},
		{"api/colour eq 1", "Could not find a property named 'api/colour'"},
		{"displayName eq", "Syntax error at position 14"},
		{"displayName eq 'x", "unterminated string literal at position 15"},
		{"displayName eq 'x' and", "Syntax error"},
		{"displayName eq 'x' 'y'", "Syntax error"},
		{"displayName is 'x'", "Syntax error"},
		{"(displayName eq 'x'", "Syntax error"},
		{"eq 'x'", "Syntax error"},
		{"displayName eq displayName", "Syntax error"},
		{"displayName in ()", "Syntax error"},
		{"startswith(displayName)", "Syntax error"},
		{"displayName eq 1", "incompatible types"},
		{"displayName eq true", "incompatible types"},
		{"appId eq 11111111-1111-1111-1111-111111111111", "incompatible types"},
		{"createdDateTime ge 'today'", "incompatible types"},
		{"tags eq 'a'", "400 Request_UnsupportedQuery"},
		{"contains(displayName,'x')", "400 Request_UnsupportedQuery: Unsupported or invalid query filter clause specified for property 'displayName' of resource 'Application'."},
		{"endswith(displayName,'x')", "400 Request_UnsupportedQuery"},
		{"displayName gt 'x'", "400 Request_UnsupportedQuery"},
		{"samlMetadataUrl eq 'x'", "400 Request_UnsupportedQuery"},
		{"appRoles/any(r:r/value eq 'Admin')", "400 Request_UnsupportedQuery"},
		{"startswith(appId,'0')", "400 Request_UnsupportedQuery"},
		{"tags/all(t:t eq 'a')", "400 Request_UnsupportedQuery"},
		{"displayName/any(d:d eq 'a')", "following a collection"},
		{"tags/any(t:displayName eq 'a')", "lambda"},
		{"tags/any(t:tags/any(u:u eq 'a'))", "lambda"},
		{"tags/any(t:t eq 'a'", "Syntax error"},
		{"displayName/$count eq 1", "$count must follow a collection"},
		{strings.Repeat("(", 100) + "displayName eq 'x'" + strings.Repeat(")", 100), "node count limit"},
		{"displayName in ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16')", "Max allowed: 15"},
		{strings.Repeat("displayName eq 'x' or ", 15) + "displayName eq 'y'", "Max allowed: 15"},
	} {
		for _, advanced := range []bool{false, true} {
			path, headers := "/v1.0/applications?$filter="+url.QueryEscape(test.filter), []string(nil)
			if advanced {
				path, headers = path+"&$count=true", []string{eventual}
			}
			if got := tt.send("admin", "GET", path, "", headers...).fault(); !strings.Contains(got, test.want) {
				t.Errorf("%s (advanced: %v): %s, want %s", test.filter, advanced, got, test.want)
			}
		}
	}
}

func TestFiltersOfOtherLists(t *testing.T) {
	t.Parallel()
	tt := start(t)
	ada := tt.newUser("ada")
	tt.newUser("bob")
	tt.must(204, "PATCH", "/v1.0/users/"+ada.text("id"), `{"onPremisesExtensionAttributes":{"extensionAttribute15":"provision:stack=shop"},"mail":"ada@contoso.com"}`)
	tt.newGroup("operators")
	app := tt.newApplication(`{"displayName":"orders","identifierUris":["api://orders"],"api":{"requestedAccessTokenVersion":2}}`)
	sp := tt.newServicePrincipal(app)
	for _, test := range []struct {
		path     string
		advanced bool
		want     string
	}{
		{"users?$filter=userPrincipalName eq 'ADA@contoso.onmicrosoft.com'", false, "ada"},
		{"users?$filter=startswith(userPrincipalName,'bob')", false, "bob"},
		{"users?$filter=id eq '" + ada.text("id") + "'", false, "ada"},
		{"users?$filter=accountEnabled eq true and displayName eq 'bob'", false, "bob"},
		{"users?$filter=onPremisesExtensionAttributes/extensionAttribute15 eq 'provision:stack=shop'&$count=true", true, "ada"},
		{"users?$filter=endsWith(mail,'@contoso.com')&$count=true", true, "ada"},
		{"groups?$filter=securityEnabled eq true and mailEnabled eq false", false, "operators"},
		{"groups?$filter=groupTypes/any(c:c eq 'Unified')", false, ""},
		{"servicePrincipals?$filter=appId eq '" + app.text("appId") + "'", false, "orders"},
		{"servicePrincipals?$filter=servicePrincipalNames/any(c:c eq 'api://orders')", false, "orders"},
		{"servicePrincipals?$filter=displayName eq 'Microsoft Graph'", false, "Microsoft Graph"},
		{"servicePrincipals?$filter=appOwnerOrganizationId eq f8cdef31-a31e-4b4a-93e4-5f571e91255a", false, "Microsoft Graph"},
		{"servicePrincipals/" + sp.text("id") + "/appRoleAssignments?$filter=resourceId eq 11111111-1111-1111-1111-111111111111", false, ""},
	} {
		path, headers := "/v1.0/"+test.path, []string(nil)
		if test.advanced {
			if got := tt.send("admin", "GET", path, "").fault(); !strings.HasPrefix(got, "400 Request_UnsupportedQuery") {
				t.Errorf("%s without ConsistencyLevel: %s", test.path, got)
			}
			headers = []string{eventual}
		}
		r := tt.send("admin", "GET", path, "", headers...)
		if got := strings.Join(r.body.names(), ", "); got != test.want || r.StatusCode != 200 {
			t.Errorf("%s: %s [%s], want [%s]", test.path, r.fault(), got, test.want)
		}
	}
}

// TestIndexedFiltersAgree compares each filter that uses an index with an equivalent filter that
// scans all objects.
func TestIndexedFiltersAgree(t *testing.T) {
	t.Parallel()
	tt := start(t)
	var ids []string
	for i := range 20 {
		ids = append(ids, tt.newApplication(fmt.Sprintf(`{"displayName":"a%d","uniqueName":"s.a%d"}`, i%4, i)).text("appId"))
	}
	for _, filter := range []string{
		"appId eq '" + ids[3] + "'",
		"appId in ('" + strings.Join(ids[:9], "','") + "')",
		"appId eq '" + ids[3] + "' or uniqueName eq 's.a4' or uniqueName eq 's.a3'",
		"appId eq '" + ids[3] + "' and displayName eq 'a3'",
		"(appId eq '" + ids[3] + "' or appId eq '" + ids[4] + "') and displayName eq 'a3'",
	} {
		indexed := tt.get("/v1.0/applications?$filter=" + url.QueryEscape(filter)).values()
		// If startswith has no index for one part, the whole filter does not use an index.
		scanned := tt.get("/v1.0/applications?$filter=" + url.QueryEscape("("+filter+") or startswith(displayName,'none')")).values()
		if !slices.EqualFunc(indexed, scanned, func(a, b object) bool { return a.text("id") == b.text("id") }) {
			t.Errorf("%s: the index finds %d, a scan %d", filter, len(indexed), len(scanned))
		}
	}
}
