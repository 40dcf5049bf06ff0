package conformance

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"provision/stack"
)

// TestLikelyRemedies: if the answers identify the framework, only its remedies are suggested.
func TestLikelyRemedies(t *testing.T) {
	t.Parallel()
	all := remedyRequire.lines(endpoint{})
	for header, want := range map[string][]string{
		"Server: uvicorn":                  {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"Server: Werkzeug/3.1 Python":      {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"Server: Python/3.13 aiohttp/3.11": {"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth"},
		"X-Powered-By: Express":            {"Express, jose", "passport-azure-ad"},
		"Server: Kestrel":                  {"Microsoft.Identity.Web"},
		"Server: nginx":                    libraries[:],
		"X-Powered-By: something else":     libraries[:],
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

// Lines check exactly the scopes and roles of the endpoint: one, any of several, or all.
func TestRemediesNameScopesAndRoles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		requirement requirement
		remedy      remedy
		want        map[string][]string // by library
	}{
		{requirement{scopes: []string{"Orders.Read"}}, remedyScope, map[string][]string{
			"Spring Security":        {`a.requestMatchers(path).hasAuthority("SCOPE_Orders.Read")`},
			"Microsoft.Identity.Web": {`[RequiredScope("Orders.Read")]`},
			"fastapi-azure-auth":     {`if "Orders.Read" not in user.claims.get("scp", "").split(): raise HTTPException(403)  # scopes=["Orders.Read"] of Security answers 401`},
		}},
		{requirement{anyRole: []string{"Clerk"}}, remedyRole, map[string][]string{"fastapi-azure-auth": {`if "Clerk" not in user.roles: raise HTTPException(403)`}}},
		{requirement{anyRole: []string{"Clerk"}}, remedyBody, map[string][]string{"Spring Security": {`@PreAuthorize("hasAuthority('Clerk')")  // on the resolver or method that runs`}}},
		{requirement{anyRole: []string{"Admin", "DevOps"}}, remedyRole, map[string][]string{
			"FastAPI, PyJWT":         {`if not {"Admin", "DevOps"} & set(claims.get("roles", [])): raise HTTPException(403)`},
			"Express, jose":          {`if (!["Admin", "DevOps"].some((r) => (payload.roles ?? []).includes(r))) return res.sendStatus(403)`},
			"Microsoft.Identity.Web": {`[Authorize(Roles = "Admin,DevOps")]`},
			"golang-jwt":             {`if !slices.ContainsFunc(claims.Roles, func(r string) bool { return slices.Contains([]string{"Admin", "DevOps"}, r) }) { http.Error(w, "forbidden", 403); return }`},
		}},
		{requirement{allRoles: []string{"Clerk"}, anyRole: []string{"Admin", "DevOps"}}, remedyRole, map[string][]string{
			"FastAPI, PyJWT": {`if "Clerk" not in claims.get("roles", []): raise HTTPException(403)`, `if not {"Admin", "DevOps"} & set(claims.get("roles", [])): raise HTTPException(403)`},
		}},
		{requirement{allRoles: []string{"Clerk", "Auditor"}}, remedyRole, map[string][]string{
			"Microsoft.Identity.Web": {`[Authorize(Roles = "Clerk")] [Authorize(Roles = "Auditor")]`},
			"go-oidc":                {`for _, r := range []string{"Clerk", "Auditor"} { if !slices.Contains(claims.Roles, r) { http.Error(w, "forbidden", 403); return } }`},
		}},
		{requirement{anyScope: []string{"Orders.Read", "Orders.Manage"}}, remedyScope, map[string][]string{
			"Microsoft.Identity.Web": {`[RequiredScope("Orders.Read", "Orders.Manage")]`},
			"FastAPI, python-jose":   {`if not {"Orders.Read", "Orders.Manage"} & set(claims.get("scp", "").split()): raise HTTPException(403)`},
		}},
		{requirement{scopes: []string{"a", "b"}}, remedyScope, map[string][]string{
			"Express, jose":   {`if (!["a", "b"].every((s) => (payload.scp ?? "").split(" ").includes(s))) return res.sendStatus(403)`},
			"Spring Security": {`a.requestMatchers(path).access(AuthorizationManagers.allOf(AuthorityAuthorizationManager.hasAuthority("a"), AuthorityAuthorizationManager.hasAuthority("b")))  // each with the prefix SCOPE_`},
		}},
		{requirement{}, remedyRole, map[string][]string{"fastapi-azure-auth": {`if "ROLE" not in user.roles: raise HTTPException(403)`}}},
	} {
		got := make(map[string][]string)
		for _, r := range test.remedy.lines(endpoint{requirement: test.requirement}) {
			got[r.Library] = append(got[r.Library], r.Line)
			if placeholder.MatchString(r.Line) {
				t.Errorf("%s: %s", r.Library, r.Line)
			}
		}
		for library, want := range test.want {
			if diff := cmp.Diff(want, got[library]); diff != "" {
				t.Errorf("%+v, %s (-want +got):\n%s", test.requirement, library, diff)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{(scope|role|list|names|authorities|attributes)\}`)

// If the API refuses applications that the document admits without stating it, the document may be
// wrong: the finding has the requirement to write.
func TestTooLooseDocument(t *testing.T) {
	t.Parallel()
	const why = "the document admits applications here, because it requires no scope and states no callers; if only users may call the endpoint, write "
	for _, test := range []struct {
		requires stack.Requires
		want     string
	}{
		{stack.Requires{AnyRole: []string{"Clerk", "Orders.Read.All"}}, why + "requires: {scopes: [Orders.Read], anyRole: [Clerk, Orders.Read.All]} or requires: {anyRole: [Clerk, Orders.Read.All], callers: [users]}"},
		{stack.Requires{AnyRole: []string{"Clerk", "Orders.Read.All"}, Callers: []string{users, applications}}, ""},
	} {
		suite := ruledSuite(t, test.requires, func(c claims) bool { return !c.app() && c.role("Clerk", "Orders.Read.All") })
		findings := run(t, solely(suite, Authorization)).summary.Findings
		if len(findings) != 1 || findings[0].Cause != CauseApplicationRefused || findings[0].Document != test.want {
			t.Errorf("%+v: %+v", test.requires, findings)
		}
	}
}
