package conformance

import (
	"net/http"
	"strings"
	"testing"
)

// TestLikelyRemedies: the answers show the framework, and nothing else is proposed then.
func TestLikelyRemedies(t *testing.T) {
	t.Parallel()
	all := remedyRequire.lines(endpoint{})
	for header, want := range map[string][]string{
		"Server: uvicorn":              {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"Server: Werkzeug/3.1 Python":  {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"X-Powered-By: Express":        {"Express, jose", "passport-azure-ad"},
		"Server: Kestrel":              {"Microsoft.Identity.Web"},
		"Server: nginx":                libraries[:],
		"X-Powered-By: something else": libraries[:],
	} {
		name, value, _ := strings.Cut(header, ": ")
		f := Finding{Remedies: all, language: language(http.Header{name: {value}})}
		var got []string
		for _, r := range f.Likely() {
			got = append(got, r.Library)
		}
		if len(got) != len(want) || got[0] != want[0] {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

// Lines have the endpoint's scope and role, and no other part of a line is replaced.
func TestRemediesNameScopeAndRole(t *testing.T) {
	t.Parallel()
	for _, e := range []endpoint{
		{requirement: requirement{scopes: []string{"Orders.Read"}, anyRole: []string{"Clerk"}}},
		{requirement: requirement{anyScope: []string{"Orders.Read", "Orders.Manage"}, allRoles: []string{"Clerk"}}},
	} {
		for _, one := range []struct {
			remedy remedy
			want   map[string]string
		}{
			{remedyScope, map[string]string{"Spring Security": `a.requestMatchers(path).hasAuthority("SCOPE_Orders.Read")`, "Microsoft.Identity.Web": `[RequiredScope("Orders.Read")]`, "fastapi-azure-auth": `if "Orders.Read" not in user.claims.get("scp", "").split(): raise HTTPException(403)  # scopes=["Orders.Read"] of Security answers 401`}},
			{remedyBody, map[string]string{"Spring Security": `@PreAuthorize("hasAuthority('Clerk')")  // on the resolver or method that runs`}},
			{remedyRole, map[string]string{"fastapi-azure-auth": `if "Clerk" not in user.roles: raise HTTPException(403)`}},
		} {
			for _, r := range one.remedy.lines(e) {
				if want := one.want[r.Library]; want != "" && r.Line != want || strings.Contains(r.Line, "{scope}") || strings.Contains(r.Line, "{role}") {
					t.Errorf("%s: %s, want %s", r.Library, r.Line, want)
				}
			}
		}
	}
}
