package login

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"provision/emulator/directory"
)

const (
	cloudApplicationAdministrator = "158c047a-c907-4556-b7ef-446551a6b5f7"
	privilegedRoleAdministrator   = "e8611ab8-c189-46e8-94e1-60213ab1f814"
)

// hold assigns a directory role to a user.
func (w *world) hold(user *directory.User, template string) {
	w.t.Helper()
	w.update(func(tx *directory.Tx) { w.must(tx.AddRoleMember(template, user.ID)) })
}

// graphPermission returns the id of a permission of Microsoft Graph by its value.
func (w *world) graphPermission(kind, value string) directory.ResourceAccess {
	w.t.Helper()
	for _, r := range w.graphSP.AppRoles {
		if kind == "Role" && r.Value != nil && *r.Value == value {
			return directory.ResourceAccess{ID: r.ID, Type: kind}
		}
	}
	for _, s := range w.graphSP.OAuth2PermissionScopes {
		if kind == "Scope" && s.Value == value {
			return directory.ResourceAccess{ID: s.ID, Type: kind}
		}
	}
	w.t.Fatalf("Graph has no %s %s", kind, value)
	return directory.ResourceAccess{}
}

// need registers the permissions that the site requires.
func (w *world) need(access ...directory.RequiredResourceAccess) {
	w.t.Helper()
	w.change(w.site.ID, func(app *directory.Application) { app.RequiredResourceAccess = access })
}

func (w *world) rolesOf(client *directory.ServicePrincipal) []string {
	var held []string
	for _, a := range w.dir.AssignmentsOf(client.ID) {
		r, _ := w.dir.ServicePrincipal(a.ResourceID)
		held = append(held, r.DisplayName+" "+strings.Join(roleValues(r, []*directory.AppRoleAssignment{a}), ""))
	}
	slices.Sort(held)
	return held
}

func TestAdminConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, directory.GlobalAdministrator)
	w.need(
		directory.RequiredResourceAccess{ResourceAppID: w.api.AppID, ResourceAccess: []directory.ResourceAccess{{ID: readID, Type: "Scope"}, {ID: jobID, Type: "Role"}}},
		directory.RequiredResourceAccess{ResourceAppID: directory.MicrosoftGraphAppID, ResourceAccess: []directory.ResourceAccess{
			w.graphPermission("Scope", "Mail.Read"), w.graphPermission("Role", "User.Read.All"),
		}},
	)
	client := w.browser()
	request := url.Values{"client_id": {w.site.AppID}, "redirect_uri": {"https://site.example/callback"}, "state": {"12 345"}}
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/adminconsent", request), w.ada.UserPrincipalName, password)
	for _, want := range []string{"Review for your organization", "for everybody in Contoso", "<h2>Microsoft Graph</h2>", "Mail.Read", "User.Read.All", "<code>Job</code>"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("page lacks %s: %s", want, p.body)
		}
	}
	if strings.Contains(p.body, `name="everybody"`) {
		t.Error("there is a choice where there is none")
	}
	back := w.decide(client, p, "accept").location
	if want := "https://site.example/callback?admin_consent=True&state=12+345&tenant=" + w.tid(); back == nil || back.String() != want {
		t.Fatalf("answer %v, want %s", back, want)
	}
	w.mustGrant(w.siteSP, "everybody Microsoft Graph: User.Read Mail.Read")
	if roles := w.rolesOf(w.siteSP); !slices.Equal(roles, []string{"API Job", "Microsoft Graph User.Read.All"}) {
		t.Errorf("roles %q", roles)
	}
	// The same again, as with a button in an application's settings.
	w.decide(client, w.get(client, "/"+w.tid()+"/adminconsent", request), "accept")
	if roles := w.rolesOf(w.siteSP); len(roles) != 2 {
		t.Errorf("roles %q", roles)
	}

	var activities []string
	for _, entry := range w.dir.Audits() {
		activities = append(activities, entry.ActivityDisplayName)
		if by := entry.InitiatedBy.User; by == nil || by.ID != w.ada.ID || len(entry.TargetResources) != 1 {
			t.Errorf("%s: %+v", entry.ActivityDisplayName, entry)
		}
	}
	want := []string{
		"Consent to application", "Add delegated permission grant", "Add delegated permission grant",
		"Add app role assignment to service principal", "Add app role assignment to service principal",
		"Consent to application", "Add delegated permission grant", "Add delegated permission grant",
	}
	if !slices.Equal(activities, want) {
		t.Errorf("audit log %q", activities)
	}
}

func TestAdminConsentToScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, cloudApplicationAdministrator)
	w.change(w.api.ID, func(app *directory.Application) { app.API.OAuth2PermissionScopes[1].Type = "Admin" })
	path := "/organizations/v2.0/adminconsent"
	w.change(w.site.ID, func(app *directory.Application) { app.SignInAudience = "AzureADMultipleOrgs" })
	w.need(directory.RequiredResourceAccess{ResourceAppID: w.ledger.AppID, ResourceAccess: []directory.ResourceAccess{{ID: w.ledger.API.OAuth2PermissionScopes[0].ID, Type: "Scope"}}})
	request := url.Values{
		"client_id": {w.site.AppID}, "redirect_uri": {"https://site.example/callback"}, "state": {"s"},
		"scope": {"https://graph.microsoft.com/Mail.Send api://orders/write_data openid"},
	}
	client := w.browser()
	p := w.signIn(client, w.get(client, path, request), w.ada.UserPrincipalName, password)
	q := w.decide(client, p, "accept").location.Query()
	if q.Get("admin_consent") != "True" || q.Get("tenant") != w.tid() || q.Get("state") != "s" || q.Get("scope") != "https://graph.microsoft.com/Mail.Send api://orders/write_data" || q.Has("code") {
		t.Errorf("answer %v", q)
	}
	w.mustGrant(w.siteSP, "everybody Microsoft Graph: User.Read Mail.Send")
	q = w.decide(client, w.get(client, path, form(request, "scope", "https://graph.microsoft.com/.default")), "accept").location.Query()
	if q.Get("scope") != "https://ledger.contoso.onmicrosoft.com/read" {
		t.Errorf("scope %q", q.Get("scope"))
	}

	q = w.decide(client, w.get(client, path, request), "cancel").location.Query()
	if q.Get("admin_consent") != "True" || q.Get("error") != "consent_required" || q.Get("state") != "s" ||
		!strings.HasPrefix(q.Get("error_description"), "AADSTS65004: The resource owner or authorization server denied the request.") {
		t.Errorf("denied: %v", q)
	}
	for name, test := range map[string]struct {
		request url.Values
		want    string
	}{
		"no scope":         {form(request, "scope", "-"), "AADSTS900144: "},
		"unknown scope":    {form(request, "scope", "api://orders/none"), "AADSTS650053: "},
		"unknown resource": {form(request, "scope", "api://nothing/none"), "AADSTS500011: "},
	} {
		p := w.get(client, path, test.request)
		if p.location == nil || p.location.Query().Get("admin_consent") != "True" || !strings.HasPrefix(p.location.Query().Get("error_description"), test.want) {
			t.Errorf("%s: %d %v", name, p.status, p.location)
		}
	}
	if p := w.get(client, path, form(request, "redirect_uri", "https://evil.example/")); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS50011") {
		t.Errorf("foreign redirect URI: %d %v", p.status, p.location)
	}
}

func TestConsentPermissions(t *testing.T) {
	t.Parallel()
	graph := func(w *world) directory.RequiredResourceAccess {
		return directory.RequiredResourceAccess{ResourceAppID: directory.MicrosoftGraphAppID, ResourceAccess: []directory.ResourceAccess{w.graphPermission("Role", "User.Read.All")}}
	}
	api := func(w *world) directory.RequiredResourceAccess {
		return directory.RequiredResourceAccess{ResourceAppID: w.api.AppID, ResourceAccess: []directory.ResourceAccess{{ID: jobID, Type: "Role"}}}
	}
	for name, test := range map[string]struct {
		role    string
		access  func(*world) directory.RequiredResourceAccess
		refused bool
	}{
		"an ordinary user, an API's role":              {"", api, true},
		"a reader of reports, an API's role":           {"4a5d8f65-41da-4de4-8968-e035b65339cf", api, true},
		"an application administrator, an API's role":  {cloudApplicationAdministrator, api, false},
		"an application administrator, a Graph role":   {cloudApplicationAdministrator, graph, true},
		"a privileged role administrator, Graph's too": {privilegedRoleAdministrator, graph, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.role != "" {
				w.hold(w.bob, test.role)
			}
			w.need(test.access(w))
			client := w.browser()
			p := w.signIn(client, w.get(client, "/"+w.tid()+"/adminconsent", url.Values{"client_id": {w.site.AppID}}), w.bob.UserPrincipalName, password)
			if refused := strings.Contains(p.body, "AADSTS90094: "); refused != test.refused {
				t.Fatalf("refused: %v, page %s", refused, p.body)
			}
			q := w.decide(client, p, "accept").location.Query()
			if test.refused && (q.Get("error") != "access_denied" || !strings.HasPrefix(q.Get("error_description"), "AADSTS90094: ")) {
				t.Errorf("answer %v", q)
			}
			if held := w.rolesOf(w.siteSP); (len(held) == 0) != test.refused {
				t.Errorf("roles %q", held)
			}
		})
	}
}

func TestRemovedRoleCannotConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, privilegedRoleAdministrator)
	w.hold(w.ada, cloudApplicationAdministrator)
	w.need(directory.RequiredResourceAccess{ResourceAppID: directory.MicrosoftGraphAppID, ResourceAccess: []directory.ResourceAccess{w.graphPermission("Role", "User.Read.All")}})
	client := w.browser()
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/adminconsent", url.Values{"client_id": {w.site.AppID}}), w.ada.UserPrincipalName, password)
	w.update(func(tx *directory.Tx) { w.must(tx.RemoveRoleMember(privilegedRoleAdministrator, w.ada.ID)) })
	if q := w.decide(client, p, "accept").location.Query(); !strings.HasPrefix(q.Get("error_description"), "AADSTS90094: ") {
		t.Errorf("answer %v", q)
	}
	if held := w.rolesOf(w.siteSP); len(held) != 0 {
		t.Errorf("roles %q", held)
	}
}

func TestPromptForAdminConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, directory.GlobalAdministrator)
	w.need(directory.RequiredResourceAccess{ResourceAppID: w.api.AppID, ResourceAccess: []directory.ResourceAccess{{ID: writeID, Type: "Scope"}, {ID: jobID, Type: "Role"}}})
	client := w.browser()
	request := form(w.siteRequest("prompt", "admin_consent", "scope", "-"), "resource", "api://orders")
	p := w.signIn(client, w.get(client, "/"+w.tid()+"/oauth2/authorize", request), w.ada.UserPrincipalName, password)
	q := w.decide(client, p, "accept").location.Query()
	if q.Get("code") == "" || q.Has("admin_consent") {
		t.Fatalf("answer %v", q)
	}
	if roles := w.rolesOf(w.siteSP); !slices.Equal(roles, []string{"API Job"}) {
		t.Errorf("roles %q", roles)
	}
}

func TestConsentForTheOrganizationGrantsWhatThePageShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, directory.GlobalAdministrator)
	client := w.browser()
	request := w.desktopRequest("scope", "api://orders/write_data")
	w.decide(client, w.arrived(client, request, w.ada), "accept")
	w.mustGrant(w.desktopSP, "Ada Lovelace API: write_data")
	// She has consented for herself, and now consents for the organization.
	w.decide(client, w.get(client, w.authorizePath(), form(request, "prompt", "consent")), "accept", "everybody", "1")
	w.mustGrant(w.desktopSP, "everybody API: read_data write_data")
	w.code(request, w.bob)
}

func TestDirectoryRolesInTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hold(w.ada, directory.GlobalAdministrator)
	w.hold(w.ada, cloudApplicationAdministrator)
	wids := func(request url.Values, user *directory.User, redeem ...string) (access, id any) {
		a := w.granted(w.siteRedemption(w.code(request, user), redeem...))
		return w.claims(a.text("access_token"))["wids"], w.claims(a.text("id_token"))["wids"]
	}
	is := func(name string, got any, want ...string) {
		t.Helper()
		list, _ := got.([]any)
		var values []string
		for _, v := range list {
			values = append(values, v.(string))
		}
		if !slices.Equal(values, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	access, id := wids(w.siteRequest(), w.ada)
	is("not asked for, access token", access)
	is("not asked for, ID token", id)
	access, _ = wids(w.siteRequest("scope", "User.Read openid"), w.ada)
	is("Microsoft Graph", access, cloudApplicationAdministrator, directory.GlobalAdministrator, memberWID)
	w.change(w.api.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("SecurityGroup, DirectoryRole") })
	w.change(w.site.ID, func(app *directory.Application) { app.GroupMembershipClaims = ptr("All") })
	access, id = wids(w.siteRequest(), w.ada)
	is("asked for, access token", access, cloudApplicationAdministrator, directory.GlobalAdministrator, memberWID)
	is("asked for, ID token", id, cloudApplicationAdministrator, directory.GlobalAdministrator, memberWID)
	access, _ = wids(w.siteRequest(), w.bob)
	is("an ordinary user", access, memberWID)
	own := w.granted(w.daemonRequest("scope", "https://graph.microsoft.com/.default")).text("access_token")
	is("an application at Graph", w.claims(own)["wids"], applicationWID)
	is("an application elsewhere", w.claims(w.granted(w.daemonRequest()).text("access_token"))["wids"])
}
