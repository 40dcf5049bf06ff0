package conformance

import (
	"context"
	"strings"
	"testing"
	"time"

	"provision/stack"
)

// If the tenant signs no tokens on request, cases without a token are skipped with the reason,
// and all others run.
func TestWithoutSigner(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	suite.Tokens.(*Tenant).Signer = nil
	suite.Resource.Scopes = []string{"read_data", "write_data"}
	r := run(t, suite)
	want := []string{
		"GET /secure: missing-scope read_data", "GET /secure: expired", "GET /secure: not-yet-valid",
		"GET /secure: wrong-issuer", "GET /secure: other-tenant",
	}
	if lacking := missing(want, r.ids(Skip)); lacking != nil {
		t.Errorf("not skipped: %s", list(lacking))
	}
	for _, id := range r.ids(Skip)[1:] {
		if reason := r.result(t, id).Reason; !strings.HasPrefix(reason, "only the issuer could sign such a token") {
			t.Errorf("%s is skipped: %s", id, reason)
		}
	}
	if got := r.result(t, want[0]); !strings.Contains(got.Add, "kind: Application") {
		t.Errorf("what to add: %q", got.Add)
	}
	if got := r.result(t, "GET /secure: wrong-audience"); got.Outcome != Pass || !strings.Contains(got.Note, "ID token") {
		t.Errorf("wrong audience: %s, note %q", got.Outcome, got.Note)
	}
	if got := r.result(t, "GET /secure: app-only"); got.Outcome != Pass || !strings.Contains(got.Note, "robot") {
		t.Errorf("app-only: %s, note %q", got.Outcome, got.Note)
	}
	if failed := r.ids(Fail); len(failed) > 0 {
		t.Errorf("failed: %s", list(failed))
	}
}

func TestMissingPrincipalsAreSkippedWithTheLineToAdd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*Suite)
		id      string
		reason  string
		add     string
		skipped int
	}{
		{
			"nobody with the role", func(s *Suite) { s.Users = s.Users[2:] }, "GET /secure: valid",
			"no user is declared whose roles are enough", (&Suite{Resource: Resource{Name: "api"}}).addAssignment("Admin"), 0,
		},
		{
			"nobody with one of the roles", func(s *Suite) { s.Users = append(s.Users[:1:1], s.Users[2:]...) }, "GET /secure: role DevOps",
			"no user is declared whose only accepted role is DevOps", (&Suite{Resource: Resource{Name: "api"}}).addAssignment("DevOps"), 1,
		},
		{
			"nobody without a role", func(s *Suite) { s.Users = s.Users[:3] }, "GET /secure: no-role",
			"no user is declared without any role", `{apiVersion: provision/v1, kind: User, metadata: {name: nobody}, spec: {userPrincipalName: "nobody@${tenant.domain}", displayName: nobody}}`, 1,
		},
		{
			"nobody with another role", func(s *Suite) { s.Users = append(s.Users[:2:2], s.Users[3]) }, "GET /secure: wrong-role",
			"no user is declared with another role", `{apiVersion: provision/v1, kind: User, metadata: {name: only-reader}, spec: {userPrincipalName: "only-reader@${tenant.domain}", displayName: only-reader}}  # and in application api, append to roleAssignments: [{role: Reader, users: [only-reader]}]`, 1,
		},
		{
			"no other role at all", func(s *Suite) {
				s.Users, s.Resource.Roles = append(s.Users[:2:2], s.Users[3]), []string{"Admin", "DevOps"}
			}, "GET /secure: wrong-role",
			"no user is declared with another role", `{apiVersion: provision/v1, kind: User, metadata: {name: only-other}, spec: {userPrincipalName: "only-other@${tenant.domain}", displayName: only-other}}  # and in application api, append to appRoles: [{value: Other, displayName: Other, description: Gives no access, allowedMemberTypes: [User, Application]}], and to roleAssignments: [{role: Other, users: [only-other]}]`, 1,
		},
		{
			"no other role that a user could have", func(s *Suite) {
				s.Users, s.Resource.UserRoles = append(s.Users[:2:2], s.Users[3]), []string{"Admin", "DevOps"}
			}, "GET /secure: wrong-role",
			"no user is declared with another role", `{apiVersion: provision/v1, kind: User, metadata: {name: only-other}, spec: {userPrincipalName: "only-other@${tenant.domain}", displayName: only-other}}  # and in application api, append to appRoles: [{value: Other, displayName: Other, description: Gives no access, allowedMemberTypes: [User, Application]}], and to roleAssignments: [{role: Other, users: [only-other]}]`, 1,
		},
		{
			"a password that is not known", func(s *Suite) { s.Users[3].Unavailable = "its password is not known" }, "GET /secure: no-role",
			"user nob without any role cannot sign in: its password is not known", "", 1,
		},
		{
			"a client without the scope", func(s *Suite) { s.Applications[0].Scopes = []string{"other"} }, "GET /secure: valid",
			"no application that users sign in to has a grant of [read_data] of api", "{apiVersion: provision/v1, kind: Application, metadata: {name: only-read-data-client}, spec: {displayName: only-read-data-client, isFallbackPublicClient: true, publicClient: {redirectUris: [http://localhost]}, permissions: [{resource: api, scopes: [read_data], adminConsent: true}]}}", 0,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
			test.change(suite)
			r := run(t, without(suite, Headers, Routes, Answers))
			result := r.result(t, test.id)
			if result.Outcome != Skip || result.Reason != test.reason || result.Add != test.add {
				t.Errorf("%s: %q, add %q", result.Outcome, result.Reason, result.Add)
			}
			if test.skipped > 0 && r.summary.Skipped != test.skipped {
				t.Errorf("skipped: %s", list(r.ids(Skip)))
			}
			if bad := append(r.ids(Fail), r.ids(Error)...); len(bad) > 0 {
				t.Errorf("not skipped: %s", list(bad))
			}
		})
	}
}

// A token with wrong claims gives no verdict about the API.
func TestTokensAreExaminedFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tenant, *Suite)
		id     string
		reason string
	}{
		{"role not assigned", func(s *tenant, _ *Suite) { s.users["ada"] = nil }, "GET /secure: valid", "has no role Admin: look at roleAssignments of application api"},
		{"a role too many", func(s *tenant, _ *Suite) { s.users["nob"] = []string{"Admin"} }, "GET /secure: no-role", "has role Admin, which it should lack"},
		{"role not effective", func(s *tenant, _ *Suite) { s.users["rea"] = nil }, "GET /secure: wrong-role", "has no role at all"},
		{"scope not granted", func(s *tenant, _ *Suite) { s.scopes["extension"] = []string{"read_data"} }, "GET /secure: valid", ""},
		{"another version", func(s *tenant, suite *Suite) { suite.Resource.TokenVersion = 1 }, "GET /secure: valid", `is of version "2.0", not 1.0`},
		{"another audience", func(s *tenant, suite *Suite) { suite.Resource.Audiences = []string{"api://other"} }, "GET /secure: valid", "not for api://other"},
		{"another issuer", func(s *tenant, suite *Suite) { suite.Issuer.URL = "https://elsewhere" }, "GET /secure: valid", "not from https://elsewhere"},
		{"no consent", func(s *tenant, suite *Suite) {
			suite.Applications[0].Scopes = []string{"read_data", "write_data"}
			suite.Document.Endpoints[1].Requires.Scopes = []string{"read_data", "write_data"}
		}, "GET /secure: valid", "get a token of user ada, signed in to extension: AADSTS65001"},
		{"an issuer that signs something else", func(s *tenant, suite *Suite) {
			suite.Tokens.(*Tenant).Signer = func(_ context.Context, header, claims map[string]any) (string, error) {
				claims["exp"] = time.Now().Add(time.Hour).Unix()
				return s.sign(header, claims), nil
			}
		}, "GET /secure: expired", "its claims are not the ones asked for"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
			test.change(s, suite)
			r := run(t, without(suite, Headers, Routes, Answers))
			result := r.result(t, test.id)
			want := Error
			if test.reason == "" {
				want = Pass
			}
			if result.Outcome != want || !strings.Contains(result.Reason, test.reason) {
				t.Errorf("%s: %s", result.Outcome, result.Reason)
			}
			if failed := r.ids(Fail); len(failed) > 0 {
				t.Errorf("held against the API: %s", list(failed))
			}
			if test.reason != "" && r.summary.OK() {
				t.Error("the summary says that all is well")
			}
		})
	}
}

func TestAssignmentRequired(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	s.refuses["nob"] = "AADSTS50105: not assigned"
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer()})))
	if result := r.result(t, "GET /secure: no-role"); result.Outcome != Skip || !strings.Contains(result.Reason, "the tenant itself refuses") {
		t.Errorf("%s: %s", result.Outcome, result.Reason)
	}
}

// A case that is skipped because the document declares no caller for it makes the run
// unproven, unless the document excuses the case.
func TestUndeclared(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	for _, test := range []struct {
		excused []stack.Excuse
		want    int
	}{
		{nil, 1},
		{[]stack.Excuse{{Case: "wrong-role", Reason: "x"}, {Case: "no-rol", Reason: "x"}}, 1},
		{[]stack.Excuse{{Case: "no-*", Reason: "everybody has a role"}}, 0},
		{[]stack.Excuse{{Case: "GET /secure: no-role", Reason: "everybody has a role"}}, 0},
	} {
		suite := quickstart(s, serve(t, validator{issuer: s.issuer()}))
		suite.Users, suite.Document.Excused, suite.Only = suite.Users[:3], test.excused, "GET /secure: *-role"
		r := run(t, suite)
		if r.summary.Undeclared != test.want || r.summary.Proved() != (test.want == 0) || !r.summary.OK() {
			t.Errorf("%v: %+v", test.excused, r.summary)
		}
	}
	nobody := quickstart(s, serve(t, validator{issuer: s.issuer()}))
	nobody.Users = nil
	if r := run(t, nobody); r.summary.Proved() {
		t.Error("an endpoint that admitted nobody counts as proved")
	}
}
