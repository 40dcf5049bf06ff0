package stack

import "testing"

// TestSuffixedURI: the URI of an environment has a form that Entra accepts if the URI without
// the suffix has one.
func TestSuffixedURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"api://${appId}":                         "api://${appId}",
		"api://${appId}/orders":                  "api://${appId}/orders",
		"api://orders":                           "api://orders-pr-1",
		"api://orders.contoso.com":               "api://orders.contoso.com/pr-1",
		"api://orders.${tenant.domain}":          "api://orders.${tenant.domain}/pr-1",
		"api://${tenant.id}":                     "api://${tenant.id}/pr-1",
		"api://${tenant.id}/orders":              "api://${tenant.id}/orders-pr-1",
		"https://contoso.com":                    "https://contoso.com/pr-1",
		"https://${tenant.domain}":               "https://${tenant.domain}/pr-1",
		"https://${tenant.domain}/":              "https://${tenant.domain}/pr-1",
		"https://${tenant.domain}/orders/v1":     "https://${tenant.domain}/orders/v1-pr-1",
		"https://contoso.com/orders/":            "https://contoso.com/orders/pr-1",
		"urn:contoso:orders":                     "urn:contoso:orders-pr-1",
		"https://${parameters.domain}":           "https://${parameters.domain}/pr-1",
		"https://orders.contoso.onmicrosoft.com": "https://orders.contoso.onmicrosoft.com/pr-1",
	} {
		if got := suffixedURI(uri, "pr-1"); got != want {
			t.Errorf("%s becomes %s, want %s", uri, got, want)
		}
	}
}
