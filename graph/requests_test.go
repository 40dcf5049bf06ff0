package graph

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestWrites: the request of each write, as in Graph's reference.
func TestWrites(t *testing.T) {
	t.Parallel()
	body := Object{"displayName": "D"}
	const ref = `{"@odata.id":"https://graph.example/v1.0/directoryObjects/o"}`
	end := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, w := range map[string]Write{
		"PATCH /applications(uniqueName='s.a%27%27b') {\"displayName\":\"D\"} create":              UpsertApplication("s.a'b", body),
		"PATCH /applications/a {\"displayName\":\"D\"}":                                            UpdateApplication("a", body),
		"DELETE /applications/a ":                                                                  DeleteApplication("a"),
		"POST /applications/a/removePassword {\"keyId\":\"11111111-1111-4111-8111-111111111111\"}": RemovePassword(OwnedApplication, "a", "11111111-1111-4111-8111-111111111111"),
		"PATCH /groups(uniqueName='g') {\"displayName\":\"D\"} create":                             UpsertGroup("g", body),
		"PATCH /groups/g {\"displayName\":\"D\"}":                                                  UpdateGroup("g", body),
		"DELETE /groups/g ":                                                  DeleteGroup("g"),
		"POST /groups/g/members/$ref " + ref:                                 AddMember("g", "o"),
		"DELETE /groups/g/members/o/$ref ":                                   RemoveMember("g", "o"),
		"PATCH /servicePrincipals(appId='a') {\"displayName\":\"D\"} create": UpsertServicePrincipal("a", body),
		"PATCH /servicePrincipals/p {\"displayName\":\"D\"}":                 UpdateServicePrincipal("p", body),
		"DELETE /servicePrincipals/p ":                                       DeleteServicePrincipal("p"),
		"POST /servicePrincipals/11111111-1111-4111-8111-111111111111/appRoleAssignedTo {\"appRoleId\":\"33333333-1111-4111-8111-111111111111\",\"principalId\":\"22222222-1111-4111-8111-111111111111\",\"resourceId\":\"11111111-1111-4111-8111-111111111111\"}": AssignRole("11111111-1111-4111-8111-111111111111", "22222222-1111-4111-8111-111111111111", "33333333-1111-4111-8111-111111111111"),
		"DELETE /servicePrincipals/r/appRoleAssignedTo/x ":                                                                           RemoveAssignment("r", "x"),
		"POST /oauth2PermissionGrants {\"clientId\":\"c\",\"consentType\":\"AllPrincipals\",\"resourceId\":\"r\",\"scope\":\"a b\"}": Grant("c", "r", "a b"),
		"PATCH /oauth2PermissionGrants/g {\"scope\":\"a\"}":                                                                          UpdateGrant("g", "a"),
		"DELETE /oauth2PermissionGrants/g ":                                                                                          RevokeGrant("g"),
		"POST /users {\"displayName\":\"D\"}":                                                                                        CreateUser(body),
		"PATCH /users/u {\"displayName\":\"D\"}":                                                                                     UpdateUser("u", body),
		"DELETE /users/u ":                                                                                                           DeleteUser("u"),
		"POST /applications/a/owners/$ref " + ref:                                                                                    AddOwner(OwnedApplication, "a", "o"),
		"DELETE /groups/g/owners/o/$ref ":                                                                                            RemoveOwner(OwnedGroup, "g", "o"),
		"DELETE /directory/deletedItems/x ":                                                                                          Purge("x"),
		"POST /directory/deletedItems/x/restore {}":                                                                                  Restore("x"),
		"POST /applications/a/federatedIdentityCredentials {\"name\":\"n\"}":                                                         AddFederatedCredential("a", Object{"name": "n"}),
		"PATCH /applications/a/federatedIdentityCredentials/f {\"subject\":\"s\"}":                                                   UpdateFederatedCredential("a", "f", Object{"subject": "s"}),
		"DELETE /applications/a/federatedIdentityCredentials/f ":                                                                     RemoveFederatedCredential("a", "f"),
		"POST /applications/a/addPassword {\"passwordCredential\":{\"displayName\":\"n\",\"endDateTime\":\"2027-01-02T03:04:05Z\"}}": AddPassword("a", "n", end),
	} {
		r := w.request("https://graph.example/v1.0", nil)
		if r.invalid != nil {
			t.Errorf("%s: %v", want, r.invalid)
			continue
		}
		got := r.method + " " + r.path + " " + sorted(t, r.body)
		for _, v := range r.headers {
			if strings.Contains(v, "create-if-missing") {
				got += " create"
			}
		}
		if strings.TrimSuffix(got, " ") != strings.TrimSuffix(want, " ") {
			t.Errorf("%s\nwant %s", got, want)
		}
		if w.operation == "" {
			t.Errorf("%s has no name", want)
		}
	}
	if !AddPassword("a", "n", end).request("", nil).once {
		t.Error("a new secret may be asked for twice, and the text of the first be lost")
	}
	if DeleteUser("u").request("", nil).once {
		t.Error("a deletion may not be sent again")
	}
}

// sorted returns a JSON object with its members in order.
func sorted(t *testing.T, raw []byte) string {
	t.Helper()
	if len(raw) == 0 {
		return ""
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestReads: the address of each read, with its query.
func TestReads(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Read{
		"/organization": Organization(),
		"/users?$filter=userPrincipalName in ('a@x','o''b@x')":                              UsersNamed("a@x", "o'b@x"),
		"/groups?$filter=displayName eq 'g'":                                                GroupsDisplayed("g"),
		"/applications?$filter=displayName eq 'a'":                                          ApplicationsDisplayed("a"),
		"/servicePrincipals(appId='a')":                                                     ServicePrincipalByAppID("a"),
		"/applications(uniqueName='s.a')":                                                   ApplicationNamed("s.a"),
		"/groups(uniqueName='g')":                                                           GroupNamed("g"),
		"/oauth2PermissionGrants?$filter=resourceId eq 'r'":                                 GrantsTo("r"),
		"/oauth2PermissionGrants?$filter=consentType eq 'AllPrincipals'":                    AdminGrants(),
		"/applications?$filter=tags/any(t:startswith(t,'m'))":                               ApplicationsTagged("m"),
		"/servicePrincipals?$filter=tags/any(t:startswith(t,'m'))":                          ServicePrincipalsTagged("m"),
		"/groups?$filter=startswith(uniqueName,'p')":                                        GroupsNamed("p"),
		"/applications?$filter=startswith(uniqueName,'s.')":                                 ApplicationsNamed("s."),
		"/users?$filter=startswith(onPremisesExtensionAttributes/extensionAttribute15,'m')": UsersMarked("m"),
		"/applications/a/owners":                                                            Owners(OwnedApplication, "a"),
		"/servicePrincipals/s?$select=id,passwordCredentials":                               PasswordCredentials(OwnedServicePrincipal, "s"),
		"/directory/deletedItems/microsoft.graph.application":                               DeletedApplications(),
		"/directory/deletedItems/microsoft.graph.servicePrincipal":                          DeletedServicePrincipals(),
		"/directory/deletedItems/microsoft.graph.group":                                     DeletedGroups(),
		"/directory/deletedItems/microsoft.graph.user":                                      DeletedUsers(),
	} {
		text := r.Path
		if strings.Contains(want, "?$filter") {
			text += "?$filter=" + r.Query.Get("$filter")
		} else if strings.Contains(want, "?$select") {
			text += "?$select=" + r.Query.Get("$select")
		}
		if text != want {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
}

// TestExpanding adds a relation to the id, and changes nothing else.
func TestExpanding(t *testing.T) {
	t.Parallel()
	list := ApplicationsTagged("m")
	before := list.url()
	expanded := list.Expanding(NavOwners)
	if !strings.Contains(expanded.url(), "expand=owners") || !strings.Contains(expanded.url(), "select=id") {
		t.Errorf("it asks for %s", expanded.url())
	}
	if list.url() != before {
		t.Error("the list itself was changed")
	}
}

// TestTheOrganization: its default domain, or the first one.
func TestTheOrganization(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]Tenant{
		`{"id":"t","displayName":"C","verifiedDomains":[{"name":"a.example"},{"name":"b.example","isDefault":true},{"name":"c.example"}]}`: {ID: "t", DisplayName: "C", Domain: "b.example", Domains: []string{"a.example", "b.example", "c.example"}},
		`{"id":"t","verifiedDomains":[{"name":"a.example"},{"name":"b.example"}]}`:                                                         {ID: "t", Domain: "a.example", Domains: []string{"a.example", "b.example"}},
		`{"id":"t"}`: {ID: "t"},
	} {
		got, err := Result{Items: []json.RawMessage{json.RawMessage(body)}}.Tenant()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", body, got, err, want)
		}
	}
	if _, err := (Result{}).Tenant(); err == nil || err.Error() != "read the tenant: Graph shows no organization" {
		t.Errorf("no organization: %v", err)
	}
	if _, err := (Result{Items: []json.RawMessage{json.RawMessage("[]")}}).Tenant(); err == nil {
		t.Error("a list is taken for an organization")
	}
}

// TestBatchIsNamedByItsWrites: the name of a batch in messages states whether one of its requests writes.
func TestBatchIsNamedByItsWrites(t *testing.T) {
	t.Parallel()
	read, write := request{method: "GET"}, request{method: "POST"}
	for want, requests := range map[string][][]request{
		"read the tenant":     {nil, {read}, {read, read}},
		"write to the tenant": {{write}, {read, write}, {{method: "DELETE"}}},
	} {
		for _, r := range requests {
			if got := operationOf(r); got != want {
				t.Errorf("%v: %q, want %q", r, got, want)
			}
		}
	}
}

// TestQueries: a space in a query is %20, and a quote in a text is doubled.
func TestQueries(t *testing.T) {
	t.Parallel()
	q := url.Values{"$filter": {"displayName eq 'a b+c'"}}
	if got := encode(q); strings.Contains(got, "+") || !strings.Contains(got, "%20") || !strings.Contains(got, "%2B") {
		t.Errorf("%s", got)
	}
	more := with(q, "$top", "5")
	if more.Get("$top") != "5" || more.Get("$filter") == "" || q.Get("$top") != "" {
		t.Errorf("%v and %v", more, q)
	}
	if got := quote("o'b"); got != "'o''b'" {
		t.Errorf("%s", got)
	}
	if got := object("users", "a/b?c"); got != "/users/a%2Fb%3Fc" {
		t.Errorf("%s", got)
	}
}

// TestPauses: each repetition after a lag error waits longer, up to a maximum, and jitter adds at
// most a tenth.
func TestPauses(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{0: 200 * time.Millisecond, 1: 400 * time.Millisecond, 3: 1600 * time.Millisecond, 5: 6400 * time.Millisecond, 6: 8 * time.Second, 60: 8 * time.Second} {
		if got := LagPause(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for range 100 {
		if got := jitter(time.Second); got < time.Second || got > 1100*time.Millisecond {
			t.Fatalf("a second with jitter is %s", got)
		}
	}
}

// TestErrorsByStatus: the predicates that callers apply to an error.
func TestErrorsByStatus(t *testing.T) {
	t.Parallel()
	of := func(status int, code, message string) error {
		return errors.Join(&Error{Operation: "do it", Status: status, Code: code, Message: message})
	}
	for name, c := range map[string]struct {
		err                               error
		notFound, denied, lasting, unsure bool
	}{
		"nothing":   {nil, false, false, false, false},
		"not found": {of(404, "Request_ResourceNotFound", ""), true, false, false, false},
		"forbidden": {of(403, "Authorization_RequestDenied", ""), false, true, false, false},
		"bad":       {of(400, "Request_BadRequest", "no"), false, false, true, false},
		"throttled": {of(429, "TooManyRequests", ""), false, false, false, false},
		"broken":    {of(500, "", ""), false, false, false, true},
		"timeout":   {of(504, "", ""), false, false, false, true},
		"no answer": {errors.New("connection reset"), false, false, false, false},
	} {
		if NotFound(c.err) != c.notFound || Denied(c.err) != c.denied || Lasting(c.err) != c.lasting {
			t.Errorf("%s: not found %t, denied %t, lasting %t", name, NotFound(c.err), Denied(c.err), Lasting(c.err))
		}
		if c.unsure && !Uncertain(c.err) {
			t.Errorf("%s leaves nothing open", name)
		}
	}
}
