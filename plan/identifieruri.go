package plan

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"provision/stack"
)

// noteRefusedURIs adds a note for each new identifier URI that Entra's default policy refuses: one
// without a verified domain, the tenant's id, or an appId. Applications with version 2 tokens
// and applications for SAML are exempt. Tenants can have another policy, so it is not a mistake.
// Source: learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions.
func (d *declaration) noteRefusedURIs(a *stack.Application, k Key) {
	if a.Version2Tokens() || a.UsesSAML() || len(d.state.Domains) == 0 {
		return
	}
	var has []any
	if live := d.state.Objects[k]; live != nil {
		has = list(live.Properties, "identifierUris")
	}
	for _, uri := range a.IdentifierURIs {
		if !slices.Contains(has, any(uri)) && !d.identifies(uri) {
			d.notes = append(d.notes, fmt.Sprintf("application %s: Entra's default policy refuses the identifier URI %s, because it contains no verified domain of the tenant (%s), no tenant id and no appId: "+
				"use api://${appId}, or set api: {requestedAccessTokenVersion: 2}", a.Name, uri, strings.Join(d.state.Domains, ", ")))
		}
	}
}

// identifies reports whether an identifier URI contains a verified domain, or an id as its host or as a
// segment of its path.
func (d *declaration) identifies(uri string) bool {
	const id = "00000000-0000-0000-0000-000000000000" // in place of a reference
	parsed, err := url.Parse(stack.Expand(uri, func(reference string) (string, bool) {
		if reference == "tenant.domain" {
			return d.state.Tenant.Domain, true
		}
		return id, true
	}))
	if err != nil {
		return true // another rule reports it
	}
	host := strings.ToLower(parsed.Hostname())
	for _, domain := range d.state.Domains {
		domain = strings.ToLower(domain)
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return slices.ContainsFunc(append(strings.Split(parsed.Path, "/"), host), stack.IsID)
}
