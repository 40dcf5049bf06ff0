package conformance

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"provision/stack"
)

const (
	partner  = "77777777-1111-4222-8333-444444444444"
	supplier = "88888888-1111-4222-8333-444444444444"
)

// admitting returns an API that accepts tokens of the tenants that welcome returns true for, with
// their issuer and tenant id.
func admitting(issuer string, welcome func(iss, tid string) bool) validator {
	return validator{issuer: issuer, mutation: mutation{reads: func(c map[string]any) {
		iss, _ := c["iss"].(string)
		tid, _ := c["tid"].(string)
		if welcome(iss, tid) {
			c["iss"], c["tid"] = issuer, tenantID
		} else {
			c["iss"] = "https://nobody.example/"
		}
	}}}
}

func tenantSuite(t *testing.T, tenants stack.Tenants, api func(issuer string) validator) *Suite {
	t.Helper()
	s := startTenant(t)
	suite := quickstart(s, serve(t, api(s.issuer())))
	suite.Document.Endpoints = suite.Document.Endpoints[1:]
	suite.Document.Tenants = tenants
	suite.Changes = TenantChanges{Why: "not here"}
	suite.Tenants = []OtherTenant{{Name: "partner.onmicrosoft.com", ID: partner}}
	if len(tenants.Others) > 1 {
		suite.Tenants = append(suite.Tenants, OtherTenant{Name: "supplier.onmicrosoft.com", ID: supplier})
	}
	return suite
}

// of returns the issuer of another tenant.
func of(issuer, tid string) string { return strings.ReplaceAll(issuer, tenantID, tid) }

func TestTenants(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	anyOf := stack.Tenants{Any: true}
	listed := stack.Tenants{Others: []string{"partner.onmicrosoft.com", "supplier.onmicrosoft.com"}}
	among := func(tid string) bool { return slices.Contains([]string{tenantID, partner, supplier}, tid) }
	for name, c := range map[string]struct {
		tenants stack.Tenants
		kills   string // "": correct
		welcome func(home, iss, tid string) bool
	}{
		"every tenant":              {anyOf, "", func(home, iss, tid string) bool { return tid != "" && iss == of(home, tid) }},
		"two more tenants":          {listed, "", func(home, iss, tid string) bool { return among(tid) && iss == of(home, tid) }},
		"home alone":                {anyOf, "valid-tenant partner.onmicrosoft.com", func(home, iss, tid string) bool { return iss == home && tid == tenantID }},
		"one of the two is missing": {listed, "valid-tenant supplier.onmicrosoft.com", func(home, iss, tid string) bool { return tid != supplier && among(tid) && iss == of(home, tid) }},
		"every tenant, not those":   {listed, "other-tenant", func(home, iss, tid string) bool { return tid != "" && iss == of(home, tid) }},
		"no issuer":                 {anyOf, "wrong-issuer", func(_, _, tid string) bool { return tid != "" }},
		"the tenant alone":          {listed, "wrong-issuer", func(_, _, tid string) bool { return among(tid) }},
		"the issuer alone": {listed, "tenant-mismatch-issuer", func(home, iss, _ string) bool {
			return iss == home || iss == of(home, partner) || iss == of(home, supplier)
		}},
		"the end of the issuer": {anyOf, "wrong-issuer", func(_, iss, tid string) bool { return tid != "" && strings.HasSuffix(iss, "/"+tid+"/v2.0") }},
		"the end of another tenant's issuer": {anyOf, "tenant-host", func(home, iss, tid string) bool {
			return iss == home && tid == tenantID || tid != tenantID && tid != "" && strings.HasSuffix(iss, "/"+tid+"/v2.0")
		}},
		"each by itself": {listed, "tenant-mismatch-tid", func(home, iss, tid string) bool {
			return among(tid) && slices.Contains([]string{home, of(home, partner), of(home, supplier)}, iss)
		}},
		"tenants that begin alike": {listed, "tenant-near-start", func(home, iss, tid string) bool {
			return iss == of(home, tid) && (among(tid) || strings.HasPrefix(tid, tenantID[:8]))
		}},
		"tenants that end alike": {listed, "tenant-near-end", func(home, iss, tid string) bool {
			return iss == of(home, tid) && (among(tid) || strings.HasSuffix(tid, tenantID[24:]))
		}},
		"the template itself": {anyOf, "tenant-template", func(home, iss, tid string) bool {
			return tid != "" && (iss == of(home, tid) || iss == of(home, "{tenantid}"))
		}},
		"without a tenant": {anyOf, "tenant-none", func(home, iss, tid string) bool { return iss == of(home, tid) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, without(tenantSuite(t, c.tenants, func(issuer string) validator {
				return admitting(issuer, func(iss, tid string) bool { return c.welcome(issuer, iss, tid) })
			}), Headers, Routes, Signature))
			if c.kills == "" {
				if failed := r.ids(Fail); len(failed) > 0 {
					t.Errorf("failed: %s", list(failed))
				}
				return
			}
			result := r.result(t, "GET /secure: "+c.kills)
			tally.mutant(result.Outcome == Fail)
			if strings.HasPrefix(c.kills, "valid-tenant") && !strings.Contains(r.summary.Findings[0].Title, "users of a tenant") {
				t.Errorf("the finding is %q", r.summary.Findings[0].Title)
			}
			if result.Outcome != Fail {
				t.Errorf("%s: %s %s; failed: %s", result.ID, result.Outcome, result.Reason, list(r.ids(Fail)))
			}
		})
	}
}

// An API that accepts a tenant only from its second request on fails, whichever case runs first.
func TestTenantThatHasAskedBefore(t *testing.T) {
	t.Parallel()
	var seen sync.Map
	r := run(t, without(tenantSuite(t, stack.Tenants{Others: []string{"partner.onmicrosoft.com"}}, func(issuer string) validator {
		return admitting(issuer, func(iss, tid string) bool {
			_, known := seen.LoadOrStore(tid, true)
			return iss == of(issuer, tid) && (tid == tenantID || tid == partner || known && tid == anotherTenant)
		})
	}), Headers, Routes, Signature))
	f := r.summary.Findings
	if len(f) != 1 || f[0].Cause != CauseTenant || !strings.Contains(f[0].Evidence[0], "other-tenant") {
		t.Errorf("findings %+v", f)
	}
}

// A tenant that the request names, or that the user comes from, is not the tenant of
// the token.
func TestTenantOfTheRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tenants stack.Tenants
		kills   string // "": correct
		of      func(*http.Request) string
	}{
		"nothing":                        {stack.Tenants{}, "", func(*http.Request) string { return "" }},
		"header":                         {stack.Tenants{Others: []string{"partner.onmicrosoft.com"}}, "tenant-headers", func(r *http.Request) string { return r.Header.Get("X-Tenant-ID") }},
		"header of an API of one tenant": {stack.Tenants{}, "tenant-headers", func(r *http.Request) string { return r.Header.Get("Tenant") }},
		"query":                          {stack.Tenants{Others: []string{"partner.onmicrosoft.com"}}, "tenant-query", func(r *http.Request) string { return r.FormValue("tenant_id") }},
		"provider": {stack.Tenants{Others: []string{"partner.onmicrosoft.com"}}, "tenant-idp", func(r *http.Request) string {
			_, claims, _ := decode(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			return strings.Trim(strings.TrimPrefix(claims.text("idp"), "https://sts.windows.net"), "/")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := tenantSuite(t, c.tenants, func(issuer string) validator { return validator{} })
			if len(c.tenants.Others) == 0 {
				suite.Tenants = nil
			}
			issuer := suite.Issuer.URL
			suite.Target.URL = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				admitting(issuer, func(iss, tid string) bool {
					return iss == of(issuer, tid) && (tid == tenantID || c.tenants.Others != nil && tid == partner || c.of(r) == tenantID)
				}).ServeHTTP(w, r)
			})).URL
			r := run(t, without(suite, Headers, Routes, Signature))
			if c.kills == "" {
				if failed := r.ids(Fail); len(failed) > 0 {
					t.Errorf("failed: %s", list(failed))
				}
				return
			}
			result, f := r.result(t, "GET /secure: "+c.kills), r.summary.Findings
			tally.mutant(result.Outcome == Fail)
			if result.Outcome != Fail || len(f) != 1 || f[0].Cause != CauseTenant {
				t.Errorf("%s: %s %s; failed: %s", result.ID, result.Outcome, result.Reason, list(r.ids(Fail)))
			}
		})
	}
}
