package login

import (
	"net/url"
	"strings"
	"testing"

	"provision/emulator/directory"
)

const (
	azureCLI   = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	graphTools = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
)

func TestFirstPartyClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.desktopRequest("client_id", azureCLI, "scope", "https://management.core.windows.net//.default offline_access openid profile")
	code := w.code(request, w.ada)
	a := w.granted(w.desktopRedemption(code, "client_id", azureCLI, "scope", "https://management.core.windows.net//.default openid offline_access"))
	if c := w.claims(a.text("access_token")); c["aud"] != "https://management.core.windows.net/" || c["scp"] != "user_impersonation" || c["appid"] != azureCLI || c["oid"] != w.ada.ID {
		t.Errorf("for Azure Resource Manager: %v", c)
	}
	refresh := form(nil, "grant_type", "refresh_token", "client_id", azureCLI, "refresh_token", a.text("refresh_token"), "scope", "https://graph.microsoft.com/.default")
	c := w.claims(w.granted(refresh).text("access_token"))
	if scp, _ := c["scp"].(string); !strings.Contains(scp, "Directory.AccessAsUser.All") || !strings.Contains(scp, "User.ReadWrite.All") {
		t.Errorf("for Microsoft Graph: %v", c)
	}
	login := url.Values{"grant_type": {"password"}, "client_id": {azureCLI}, "scope": {"https://management.azure.com/.default"}, "username": {w.bob.UserPrincipalName}, "password": {password}}
	w.granted(login)
	w.token(form(login, "client_secret", "any")).expect(t, "a secret of a public client", 401, "invalid_client", 7000215)
	// An API must have pre-authorized it.
	w.token(form(login, "scope", "api://orders/.default")).expect(t, "nobody consented", 400, "invalid_grant", 65001)
	w.change(w.api.ID, func(app *directory.Application) {
		app.API.PreAuthorizedApplications = append(app.API.PreAuthorizedApplications,
			directory.PreAuthorizedApplication{AppID: azureCLI, DelegatedPermissionIDs: []string{readID}})
	})
	if c := w.claims(w.granted(form(login, "scope", "api://orders/.default")).text("access_token")); c["scp"] != "read_data" {
		t.Errorf("pre-authorized: %v", c)
	}
	// An application gets tokens for it as for any resource.
	if c := w.claims(w.granted(w.daemonRequest("scope", "https://management.azure.com/.default")).text("access_token")); c["aud"] != "https://management.azure.com" {
		t.Errorf("an application's own: %v", c)
	}
}

func TestFirstPartyClientIsConsentedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.browser()
	p := w.arrived(client, w.desktopRequest("client_id", graphTools, "scope", "User.Read User.ReadBasic.All https://management.azure.com/user_impersonation"), w.bob)
	if !strings.Contains(p.body, "Microsoft Graph Command Line Tools") || !strings.Contains(p.body, "Azure Resource Manager") {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if p = w.decide(client, p, "accept"); p.location == nil || p.location.Query().Get("code") == "" {
		t.Fatalf("%d %s", p.status, p.body)
	}
	tools, found := w.dir.ServicePrincipalByAppID(graphTools)
	if !found {
		t.Fatal("it has no service principal")
	}
	w.mustGrant(tools, "Bob Microsoft Graph: User.Read User.ReadBasic.All")
	w.mustGrant(tools, "Bob Windows Azure Service Management API: user_impersonation")
	w.code(w.desktopRequest("client_id", graphTools, "scope", "https://management.azure.com/.default"), w.bob)
	if _, err := w.dir.Canonical(); err != nil {
		t.Error(err)
	}
}

// TestTokensForMicrosoftsResources requests tokens for each of Microsoft's resources in the
// tenant, by the names that clients use.
func TestTokensForMicrosoftsResources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.token(w.daemonRequest("scope", "https://vault.azure.net/.default")).expect(t, "not in the tenant", 400, "invalid_resource", 500011)
	for _, test := range []struct{ appID, name string }{
		{"cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "https://vault.azure.net"},
		{"e406a681-f3d4-42a8-90b6-c2b029497af1", "https://storage.azure.com/"},
		{"e406a681-f3d4-42a8-90b6-c2b029497af1", "https://orders.blob.core.windows.net"},
		{"499b84ac-1321-427f-aa17-267ca6975798", "499b84ac-1321-427f-aa17-267ca6975798"},
		{"00000003-0000-0ff1-ce00-000000000000", "https://contoso.sharepoint.com"},
		{"797f4846-ba00-4fd7-ba43-dac1f8f63013", "https://management.azure.com/"},
	} {
		w.update(func(tx *directory.Tx) {
			if _, here := tx.ServicePrincipalByAppID(test.appID); !here {
				_, err := tx.CreateServicePrincipal(&directory.ServicePrincipal{AppID: test.appID, AccountEnabled: true})
				w.must(err)
			}
		})
		if c := w.claims(w.granted(w.daemonRequest("scope", test.name+"/.default")).text("access_token")); c["aud"] != test.name || c["ver"] != "1.0" {
			t.Errorf("%s: %v", test.name, c)
		}
	}
	// The Azure CLI acts for its users at Microsoft's resources only.
	login := url.Values{"grant_type": {"password"}, "client_id": {azureCLI}, "scope": {"https://vault.azure.net/.default"}, "username": {w.bob.UserPrincipalName}, "password": {password}}
	if c := w.claims(w.granted(login).text("access_token")); c["scp"] != "user_impersonation" || c["aud"] != "https://vault.azure.net" {
		t.Errorf("for Key Vault by the Azure CLI: %v", c)
	}
	w.token(form(login, "client_id", graphTools)).expect(t, "by another program", 400, "invalid_grant", 65001)
	resource, _ := w.dir.ServicePrincipalByAppID("00000003-0000-0ff1-ce00-000000000000")
	w.update(func(tx *directory.Tx) { w.grant(tx, w.siteSP, resource, "AllSites.Read") })
	code := w.code(w.siteRequest("scope", "https://contoso.sharepoint.com/AllSites.Read"), w.ada)
	if c := w.claims(w.granted(w.siteRedemption(code, "scope", "https://contoso.sharepoint.com/AllSites.Read")).text("access_token")); c["scp"] != "AllSites.Read" || c["aud"] != "https://contoso.sharepoint.com" {
		t.Errorf("for SharePoint: %v", c)
	}
}
