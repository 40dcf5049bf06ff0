package plan

import (
	"strings"
	"testing"

	"provision/stack"
)

// TestRefusedIdentifierURIs: a plan says which new identifier URIs Entra's default policy refuses.
func TestRefusedIdentifierURIs(t *testing.T) {
	t.Parallel()
	v2, saml := 2, "saml"
	for name, c := range map[string]struct {
		uri     string
		change  func(a *stack.Application, s *State)
		refused bool
	}{
		"the default":                         {uri: "api://${appId}"},
		"a path below the appId":              {uri: "api://${appId}/orders"},
		"the appId in the path":               {uri: "api://orders/${applications.web.appId}"},
		"the tenant's id":                     {uri: "api://${tenant.id}/orders"},
		"a literal tenant id":                 {uri: "api://11111111-2222-3333-4444-555555555555/orders"},
		"the default domain":                  {uri: "https://${tenant.domain}/orders"},
		"a subdomain of another domain":       {uri: "https://orders.Contoso.example"},
		"a name":                              {uri: "api://orders", refused: true},
		"the appId as a part of the host":     {uri: "api://botid-${appId}", refused: true},
		"an unverified domain":                {uri: "https://orders.fabrikam.example/api", refused: true},
		"a domain that ends like another one": {uri: "https://notcontoso.example", refused: true},
		"a urn":                               {uri: "urn:contoso:orders", refused: true},
		"version 2 tokens": {uri: "api://orders", change: func(a *stack.Application, _ *State) {
			a.API.RequestedAccessTokenVersion = &v2
		}},
		"SAML": {uri: "urn:contoso:orders", change: func(a *stack.Application, _ *State) {
			a.ServicePrincipal.PreferredSSOMode = &saml
		}},
		"the application has it already": {uri: "api://orders", change: func(_ *stack.Application, s *State) {
			*s = *has(&Live{Object: Object{Key: Key{Application, "s.api"}, Stack: "s", Properties: obj{"identifierUris": []any{"api://orders"}}}, ID: "1"})
			s.Domains = []string{"contoso.example"}
		}},
		"domains are not known": {uri: "api://orders", change: func(_ *stack.Application, s *State) { s.Domains = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &stack.Application{Name: "api", DisplayName: "API", IdentifierURIs: []string{c.uri}}
			state := has()
			state.Tenant.Domain = "contoso.onmicrosoft.com"
			state.Domains = []string{"contoso.onmicrosoft.com", "contoso.example"}
			if c.change != nil {
				c.change(a, state)
			}
			p, err := Diff([]*stack.Stack{{Name: "s", Applications: []*stack.Application{a, {Name: "web", DisplayName: "Web"}}}}, state, Options{})
			if err != nil {
				t.Fatal(err)
			}
			notes := strings.Join(p.Notes, "\n")
			if strings.Contains(notes, "refuses the identifier URI "+c.uri+",") != c.refused {
				t.Errorf("notes: %q", notes)
			}
		})
	}
}
