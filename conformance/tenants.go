package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// homeOnly reports whether the API admits only users of one tenant.
func homeOnly(s *Suite) bool { return s.Document.Tenants.Home() }

// tenantCases are cases with tokens of other tenants, for APIs that admit some of them.
func (s *Suite) tenantCases(e endpoint) []Case {
	if e.owner {
		return nil
	}
	if homeOnly(s) {
		return s.claimedTenant(e)
	}
	var cases []Case
	for _, other := range s.Tenants {
		c := check{
			name: "valid-tenant " + other.Name, means: CauseTenantRefused, severity: Low, admits: true,
			sends: "a correctly signed token of a user of " + other.Name + ", another tenant, who has the required scopes and roles",
			flaw:  "the API refuses users of a tenant that the document admits: it compares the issuer (iss) with that of the home tenant, or takes only the home tenant's keys", source: sourceTenant,
			present: other.present(e),
		}.on(e, Claims)
		cases = append(cases, c)
	}
	welcome := anotherTenant // if every tenant is admitted
	if len(s.Tenants) > 0 {
		welcome = s.Tenants[0].ID
	}
	refused := func(name, sends, flaw string, severity Severity, present func(context.Context, *baselineToken) (credential, error)) {
		c := check{
			name: name, means: CauseTenant, severity: severity, sends: sends, flaw: flaw, source: sourceTenant,
			gain: "anyone with a tenant can name another tenant and access its data", present: present, also: []int{403},
		}.on(e, Claims)
		cases = append(cases, c)
	}
	if !s.Document.Tenants.Any {
		refused("other-tenant", "a correctly signed token of a tenant that the document does not admit", "the API does not check whether the tenant (iss and tid) is one that it admits", Critical, ofTenant(anotherTenant, anotherTenant))
		refused("other-tenant-again", "the token of other-tenant once more", "the API admits a tenant that has asked before", Critical, ofTenant(anotherTenant, anotherTenant))
		for _, near := range []struct{ name, says, tenant string }{
			{"tenant-near-start", "begins", nearID(s.Issuer.TenantID, false)}, {"tenant-near-end", "ends", nearID(s.Issuer.TenantID, true)},
		} {
			refused(near.name, "a correctly signed token of a tenant whose id "+near.says+" like that of this tenant", "the API compares only a part of the tenant's id (tid)", Medium, ofTenant(near.tenant, near.tenant))
		}
		refused("tenant-idp", "a correctly signed token of a tenant that the document does not admit, whose user is a guest there from this tenant (idp)", "the API uses the identity provider of the user (idp) as the tenant (tid)", High, func(ctx context.Context, g *baselineToken) (credential, error) {
			changes := g.ofTenant(anotherTenant, anotherTenant)
			changes["idp"] = "https://sts.windows.net/" + s.Issuer.TenantID + "/"
			return g.present(ctx, changes)
		})
	}
	cases = append(cases, s.claimedTenant(e)...)
	home := s.Issuer.TenantID
	refused("tenant-mismatch-issuer", "a correctly signed token of this tenant's issuer (iss) that names another tenant (tid)", "the API decides by the tenant (tid) and does not compare it with the issuer (iss)", High, ofTenant(home, welcome))
	refused("tenant-mismatch-tid", "a correctly signed token of another tenant's issuer (iss) that names this tenant (tid)", "the API decides by the tenant (tid) and does not compare it with the issuer (iss)", High, ofTenant(welcome, home))
	refused("tenant-host", "a correctly signed token of an issuer of the same form on another host", "the API builds the issuer that it expects from the token, or compares only a part of it", High, func(ctx context.Context, g *baselineToken) (credential, error) {
		issuer, err := url.Parse(strings.ReplaceAll(g.claims.text("iss"), home, welcome))
		if err != nil {
			return credential{}, fmt.Errorf("the valid token's issuer: %w", err)
		}
		issuer.Host = "login.example"
		return g.present(ctx, change{"iss": issuer.String(), "tid": welcome})
	})
	refused("tenant-template", "a correctly signed token whose issuer has the placeholder {tenantid} in place of a tenant", "the API compares the issuer (iss) with the unchanged template of the metadata", Medium, func(ctx context.Context, g *baselineToken) (credential, error) {
		return g.present(ctx, change{"iss": strings.ReplaceAll(g.claims.text("iss"), home, "{tenantid}"), "tid": welcome})
	})
	refused("tenant-none", "a correctly signed token of this tenant's issuer that names no tenant (no tid)", "the API accepts a token that does not name its tenant (tid)", Medium, func(ctx context.Context, g *baselineToken) (credential, error) {
		return g.present(ctx, change{"iss": strings.ReplaceAll(g.claims.text("iss"), home, ""), "tid": nil})
	})
	return cases
}

// present presents a token of a user who signs in to the other tenant. If no user can,
// it presents a token that is signed like one.
func (t OtherTenant) present(e endpoint) func(context.Context, *baselineToken) (credential, error) {
	signed := ofTenant(t.ID, t.ID)
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		if t.SignIn == nil || g.who.user == "" || len(e.groups) > 0 || e.noGuests {
			return signed(ctx, g)
		}
		raw, err := t.SignIn(ctx, g.who.client, g.claims.scopes(), g.claims.roles())
		if errors.Is(err, ErrUnavailable) {
			c, failed := signed(ctx, g)
			if _, cannot := asSkipped(failed); cannot {
				return credential{}, skip("", "a user of tenant %s has to sign in: %v", t.Name, err)
			}
			c.note = joinNotes(c.note, fmt.Sprintf("the token is signed as for a user of %s, and nobody signed in there: %v", t.Name, err))
			return c, failed
		}
		if err != nil {
			return credential{}, fmt.Errorf("sign in to tenant %s: %w", t.Name, err)
		}
		_, claims, err := decode(raw)
		if err != nil {
			return credential{}, fmt.Errorf("the token of a user of tenant %s: %w", t.Name, err)
		}
		if tid := claims.text("tid"); tid != t.ID {
			return credential{}, fmt.Errorf("the token of a user of tenant %s names tenant %s", t.Name, tid)
		}
		if !slices.Contains(g.run.Resource.Audiences, claims.text("aud")) {
			return credential{}, fmt.Errorf("the token of a user of tenant %s is for %q", t.Name, claims.text("aud"))
		}
		return bearer(raw), nil
	}
}

// ofTenant presents a token of another tenant. The tenants of its issuer and of its tid can
// differ.
func ofTenant(issuer, tenant string) func(context.Context, *baselineToken) (credential, error) {
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		return g.present(ctx, g.ofTenant(issuer, tenant))
	}
}

// ofTenant returns the claims in which such a token differs.
func (g *baselineToken) ofTenant(issuer, tenant string) change {
	home := g.run.Issuer.TenantID
	changes := change{"iss": strings.ReplaceAll(g.claims.text("iss"), home, issuer), "tid": tenant}
	if issuer != home || tenant != home {
		changes["oid"], changes["sub"] = "0d1c7f62-5b7e-4c54-9d4e-1f6f1a7f9c03", "a-user-of-another-tenant"
		if g.claims.appOnly() {
			changes["sub"] = changes["oid"]
		}
	}
	return changes
}

// tenantHeaders and tenantParameters are the headers and parameters by which a client with several
// tenants selects one at multi-tenant APIs.
var (
	tenantHeaders    = []string{"X-Tenant-Id", "X-Tenant", "X-TenantId", "Tenant-Id", "Tenant", "X-Ms-Tenant-Id", "X-Ms-Client-Tenant-Id", "X-Ms-Client-Tenant", "X-Organization-Id", "X-Org-Id", "X-Customer-Id"}
	tenantParameters = []string{"tenant", "tenantId", "tenant_id", "tid", "organization", "org"}
)

// claimedTenant are requests that name the home tenant, with a token of a tenant that
// is not admitted.
func (s *Suite) claimedTenant(e endpoint) []Case {
	if s.Document.Tenants.Any {
		return nil
	}
	var cases []Case
	add := func(name, sends, flaw string, present func(context.Context, *baselineToken) (credential, error)) {
		cases = append(cases, check{
			name: name, means: CauseTenant, severity: Critical, sends: sends, flaw: flaw, source: sourceTenant,
			gain: "anyone with a tenant can call the API by naming another tenant", present: present, also: []int{403},
		}.on(e, Claims))
	}
	add("tenant-headers", "a correctly signed token of a tenant that the document does not admit, and headers that name this tenant", "the API takes the tenant from a header that the caller sets, and not from the token (tid)", s.claimsTenant(func(home string) credential {
		c := credential{header: make(http.Header)}
		for _, name := range tenantHeaders {
			c.header.Set(name, home)
		}
		return c
	}))
	add("tenant-query", "a correctly signed token of a tenant that the document does not admit, and a query that names this tenant", "the API takes the tenant from the query, and not from the token (tid)", s.claimsTenant(func(home string) credential {
		query := make(url.Values)
		for _, name := range tenantParameters {
			query.Set(name, home)
		}
		return credential{query: query.Encode(), tolerates: []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, either: true}
	}))
	return cases
}

// claimsTenant presents a token of a tenant that is not admitted, in a request that names the
// home tenant.
func (s *Suite) claimsTenant(named func(home string) credential) func(context.Context, *baselineToken) (credential, error) {
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		foreign, err := ofTenant(anotherTenant, anotherTenant)(ctx, g)
		c := named(s.Issuer.TenantID)
		c.authorization, c.secrets = foreign.authorization, foreign.secrets
		return c, err
	}
}

// nearID returns an id that differs from another id only after its beginning, or only before its
// end.
func nearID(id string, end bool) string {
	other := anotherTenant
	if len(other) != len(id) { // not a GUID
		other = strings.Repeat("x", len(id))
	}
	if end {
		at := min(8, len(id)/2)
		return other[:at] + id[at:]
	}
	at := len(id) - min(12, len(id)/2)
	return id[:at] + other[at:]
}
