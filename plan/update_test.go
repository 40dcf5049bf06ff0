package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// sent returns the steps of a plan with their requests, one line for each request.
func sent(t *testing.T, p *Plan) []string {
	t.Helper()
	var all []string
	for _, s := range p.Steps {
		line := string(s.Action) + " " + s.Key.String()
		if len(s.Bodies) == 0 {
			all = append(all, line)
		}
		for _, b := range s.Bodies {
			raw, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, line+" "+string(raw))
		}
	}
	return all
}

// has returns a tenant with these objects.
func has(objects ...*Live) *State {
	s := &State{Tenant: Tenant{ID: "t", Domain: "x.example"}, Objects: map[Key]*Live{}, Existing: map[Key]Key{}}
	for _, o := range objects {
		s.Objects[o.Key] = o
	}
	return s
}

// registered returns an application of stack s with its service principal.
func registered(name string, properties obj) []*Live {
	all := obj{"displayName": name, "tags": []any{stack.Mark("s")}}
	maps.Copy(all, properties)
	k, sp := Key{Application, "s." + name}, Key{ServicePrincipal, "s." + name}
	return []*Live{
		{Object: Object{Key: k, Stack: "s", Properties: all}, ID: name + "-id", AppID: name + "-appid", ServicePrincipalID: name + "-sp"},
		{Object: Object{Key: sp, Stack: "s", Properties: obj{"accountEnabled": true}}, ID: name + "-sp"},
	}
}

// TestAnApplicationIsBroughtBack: the requests that restore each kind of property. An update
// contains only changed properties, and those that Graph replaces as a whole.
func TestAnApplicationIsBroughtBack(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	yes := true
	two := 2
	for name, c := range map[string]struct {
		live    obj
		declare func(*stack.Application)
		want    []string
	}{
		"nothing": {nil, func(*stack.Application) {}, nil},
		"a text": {obj{"notes": "b", "description": "d"}, func(a *stack.Application) { a.Notes, a.Description = text("a"), text("d") },
			[]string{`{"notes":"a"}`}},
		"a text that others own": {obj{"notes": "b"}, func(a *stack.Application) { a.Notes, a.Protection.Ignore = text("a"), []string{"notes"} }, nil},
		"a list that others own": {obj{"web": obj{"redirectUris": []any{"https://a.example"}}}, func(a *stack.Application) { a.Protection.Ignore = []string{"web.redirectUris"} }, nil},
		"settings that others own, all of them": {obj{"web": obj{"redirectUris": []any{"https://a.example"}, "logoutUrl": "x"}},
			func(a *stack.Application) { a.Web.LogoutURL, a.Protection.Ignore = text("y"), []string{"web"} }, nil},
		"beside what others own": {obj{"web": obj{"redirectUris": []any{"https://a.example"}, "logoutUrl": "x"}},
			func(a *stack.Application) {
				a.Web.LogoutURL, a.Protection.Ignore = text("y"), []string{"web.redirectUris"}
			}, []string{`{"web":{"logoutUrl":"y"}}`}},
		"one member of settings": {obj{"web": obj{"homePageUrl": "h", "logoutUrl": "x"}}, func(a *stack.Application) { a.Web.HomePageURL, a.Web.LogoutURL = text("h"), text("y") },
			[]string{`{"web":{"logoutUrl":"y"}}`}},
		"members of two settings": {obj{"info": obj{"termsOfServiceUrl": "t"}}, func(a *stack.Application) {
			a.Info.TermsOfServiceURL, a.API.RequestedAccessTokenVersion = text("u"), &two
		}, []string{`{"api":{"requestedAccessTokenVersion":2},"info":{"termsOfServiceUrl":"u"}}`}},
		"one of two implicit grants, whole": {obj{"web": obj{"implicitGrantSettings": obj{"enableAccessTokenIssuance": true, "enableIdTokenIssuance": true}}},
			func(a *stack.Application) { a.Web.ImplicitGrantSettings.EnableIDTokenIssuance = true },
			[]string{`{"web":{"implicitGrantSettings":{"enableAccessTokenIssuance":false,"enableIdTokenIssuance":true}}}`}},
		"settings that Graph replaces, with what is not stated": {obj{"servicePrincipalLockConfiguration": obj{"isEnabled": false, "allProperties": true}},
			func(a *stack.Application) { a.PrincipalLock = &stack.PrincipalLock{IsEnabled: true} },
			[]string{`{"servicePrincipalLockConfiguration":{"allProperties":true,"isEnabled":true}}`}},
		"behaviors, with what is not stated": {obj{"authenticationBehaviors": obj{"blockAzureADGraphAccess": true}},
			func(a *stack.Application) {
				a.AuthenticationBehaviors = &stack.AuthenticationBehaviors{RemoveUnverifiedEmailClaim: &yes}
			}, []string{`{"authenticationBehaviors":{"blockAzureADGraphAccess":true,"removeUnverifiedEmailClaim":true}}`}},
		"signature verification": {obj{"requestSignatureVerification": obj{"isSignedRequestRequired": false, "allowedWeakAlgorithms": "rsaSha1"}},
			func(a *stack.Application) {
				a.RequestSignatureVerification = &stack.RequestSignatureVerification{IsSignedRequestRequired: true}
			}, []string{`{"requestSignatureVerification":{"allowedWeakAlgorithms":"rsaSha1","isSignedRequestRequired":true}}`}},
		"a redirect URI comes": {obj{"web": obj{"redirectUris": []any{"https://a.example"}}},
			func(a *stack.Application) { a.Web.RedirectURIs = []string{"https://a.example", "https://b.example"} },
			[]string{`{"web":{"redirectUris":["https://a.example","https://b.example"]}}`}},
		"a redirect URI goes": {obj{"spa": obj{"redirectUris": []any{"https://a.example"}}}, func(*stack.Application) {}, []string{`{"spa":{"redirectUris":[]}}`}},
		"an identifier URI of its own appId": {obj{"identifierUris": []any{}}, func(a *stack.Application) { a.IdentifierURIs = []string{"api://${appId}"} },
			[]string{`{"identifierUris":["api://api-appid"]}`}},
		"tags, with those of others": {obj{"tags": []any{"HideApp"}}, func(a *stack.Application) { a.Tags = []string{"mine"} },
			[]string{`{"tags":["HideApp","mine","` + stack.Mark("s") + `"]}`}},
		"a role, with what is not stated of the others": {obj{"appRoles": []any{obj{"id": "1", "value": "R", "displayName": "R", "description": "R", "isEnabled": true, "allowedMemberTypes": []any{"User"}, "origin": "Application"}}},
			func(a *stack.Application) {
				a.AppRoles = []stack.AppRole{{Value: "R", DisplayName: "R", AllowedMemberTypes: []string{"User"}}, {ID: "2", Value: "S", DisplayName: "S", AllowedMemberTypes: []string{"User"}}}
			}, []string{`{"appRoles":[{"allowedMemberTypes":["User"],"description":"R","displayName":"R","id":"1","isEnabled":true,"origin":"Application","value":"R"},{"allowedMemberTypes":["User"],"description":"S","displayName":"S","id":"2","isEnabled":true,"value":"S"}]}`}},
		"a scope, with its text for users": {obj{"api": obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "read", "type": "Admin", "isEnabled": true, "adminConsentDisplayName": "read", "adminConsentDescription": "read", "userConsentDisplayName": "u"}}}},
			func(a *stack.Application) { a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read"}} },
			[]string{`{"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"read","adminConsentDisplayName":"read","id":"1","isEnabled":true,"type":"User","userConsentDisplayName":"u","value":"read"}]}}`}},
		"a scope goes, in two requests": {obj{"notes": "b", "api": obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "read", "isEnabled": true}}}},
			func(a *stack.Application) { a.Notes = text("a") },
			[]string{`{"api":{"oauth2PermissionScopes":[{"id":"1","isEnabled":false,"value":"read"}]}}`, `{"api":{"oauth2PermissionScopes":[]},"notes":"a"}`}},
		"a role goes that a scope shares its id with, which is enabled again": {obj{
			"appRoles": []any{obj{"id": "1", "value": "x", "isEnabled": true}},
			"api":      obj{"oauth2PermissionScopes": []any{obj{"id": "1", "value": "x", "type": "User", "isEnabled": true, "adminConsentDisplayName": "x", "adminConsentDescription": "x"}}}},
			func(a *stack.Application) { a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "x"}} },
			[]string{
				`{"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"x","adminConsentDisplayName":"x","id":"1","isEnabled":false,"type":"User","value":"x"}]},"appRoles":[{"id":"1","isEnabled":false,"value":"x"}]}`,
				`{"api":{"oauth2PermissionScopes":[{"adminConsentDescription":"x","adminConsentDisplayName":"x","id":"1","isEnabled":true,"type":"User","value":"x"}]},"appRoles":[]}`}},
		"a certificate comes, the other is sent without its key": {obj{"keyCredentials": []any{obj{"keyId": "k", "type": "AsymmetricX509Cert", "usage": "Sign", "displayName": "saml", "customKeyIdentifier": "AA", "key": "ignored"}}},
			func(a *stack.Application) { a.Certificates = []stack.Certificate{{Name: "ci", DER: []byte("der")}} },
			[]string{`{"keyCredentials":[{"customKeyIdentifier":"AA","displayName":"saml","keyId":"k","type":"AsymmetricX509Cert","usage":"Sign"},{"customKeyIdentifier":"` + stack.Certificate{DER: []byte("der")}.Thumbprint() + `","displayName":"ci","key":"ZGVy","type":"AsymmetricX509Cert","usage":"Verify"}]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", DisplayName: "api"}
			c.declare(a)
			state := has(registered("api", c.live)...)
			before := copied(state.Objects[Key{Application, "s.api"}].Properties)
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a}}}, state, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, body := range c.want {
				want = append(want, "update application s.api "+body)
			}
			if diff := cmp.Diff(want, sent(t, p)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, any(state.Objects[Key{Application, "s.api"}].Properties)); diff != "" {
				t.Errorf("the state was changed:\n%s", diff)
			}
		})
	}
}

// TestPreAuthorizationsComeLast: pre-authorizations are always added last, and redirect URIs are
// added last if others may control the application. Removed entries of these lists are removed
// first.
func TestPreAuthorizationsComeLast(t *testing.T) {
	t.Parallel()
	read, write := stack.ScopeID("s.api", "read"), stack.ScopeID("s.api", "write")
	scopes := []any{
		obj{"id": read, "value": "read", "type": "User", "isEnabled": true, "adminConsentDisplayName": "read", "adminConsentDescription": "read"},
		obj{"id": write, "value": "write", "type": "User", "isEnabled": true, "adminConsentDisplayName": "write", "adminConsentDescription": "write"},
	}
	client := func(appID string, ids ...any) obj { return obj{"appId": appID, "delegatedPermissionIds": ids} }
	owner := func(of Key) *Live {
		who := Key{User, "eve@x.example"}
		return &Live{Object: Object{Key: OwnerKey(of, who), Stack: "s", Properties: obj{}, Ends: Ends{Resource: of, Principal: who}}, ID: "eve-id"}
	}
	for name, c := range map[string]struct {
		live    obj
		foreign bool // an owner is removed
		declare func(*stack.Application)
		want    []string
	}{
		"a client comes": {nil, false, func(a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"read"}}}
		}, []string{`link application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + read + `"]}]}}`}},
		"a client comes, and a text": {obj{"notes": "b"}, false, func(a *stack.Application) {
			a.Notes = new(string)
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"read"}}}
		}, []string{
			`update application s.api {"notes":""}`,
			`link application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + read + `"]}]}}`}},
		"a client goes": {obj{"api": obj{"preAuthorizedApplications": []any{client("client-appid", read)}}}, false, func(*stack.Application) {},
			[]string{`update application s.api {"api":{"preAuthorizedApplications":[]}}`}},
		"a client takes another's place": {obj{"api": obj{"preAuthorizedApplications": []any{client("x", read)}}}, false, func(a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"read"}}}
		}, []string{
			`update application s.api {"api":{"preAuthorizedApplications":[]}}`,
			`link application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + read + `"]}]}}`}},
		"a scope takes another's place": {obj{"api": obj{"preAuthorizedApplications": []any{client("client-appid", read)}}}, false, func(a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"write"}}}
		}, []string{
			`update application s.api {"api":{"preAuthorizedApplications":[]}}`,
			`link application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + write + `"]}]}}`}},
		"one client goes and one gets more": {obj{"api": obj{"preAuthorizedApplications": []any{client("x", read), client("client-appid", read)}}}, false, func(a *stack.Application) {
			a.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "client", Scopes: []string{"read", "write"}}}
		}, []string{
			`update application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + read + `"]}]}}`,
			`link application s.api {"api":{"preAuthorizedApplications":[{"appId":"client-appid","delegatedPermissionIds":["` + read + `","` + write + `"]}]}}`}},
		"a redirect URI where nobody else has control": {nil, false, func(a *stack.Application) { a.SPA.RedirectURIs = []string{"https://a.example"} },
			[]string{`update application s.api {"spa":{"redirectUris":["https://a.example"]}}`}},
		"a redirect URI where somebody else has": {nil, true, func(a *stack.Application) { a.SPA.RedirectURIs, a.Owners = []string{"https://a.example"}, []string{} },
			[]string{`delete owner user eve@x.example of s.api`, `link application s.api {"spa":{"redirectUris":["https://a.example"]}}`}},
		"one redirect URI goes and one comes, where somebody else has": {obj{"web": obj{"redirectUris": []any{"https://a.example", "https://b.example"}}}, true, func(a *stack.Application) {
			a.Web.RedirectURIs, a.Owners = []string{"https://b.example", "https://c.example"}, []string{}
		}, []string{
			`update application s.api {"web":{"redirectUris":["https://b.example"]}}`,
			`delete owner user eve@x.example of s.api`,
			`link application s.api {"web":{"redirectUris":["https://b.example","https://c.example"]}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", DisplayName: "api"}
			a.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read"}, {Value: "write"}}
			c.declare(a)
			live := registered("api", c.live)
			api := obj{"oauth2PermissionScopes": scopes}
			maps.Copy(api, sub(live[0].Properties, "api"))
			live[0].Properties["api"] = api
			if c.foreign {
				live = append(live, owner(live[0].Key))
			}
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a, {Name: "client", DisplayName: "client"}}}},
				has(append(live, registered("client", nil)...)...), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent(t, p)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCreateSendsAllKnownProperties: the request that creates an application contains all known
// properties, and a second request sets only the others.
func TestCreateSendsAllKnownProperties(t *testing.T) {
	t.Parallel()
	saml := "saml"
	for name, c := range map[string]struct {
		declare func(api, other *stack.Application)
		linked  []string // properties that are set by the second request
		needs   []Key    // of the second request
	}{
		"nothing to wait for": {func(api, _ *stack.Application) { api.SPA.RedirectURIs = []string{"https://a.example"} }, nil, nil},
		"its own appId":       {func(api, _ *stack.Application) { api.IdentifierURIs = []string{"api://${appId}"} }, []string{"identifierUris"}, nil},
		"a text with its own appId": {func(api, _ *stack.Application) {
			notes := "is ${appId}"
			api.Notes = &notes
		}, []string{"notes"}, nil},
		"another's appId": {func(api, _ *stack.Application) { api.API.KnownClientApplications = []string{"other"} }, nil, nil},
		"another's appId, which refers to it": {func(api, other *stack.Application) {
			api.API.KnownClientApplications, other.API.KnownClientApplications = []string{"other"}, []string{"api"}
		}, []string{"api.knownClientApplications"}, []Key{{Application, "s.other"}}},
		"a client of its own": {func(api, _ *stack.Application) {
			api.API.OAuth2PermissionScopes = []stack.Scope{{Value: "read"}}
			api.API.PreAuthorizedApplications = []stack.PreAuthorizedApplication{{Application: "other", Scopes: []string{"read"}}}
		}, []string{"api.preAuthorizedApplications"}, []Key{{Application, "s.other"}}},
		"a SAML application's identifier URIs": {func(api, _ *stack.Application) {
			api.IdentifierURIs, api.ServicePrincipal.PreferredSSOMode = []string{"https://contoso.example"}, &saml
		}, []string{"identifierUris"}, []Key{{ServicePrincipal, "s.api"}}},
		"a SAML application without any": {func(api, _ *stack.Application) { api.ServicePrincipal.PreferredSSOMode = &saml }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, other := &stack.Application{Name: "api", DisplayName: "A"}, &stack.Application{Name: "other", DisplayName: "O"}
			c.declare(api, other)
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{api, other}}}, has(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var linked []string
			var needs []Key
			for _, s := range p.Steps {
				if s.Action != Link || s.Name != "s.api" {
					continue
				}
				needs = s.Needs
				for name, v := range s.Bodies[0] {
					if name != "api" {
						linked = append(linked, name)
						continue
					}
					for name := range v.(obj) {
						linked = append(linked, "api."+name)
					}
				}
			}
			slices.Sort(linked)
			if !slices.Equal(linked, c.linked) || !slices.Equal(needs, c.needs) {
				t.Errorf("linked %v, which needs %v; want %v and %v", linked, needs, c.linked, c.needs)
			}
		})
	}
}
