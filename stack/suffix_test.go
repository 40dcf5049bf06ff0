package stack

import "testing"

// TestSuffixedURI: the URI of an environment has a form that Entra accepts if the URI without
// the suffix has one.
func TestSuffixedURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"api://${appId}":                                    "api://${appId}",
		"api://${appId}/orders":                             "api://${appId}/orders",
		"api://orders":                                      "api://orders-pr-1",
		"api://orders.contoso.com":                          "api://orders.contoso.com/pr-1",
		"api://orders.${tenant.domain}":                     "api://orders.${tenant.domain}/pr-1",
		"api://${tenant.id}":                                "api://${tenant.id}/pr-1",
		"api://${tenant.id}/orders":                         "api://${tenant.id}/orders-pr-1",
		"https://contoso.com":                               "https://contoso.com/pr-1",
		"https://${tenant.domain}":                          "https://${tenant.domain}/pr-1",
		"https://${tenant.domain}/":                         "https://${tenant.domain}/pr-1",
		"https://${tenant.domain}/orders/v1":                "https://${tenant.domain}/orders/v1-pr-1",
		"https://contoso.com/orders/":                       "https://contoso.com/orders/pr-1",
		"https://localhost":                                 "https://localhost/pr-1",
		"http://localhost:8080":                             "http://localhost:8080/pr-1",
		"HTTPS://localhost":                                 "HTTPS://localhost/pr-1",
		"https://localhost/orders":                          "https://localhost/orders-pr-1",
		"api://4b9f9a0e-3c5d-4c6b-8c1e-0d5a7b1f2e3c":        "api://4b9f9a0e-3c5d-4c6b-8c1e-0d5a7b1f2e3c/pr-1",
		"api://4B9F9A0E-3C5D-4C6B-8C1E-0D5A7B1F2E3C/orders": "api://4B9F9A0E-3C5D-4C6B-8C1E-0D5A7B1F2E3C/orders-pr-1",
		"${terraform.web.url}":                              "${terraform.web.url}/pr-1",
		"${terraform.web.url}/orders":                       "${terraform.web.url}/orders-pr-1",
		"urn:contoso:orders":                                "urn:contoso:orders-pr-1",
		"https://${parameters.domain}":                      "https://${parameters.domain}/pr-1",
		"https://orders.contoso.onmicrosoft.com":            "https://orders.contoso.onmicrosoft.com/pr-1",
	} {
		if got := suffixedURI(uri, "pr-1"); got != want {
			t.Errorf("%s becomes %s, want %s", uri, got, want)
		}
	}
}
