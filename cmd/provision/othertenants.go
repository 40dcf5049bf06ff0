package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"provision/conformance"
	"provision/protected"
	"provision/stack"
)

// probeTenant is another local tenant, which verify uses to test APIs that accept
// every tenant.
const probeTenant = "partner.onmicrosoft.com"

// readOtherTenants returns the welcome tenants with their ids. The local tenant gets those
// beside it that do not exist yet.
func (s *connection) readOtherTenants(ctx context.Context, t stack.Tenants) (all []conformance.OtherTenant, err error) {
	names := t.Others
	if t.Any && s.local {
		names = append(slices.Clone(names), probeTenant)
	}
	for _, name := range names {
		if stack.IsID(name) {
			all = append(all, conformance.OtherTenant{Name: name, ID: name})
			continue
		}
		id, found := s.findTenant(ctx, name)
		if !found && s.local {
			var failed error
			if id, failed = s.manage.CreateTenant(ctx, name); failed != nil {
				// Another run of verify may have created it meanwhile.
				if id, found = s.findTenant(ctx, name); !found {
					return nil, failed
				}
			}
			found = true
		}
		if !found {
			return nil, hint(fmt.Errorf("there is no tenant %s at %s", name, s.authority), "correct `tenants` in the Conformance document, or name the tenant by its id")
		}
		all = append(all, conformance.OtherTenant{Name: name, ID: id})
	}
	return all, nil
}

var issuerTenant = regexp.MustCompile(`/([0-9a-fA-F-]{36})/`)

// findTenant returns the tenant id that the discovery document of a domain states.
func (s *connection) findTenant(ctx context.Context, domain string) (id string, found bool) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.authority+"/"+domain+"/v2.0/.well-known/openid-configuration", nil)
	if err != nil {
		return "", false
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return "", false
	}
	defer answer.Body.Close()
	var discovery struct{ Issuer string }
	if answer.StatusCode != http.StatusOK || json.NewDecoder(answer.Body).Decode(&discovery) != nil {
		return "", false
	}
	m := issuerTenant.FindStringSubmatch(discovery.Issuer)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// keysOf returns the address of the key set: the key set of all tenants if the API accepts
// other tenants, because the key set of one tenant can contain keys that are valid
// only for this tenant.
func (s *connection) keysOf(f protected.Facts) string {
	if f.Tenants.Home() {
		return s.jwksURL()
	}
	return strings.Replace(s.jwksURL(), "/"+s.tenantID+"/", "/common/", 1)
}

// welcomes decides which other tenants the API admits; nil: none.
func welcomes(f protected.Facts) func(id string) bool {
	if f.Tenants.Home() {
		return nil
	}
	return func(id string) bool {
		return f.Tenants.Any || slices.ContainsFunc(f.Others, func(o conformance.OtherTenant) bool { return o.ID == id })
	}
}
