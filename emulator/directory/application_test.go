package directory

import (
	"strings"
	"testing"
)

func TestRegistrationsThatEntraRefuses(t *testing.T) {
	t.Parallel()
	const appID = "11111111-1111-1111-1111-111111111111"
	shared := scope("both")
	sharedRole := role("both")
	sharedRole.ID = shared.ID
	otherwise := sharedRole
	otherwise.DisplayName = ptr("something else")

	for _, test := range []struct {
		name   string
		change func(*Application)
		want   string
	}{
		{"a name alone", func(a *Application) {}, ""},
		{"no name", func(a *Application) { a.DisplayName = " " }, "displayName"},
		{"a name too long", func(a *Application) { a.DisplayName = strings.Repeat("x", 257) }, "256"},
		{"an unknown audience", func(a *Application) { a.SignInAudience = "Everybody" }, "signInAudience"},
		{"token version 3", func(a *Application) { a.API.RequestedAccessTokenVersion = ptr(3) }, "requestedAccessTokenVersion"},
		{"personal accounts with v1 tokens", func(a *Application) { a.SignInAudience = "PersonalMicrosoftAccount" }, "requestedAccessTokenVersion"},
		{"personal accounts with v2 tokens", func(a *Application) {
			a.SignInAudience, a.API.RequestedAccessTokenVersion = "PersonalMicrosoftAccount", ptr(2)
		}, ""},

		{"scopes of one value", func(a *Application) {
			twin := scope("read")
			twin.ID = id("another")
			a.API.OAuth2PermissionScopes = []PermissionScope{scope("read"), twin}
		}, "400 DuplicateValue"},
		{"scopes of one id", func(a *Application) {
			twin := scope("write")
			twin.ID = scope("read").ID
			a.API.OAuth2PermissionScopes = []PermissionScope{scope("read"), twin}
		}, "400 DuplicateValue"},
		{"roles of one value", func(a *Application) {
			twin := role("Admin")
			twin.ID = id("another")
			a.AppRoles = []AppRole{role("Admin"), twin}
		}, "400 DuplicateValue"},
		{"roles without a value", func(a *Application) {
			first, second := role("A"), role("B")
			first.Value, second.Value = nil, nil
			a.AppRoles = []AppRole{first, second}
		}, ""},
		{"a scope and a role sharing a value, not the id", func(a *Application) {
			a.API.OAuth2PermissionScopes, a.AppRoles = []PermissionScope{scope("both")}, []AppRole{role("both")}
		}, "400 DuplicateValue"},
		{"a scope and a role sharing a value and the id", func(a *Application) {
			a.API.OAuth2PermissionScopes, a.AppRoles = []PermissionScope{shared}, []AppRole{sharedRole}
		}, ""},
		{"a scope and a role sharing the id, not the words", func(a *Application) {
			a.API.OAuth2PermissionScopes, a.AppRoles = []PermissionScope{shared}, []AppRole{otherwise}
		}, "must match"},
		{"a scope id that is no GUID", func(a *Application) {
			s := scope("read")
			s.ID = "read"
			a.API.OAuth2PermissionScopes = []PermissionScope{s}
		}, "GUID"},
		{"a scope value with a space", func(a *Application) {
			s := scope("read all")
			a.API.OAuth2PermissionScopes = []PermissionScope{s}
		}, "'value'"},
		{"a scope value that begins with a dot", func(a *Application) {
			a.API.OAuth2PermissionScopes = []PermissionScope{scope(".read")}
		}, "'value'"},
		{"a scope for somebody else", func(a *Application) {
			s := scope("read")
			s.Type = "Guest"
			a.API.OAuth2PermissionScopes = []PermissionScope{s}
		}, "User or Admin"},
		{"a role for nobody", func(a *Application) {
			r := role("Admin")
			r.AllowedMemberTypes = []string{}
			a.AppRoles = []AppRole{r}
		}, "allowedMemberTypes"},
		{"a role for devices", func(a *Application) { a.AppRoles = []AppRole{role("Admin", "Device")} }, "allowedMemberTypes"},
		{"a role without a description", func(a *Application) {
			r := role("Admin")
			r.Description = nil
			a.AppRoles = []AppRole{r}
		}, "description"},
		{"701 roles", func(a *Application) {
			for i := range 701 {
				a.AppRoles = append(a.AppRoles, role("R"+strings.Repeat("x", i%100)+string(rune('a'+i/100)), "User"))
			}
		}, "700"},

		{"pre-authorizing a client in the write that makes the scope", func(a *Application) {
			a.API.OAuth2PermissionScopes = []PermissionScope{scope("read")}
			a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{appID, []string{scope("read").ID}}}
		}, "cannot be found in the AppPermissions"},

		{"an https identifier on a foreign domain, v1 tokens", func(a *Application) { a.IdentifierUris = []string{"https://example.com/api"} }, "HostNameNotOnVerifiedDomain"},
		{"an https identifier on a foreign domain, v2 tokens", func(a *Application) {
			a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"https://example.com/api"}
		}, ""},
		{"an https identifier on the tenant's domain", func(a *Application) { a.IdentifierUris = []string{"https://contoso.onmicrosoft.com/api"} }, ""},
		{"an https identifier below the tenant's domain", func(a *Application) { a.IdentifierUris = []string{"https://api.contoso.onmicrosoft.com"} }, ""},
		{"a domain that only ends like the tenant's", func(a *Application) { a.IdentifierUris = []string{"https://evilcontoso.onmicrosoft.com"} }, "HostNameNotOnVerifiedDomain"},
		{"a free api identifier, v1 tokens", func(a *Application) { a.IdentifierUris = []string{"api://orders"} }, "HostNameNotOnVerifiedDomain"},
		{"a free api identifier, v2 tokens", func(a *Application) {
			a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"api://orders"}
		}, ""},
		{"an identifier that is no URI", func(a *Application) { a.IdentifierUris = []string{"orders"} }, "absolute URI"},
		{"an identifier with a wildcard", func(a *Application) { a.IdentifierUris = []string{"https://*.contoso.onmicrosoft.com"} }, "wildcard"},
		{"an identifier of Microsoft Graph", func(a *Application) {
			a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"https://graph.microsoft.com"}
		}, "already exists"},
		{"an identifier twice", func(a *Application) {
			a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"api://x", "API://X"}
		}, "DuplicateValue"},

		{"a plain http redirect", func(a *Application) { a.Web.RedirectURIs = []string{"http://example.com/cb"} }, "https"},
		{"http on localhost", func(a *Application) { a.Web.RedirectURIs = []string{"http://localhost:3000/cb"} }, ""},
		{"http on 127.0.0.1", func(a *Application) { a.Web.RedirectURIs = []string{"http://127.0.0.1:3000/cb"} }, ""},
		{"a host that only begins with localhost", func(a *Application) { a.Web.RedirectURIs = []string{"http://localhost.example.com"} }, "https"},
		{"an app's own scheme on the web", func(a *Application) { a.Web.RedirectURIs = []string{"vscode://x"} }, "https"},
		{"an app's own scheme on a public client", func(a *Application) { a.PublicClient.RedirectURIs = []string{"vscode://contoso.projects"} }, ""},
		{"the out-of-band URN on a public client", func(a *Application) { a.PublicClient.RedirectURIs = []string{"urn:ietf:wg:oauth:2.0:oob"} }, ""},
		{"a script on a public client", func(a *Application) { a.PublicClient.RedirectURIs = []string{"javascript:alert"} }, "scheme"},
		{"a fragment", func(a *Application) { a.Web.RedirectURIs = []string{"https://example.com/#cb"} }, "fragment"},
		{"credentials in a redirect", func(a *Application) { a.Web.RedirectURIs = []string{"https://me:secret@example.com/"} }, "credentials"},
		{"a special character", func(a *Application) { a.Web.RedirectURIs = []string{"https://example.com/a;b"} }, "! $ '"},
		{"a wildcard at the end of a path", func(a *Application) {
			a.Web.RedirectURIs = []string{"https://a.example.com/*", "http://localhost:6516/*"}
		}, ""},
		{"a wildcard within a path", func(a *Application) { a.Web.RedirectURIs = []string{"https://a.example.com/*/cb"} }, "wildcard"},
		{"a wildcard at the end of a host", func(a *Application) { a.Web.RedirectURIs = []string{"https://a.example.com*"} }, "wildcard"},
		{"a path's wildcard on a SPA", func(a *Application) { a.SPA.RedirectURIs = []string{"http://localhost/*"} }, "wildcard"},
		{"a wildcard host on the web", func(a *Application) { a.Web.RedirectURIs = []string{"https://*.example.com/cb"} }, ""},
		{"a wildcard path", func(a *Application) { a.Web.RedirectURIs = []string{"https://example.com/*"} }, ""},
		{"a wildcard host on a SPA", func(a *Application) { a.SPA.RedirectURIs = []string{"https://*.example.com"} }, "wildcard"},
		{"a wildcard host over http", func(a *Application) { a.Web.RedirectURIs = []string{"http://*.localhost/cb"} }, "https"},
		{"the broker of an add-in on a SPA", func(a *Application) { a.SPA.RedirectURIs = []string{"brk-multihub://localhost:3000"} }, ""},
		{"the broker with a path", func(a *Application) { a.SPA.RedirectURIs = []string{"brk-multihub://addin.example/sub"} }, "only an origin"},
		{"the broker on the web", func(a *Application) { a.Web.RedirectURIs = []string{"brk-multihub://addin.example"} }, "https://"},
		{"a redirect too long", func(a *Application) { a.Web.RedirectURIs = []string{"https://example.com/" + strings.Repeat("x", 256)} }, "256"},
		{"a redirect on two platforms", func(a *Application) {
			a.Web.RedirectURIs, a.SPA.RedirectURIs = []string{"https://example.com/cb"}, []string{"https://example.com/cb"}
		}, "DuplicateValue"},
		{"257 redirects", func(a *Application) {
			for i := range 257 {
				a.Web.RedirectURIs = append(a.Web.RedirectURIs, "https://example.com/"+id(string(rune(i))))
			}
		}, "256"},

		{"a required resource twice", func(a *Application) {
			a.RequiredResourceAccess = []RequiredResourceAccess{{ResourceAppID: appID}, {ResourceAppID: appID}}
		}, "DuplicateValue"},
		{"a required permission of no type", func(a *Application) {
			a.RequiredResourceAccess = []RequiredResourceAccess{{appID, []ResourceAccess{{ID: appID}}}}
		}, "Scope or Role"},
		{"401 required permissions", func(a *Application) {
			r := RequiredResourceAccess{ResourceAppID: appID}
			for i := range 401 {
				r.ResourceAccess = append(r.ResourceAccess, ResourceAccess{id(string(rune(i))), "Scope"})
			}
			a.RequiredResourceAccess = []RequiredResourceAccess{r}
		}, "400"},
		{"1,201 entries in all", func(a *Application) {
			for i := range 1201 {
				a.Tags = append(a.Tags, id(string(rune(i))))
			}
		}, "Directory_ResourceSizeExceeded"},
		{"a known client that is no appId", func(a *Application) { a.API.KnownClientApplications = []string{"x"} }, "knownClientApplications"},
		{"a tag twice", func(a *Application) { a.Tags = []string{"a", "a"} }, "DuplicateValue"},
		{"an unknown groups claim", func(a *Application) { a.GroupMembershipClaims = ptr("Everything") }, "groupMembershipClaims"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := inMemory(t)
			app := &Application{DisplayName: "orders"}
			test.change(app)
			err := b.Update(func(tx *Tx) error {
				_, err := tx.CreateApplication(app)
				return err
			})
			check(t, "create", err, test.want)
		})
	}
}

func TestChangesThatEntraRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		changes []func(*Application) // the last one decides
		want    string
	}{
		{"removing an enabled scope", []func(*Application){func(a *Application) { a.API.OAuth2PermissionScopes = nil }},
			"400 CannotDeleteOrUpdateEnabledEntitlement"},
		{"renaming an enabled scope", []func(*Application){func(a *Application) { a.API.OAuth2PermissionScopes[0].Value = "other" }},
			"400 CannotDeleteOrUpdateEnabledEntitlement"},
		{"disabling and renaming a scope in one write", []func(*Application){func(a *Application) {
			a.API.OAuth2PermissionScopes[0].IsEnabled, a.API.OAuth2PermissionScopes[0].Value = false, "other"
		}}, "400 CannotDeleteOrUpdateEnabledEntitlement"},
		{"describing an enabled scope anew", []func(*Application){func(a *Application) { a.API.OAuth2PermissionScopes[0].AdminConsentDescription = ptr("new") }}, ""},
		{"removing a disabled scope", []func(*Application){
			func(a *Application) { a.API.OAuth2PermissionScopes[0].IsEnabled = false },
			func(a *Application) { a.API.OAuth2PermissionScopes = nil },
		}, ""},
		{"removing a disabled scope that a client is pre-authorized for", []func(*Application){
			func(a *Application) {
				a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{a.AppID, []string{a.API.OAuth2PermissionScopes[0].ID}}}
			},
			func(a *Application) { a.API.OAuth2PermissionScopes[0].IsEnabled = false },
			func(a *Application) { a.API.OAuth2PermissionScopes = nil },
		}, ""},
		{"pre-authorizing another client for a scope that has gone", []func(*Application){
			func(a *Application) {
				a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{a.AppID, []string{a.API.OAuth2PermissionScopes[0].ID}}}
			},
			func(a *Application) { a.API.OAuth2PermissionScopes[0].IsEnabled = false },
			func(a *Application) { a.API.OAuth2PermissionScopes = nil },
			func(a *Application) {
				other := PreAuthorizedApplication{azureCLI, a.API.PreAuthorizedApplications[0].DelegatedPermissionIDs}
				a.API.PreAuthorizedApplications = append(a.API.PreAuthorizedApplications, other)
			},
		}, "cannot be found in the AppPermissions"},
		{"pre-authorizing a client that no tenant here has", []func(*Application){func(a *Application) {
			a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{id("Microsoft's"), []string{a.API.OAuth2PermissionScopes[0].ID}}}
		}}, ""},
		{"pre-authorizing for an unknown scope", []func(*Application){func(a *Application) {
			a.API.PreAuthorizedApplications = []PreAuthorizedApplication{{a.AppID, []string{id("nothing")}}}
		}}, "cannot be found in the AppPermissions"},
		{"pre-authorizing one client twice", []func(*Application){func(a *Application) {
			p := PreAuthorizedApplication{a.AppID, []string{a.API.OAuth2PermissionScopes[0].ID}}
			a.API.PreAuthorizedApplications = []PreAuthorizedApplication{p, p}
		}}, "DuplicateValue"},
		{"removing an enabled role", []func(*Application){func(a *Application) { a.AppRoles = nil }}, "400 CannotDeleteOrUpdateEnabledEntitlement"},
		{"renaming an enabled role", []func(*Application){func(a *Application) { a.AppRoles[0].Value = ptr("other") }}, "400 CannotDeleteOrUpdateEnabledEntitlement"},
		{"removing a disabled role", []func(*Application){
			func(a *Application) { a.AppRoles[0].IsEnabled = false },
			func(a *Application) { a.AppRoles = nil },
		}, ""},
		{"setting a uniqueName where there is none", []func(*Application){func(a *Application) { a.UniqueName = ptr("s.orders") }}, ""},
		{"changing a uniqueName", []func(*Application){
			func(a *Application) { a.UniqueName = ptr("s.orders") },
			func(a *Application) { a.UniqueName = ptr("s.other") },
		}, "'uniqueName' is read-only"},
		{"clearing a uniqueName", []func(*Application){
			func(a *Application) { a.UniqueName = ptr("s.orders") },
			func(a *Application) { a.UniqueName = nil },
		}, "'uniqueName' is read-only"},
		{"the way back to v1 tokens with an identifier URI that the policy refuses", []func(*Application){
			func(a *Application) {
				a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"api://orders"}
			},
			func(a *Application) { a.API.RequestedAccessTokenVersion = nil },
		}, "400 HostNameNotOnVerifiedDomain"},
		{"the way back to v1 tokens with the appId in the path", []func(*Application){
			func(a *Application) {
				a.API.RequestedAccessTokenVersion, a.IdentifierUris = ptr(2), []string{"https://orders.example/" + a.AppID}
			},
			func(a *Application) { a.API.RequestedAccessTokenVersion = ptr(1) },
		}, ""},
		{"an https identifier with the own appId in the path", []func(*Application){func(a *Application) { a.IdentifierUris = []string{"https://orders.example/v1/" + a.AppID} }}, ""},
		{"an api identifier with another appId in the path", []func(*Application){func(a *Application) { a.IdentifierUris = []string{"api://orders/" + id("else")} }},
			"400 HostNameNotOnVerifiedDomain"},
		{"a default redirect URI that is none", []func(*Application){func(a *Application) { a.DefaultRedirectURI = ptr("https://else.example/cb") }}, "defaultRedirectUri"},
		{"a default redirect URI that is one", []func(*Application){func(a *Application) {
			a.Web.RedirectURIs, a.DefaultRedirectURI = []string{"https://orders.example/cb"}, ptr("https://orders.example/cb")
		}}, ""},
		{"an api identifier with the own appId", []func(*Application){func(a *Application) { a.IdentifierUris = []string{"api://" + a.AppID} }}, ""},
		{"a secret chosen by the caller", []func(*Application){func(a *Application) { a.PasswordCredentials = []PasswordCredential{{KeyID: id("own")}} }},
			"New password credentials must be generated using service actions"},
		{"a new certificate without its key", []func(*Application){func(a *Application) {
			a.KeyCredentials = []KeyCredential{{KeyID: id("k"), Type: "AsymmetricX509Cert", Usage: "Verify"}}
		}}, "needs its key"},
		{"sending a known certificate back without its key", []func(*Application){
			func(a *Application) {
				a.KeyCredentials = []KeyCredential{{KeyID: id("k"), Type: "AsymmetricX509Cert", Usage: "Verify", Key: certificate(t)}}
			},
			func(a *Application) { a.KeyCredentials[0].Key = nil },
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := inMemory(t)
			app := b.application(&Application{DisplayName: "orders", AppRoles: []AppRole{role("Admin")},
				API: APIApplication{OAuth2PermissionScopes: []PermissionScope{scope("read")}}})
			before, err := b.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			for i, change := range test.changes {
				err := b.Update(func(tx *Tx) error {
					app, _ := tx.Application(app.ID)
					app = app.Clone()
					change(app)
					return tx.UpdateApplication(app)
				})
				if i < len(test.changes)-1 {
					check(t, "an earlier change", err, "")
					continue
				}
				check(t, "the change", err, test.want)
			}
			after, err := b.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if len(test.changes) == 1 && test.want != "" && string(before) != string(after) {
				t.Error("a refused change changed something")
			}
		})
	}
}

func TestNamesStayTakenInRecycleBin(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	named := &Application{DisplayName: "orders", UniqueName: ptr("s.orders"), IdentifierUris: []string{"api://orders"},
		API: APIApplication{RequestedAccessTokenVersion: ptr(2)}}
	first := b.application(named)
	again := func(change func(*Application)) error {
		app := named.Clone()
		change(app)
		return b.Update(func(tx *Tx) error {
			_, err := tx.CreateApplication(app)
			return err
		})
	}
	sameName := func(a *Application) { a.IdentifierUris = nil }
	sameURI := func(a *Application) { a.UniqueName = nil }
	check(t, "a living name", again(sameName), "Another object with the same value for property uniqueName already exists.")
	check(t, "a living URI", again(sameURI), "Another object with the same value for property identifierUris already exists.")
	b.update(func(tx *Tx) error { return tx.DeleteApplication(first.ID) })
	check(t, "a deleted name", again(sameName), "property uniqueName")
	check(t, "a deleted URI", again(sameURI), "property identifierUris")
	b.update(func(tx *Tx) error { return tx.Purge(first.ID) })
	check(t, "both after the purge", again(func(*Application) {}), "")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app := b.application(&Application{DisplayName: "orders", PasswordCredentials: []PasswordCredential{{DisplayName: ptr("first")}}})
	text := *app.PasswordCredentials[0].SecretText
	stored, _ := b.Application(app.ID)
	kept := stored.PasswordCredentials[0]
	if kept.SecretText != nil || !kept.Matches(text) || kept.Matches(text+"x") || kept.Hint != text[:3] {
		t.Error("the secret is kept wrongly")
	}
	if want := noon.AddDate(2, 0, 0); !kept.EndDateTime.Equal(want) || !kept.StartDateTime.Equal(noon) {
		t.Errorf("the secret lasts from %v to %v", kept.StartDateTime, kept.EndDateTime)
	}
	var second PasswordCredential
	b.update(func(tx *Tx) (err error) {
		second, err = tx.AddPassword(app.ID, PasswordCredential{DisplayName: ptr("second")})
		return err
	})
	b.update(func(tx *Tx) error { return tx.RemovePassword(app.ID, kept.KeyID) })
	stored, _ = b.Application(app.ID)
	if len(stored.PasswordCredentials) != 1 || stored.PasswordCredentials[0].KeyID != second.KeyID {
		t.Error("the wrong secret was removed")
	}
	err := b.Update(func(tx *Tx) error { return tx.RemovePassword(app.ID, kept.KeyID) })
	check(t, "removing it again", err, "No password credential found")
	err = b.Update(func(tx *Tx) error {
		_, err := tx.AddPassword(app.ID, PasswordCredential{StartDateTime: noon, EndDateTime: noon})
		return err
	})
	check(t, "a secret that never holds", err, "endDateTime")
}

func TestPrincipalMirrorsItsApplication(t *testing.T) {
	t.Parallel()
	b := inMemory(t)
	app := b.application(&Application{DisplayName: "orders", Tags: []string{"ours"}, API: APIApplication{RequestedAccessTokenVersion: ptr(2)}})
	sp := b.principal(app)
	b.update(func(tx *Tx) error {
		sp := sp.Clone()
		sp.Tags = append(sp.Tags, "own")
		return tx.UpdateServicePrincipal(sp)
	})
	b.update(func(tx *Tx) error {
		app := app.Clone()
		app.DisplayName, app.Tags, app.IdentifierUris = "Orders API", []string{"theirs"}, []string{"api://orders"}
		app.API.OAuth2PermissionScopes, app.AppRoles = []PermissionScope{scope("read")}, []AppRole{role("Admin")}
		app.Web.RedirectURIs, app.SPA.RedirectURIs = []string{"https://a.example"}, []string{"https://b.example"}
		return tx.UpdateApplication(app)
	})
	sp, ok := b.ServicePrincipalByName("API://orders")
	switch {
	case !ok:
		t.Fatal("the principal is not found by its application's identifier URI")
	case sp.DisplayName != "Orders API" || len(sp.AppRoles) != 1 || len(sp.OAuth2PermissionScopes) != 1:
		t.Errorf("name %q, roles %v, scopes %v", sp.DisplayName, sp.AppRoles, sp.OAuth2PermissionScopes)
	case strings.Join(sp.ReplyUrls, " ") != "https://a.example https://b.example":
		t.Errorf("reply URLs %v", sp.ReplyUrls)
	case strings.Join(sp.Tags, " ") != "own theirs":
		t.Errorf("tags %v, want its own and the application's of today", sp.Tags)
	}
	err := b.Update(func(tx *Tx) error {
		_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: app.AppID})
		return err
	})
	check(t, "a second principal", err, "409 Request_MultipleObjectsWithSameKeyValue")
	err = b.Update(func(tx *Tx) error {
		_, err := tx.CreateServicePrincipal(&ServicePrincipal{AppID: id("nobody")})
		return err
	})
	check(t, "a principal of nothing", err, "does not reference a valid application object")
}
