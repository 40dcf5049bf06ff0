package graph

import (
	"net/url"
	"testing"
)

// TestAddresses: the complete address of each read as in Graph's reference, with names and ids
// that must be escaped.
func TestAddresses(t *testing.T) {
	t.Parallel()
	const id, name = "a/b?c", "o'b & c"
	const group = "id,uniqueName,createdDateTime,displayName,description,mailNickname,groupTypes,mailEnabled,securityEnabled,visibility,membershipRule,membershipRuleProcessingState"
	const user = "id,userPrincipalName,displayName,mailNickname,accountEnabled,userType,mail,givenName,surname,jobTitle,department,usageLocation,createdDateTime,lastPasswordChangeDateTime,onPremisesExtensionAttributes"
	for want, r := range map[string]Read{
		"/applications(appId='o%27%27b%20&%20c')":                                 ApplicationByAppID(name),
		"/applications(uniqueName='o%27%27b%20&%20c')":                            ApplicationNamed(name),
		"/applications/a%2Fb%3Fc?$select=id,authenticationBehaviors":              AuthenticationBehaviors(id),
		"beta /applications/a%2Fb%3Fc?$select=id,oauth2RequirePostResponse":       PostResponse(id),
		"list /applications?$filter=tags/any(t:t eq 'o''b & c')&$top=999":         ApplicationsWithTag(name),
		"list /applications?$filter=displayName in ('a','o''b & c')":              ApplicationsDisplayed("a", name),
		"list /applications?$top=999":                                             EveryApplication(),
		"list /servicePrincipals?$top=999":                                        EveryServicePrincipal(),
		"list /servicePrincipals?$filter=displayName eq 'o''b & c'":               ServicePrincipalsDisplayed(name),
		"/servicePrincipals/a%2Fb%3Fc?$select=id,appId,displayName":               ServicePrincipal(id),
		"list /users/a%2Fb%3Fc/ownedObjects/microsoft.graph.application?$top=999": ApplicationsOwnedBy(id),
		"optional /policies/defaultAppManagementPolicy":                           AppManagementPolicy(),
		"list optional /applications/a%2Fb%3Fc/appManagementPolicies":             AppManagementPoliciesOf(id),
		"list optional /policies/appManagementPolicies":                           AppManagementPolicies(),
		"/groups/a%2Fb%3Fc?$select=" + group:                                      GroupByID(id),
		"/groups(uniqueName='o%27%27b%20&%20c')?$select=" + group:                 GroupNamed(name),
		"list /groups?$filter=displayName eq 'o''b & c'&$select=" + group:         GroupsDisplayed(name),
		"/users/a%2Fb%3Fc?$select=" + user:                                        UserNamed(id),
		"list advanced /users?$count=true&$filter=startswith(onPremisesExtensionAttributes/extensionAttribute15,'o''b & c')&$select=" + user + "&$top=999": UsersMarked(name),
		"/servicePrincipals/a%2Fb%3Fc?$select=id,keyCredentials":              KeyCredentials(OwnedServicePrincipal, id),
		"list /applications/a%2Fb%3Fc/owners?$select=id,displayName&$top=999": Owners(OwnedApplication, id),
		"list optional /directory/deletedItems/microsoft.graph.application?$select=id,appId,uniqueName,displayName,identifierUris,passwordCredentials,tags&$top=999": DeletedApplications(),
		"/auditLogs/signIns?$filter=userId eq 'o''b & c'&$top=1":                                                          LastSignInOfUser(name),
		"/auditLogs/signIns?$filter=appId eq 'o''b & c'&$top=1":                                                           LastSignInTo(name),
		"beta /auditLogs/signIns?$filter=signInEventTypes/any(t: t eq 'servicePrincipal') and appId eq 'o''b & c'&$top=1": LastSignInOfApplication(name),
		"list /applications?$expand=owners($select=id,displayName)&$select=id&$top=999":                                   EveryApplication().Expanding(NavOwners),
		"list /applications?$expand=federatedIdentityCredentials&$select=id&$top=999":                                     EveryApplication().Expanding(NavFederatedCredentials),
	} {
		got := r.url()
		if u, err := url.Parse(got); err != nil {
			t.Errorf("%s: %v", want, err)
		} else if query, err := url.QueryUnescape(u.RawQuery); err != nil {
			t.Errorf("%s: %v", want, err)
		} else if query != "" {
			got = u.EscapedPath() + "?" + query
		}
		for flag, set := range map[string]bool{"advanced ": r.Advanced, "beta ": r.Beta} {
			if set {
				got = flag + got
			}
		}
		if r.Optional {
			got = "optional " + got
		}
		if r.List {
			got = "list " + got
		}
		if got != want {
			t.Errorf("it asks for\n%s\nwant\n%s", got, want)
		}
	}
}

// TestWritesOfReleaseAndTests: the consent of one user, and the removal of a user's mark.
func TestWritesOfReleaseAndTests(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]Write{
		`POST /oauth2PermissionGrants {"clientId":"c","consentType":"Principal","principalId":"u","resourceId":"r","scope":"a b"}`: GrantForUser("u", "c", "r", "a b"),
		`PATCH /users/a%2Fb {"onPremisesExtensionAttributes":{"extensionAttribute15":null}}`:                                       UnmarkUser("a/b"),
	} {
		r := w.request("", nil)
		if got := r.method + " " + r.path + " " + string(r.body); got != want || r.invalid != nil || r.once {
			t.Errorf("%s, once %t, %v; want %s", got, r.once, r.invalid, want)
		}
	}
}

// TestBetaEndpoint: the beta version is next to v1.0, also in other clouds; a base URL without a
// version has no beta version.
func TestBetaEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://graph.microsoft.com/v1.0":  "https://graph.microsoft.com/beta",
		"https://graph.microsoft.us/v1.0":   "https://graph.microsoft.us/beta",
		"https://graph.example/v1.0/v1.0":   "https://graph.example/v1.0/beta",
		"https://graph.example":             "https://graph.example",
		"https://graph.example/v1.0/tenant": "https://graph.example/v1.0/tenant",
	} {
		if got := (&Client{endpoint: endpoint}).beta(); got != want {
			t.Errorf("%s: %s, want %s", endpoint, got, want)
		}
	}
}
