package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"provision/stack"
)

// Only an earlier cause can block a later one; the order of the table is therefore the order in
// which to fix the flaws.
func TestCausesAreInOrder(t *testing.T) {
	t.Parallel()
	seen := make(map[CauseID]bool)
	for _, c := range causes {
		if seen[c.id] {
			t.Errorf("%s stands twice", c.id)
		}
		for _, by := range c.blockedBy {
			if !seen[by] {
				t.Errorf("%s is blocked by %s, which does not stand before it", c.id, by)
			}
		}
		seen[c.id] = true
	}
}

// Every case names the flaw that its failure means.
func TestEveryCaseHasACause(t *testing.T) {
	t.Parallel()
	for _, suite := range []*Suite{quickstart(startTenant(t), nil), wideSuite(wide(t), shapes()...)} {
		suite.Document.Life = stack.Life{ClockSkew: "5m"}
		suite.Document.Cases = []stack.Case{{Name: "mine", Request: "GET /secure"}}
		cases, err := Expand(suite)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			for _, id := range append([]CauseID{c.Means}, c.alsoBlockedBy...) {
				if id.place() < 0 {
					t.Errorf("%s: cause %q is not in the table", c.ID, id)
				}
			}
			if c.Shows != "" && c.Shows.place() < 0 {
				t.Errorf("%s: cause %q is not in the table", c.ID, c.Shows)
			}
		}
	}
}

// One flaw causes one finding, or two at most. The first finding is about the case for this flaw.
func TestOneFlawIsOneFinding(t *testing.T) {
	aboutAnswers(t)
	t.Parallel()
	s := startTenant(t)
	usual := make(map[string]bool) // the findings of a strict run on a validator without a flaw
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: s.cache(nil).find}))
	suite.Strict = true
	for _, f := range run(t, suite).summary.Findings {
		for _, id := range f.Evidence {
			usual[id] = true
		}
	}
	for _, m := range sampled(mutants(), lessUnlessRequired(1, 4)) {
		t.Run(m.flaw, func(t *testing.T) {
			t.Parallel()
			lives := m.keys != nil || m.fresh != nil || m.life != (stack.Life{}) || strings.HasPrefix(m.kills, "day-")
			suite := m.suite(t, s)
			if lives { // it changes the tenant
				suite = m.suite(t, startTenant(t))
			}
			suite.Strict = m.strict
			// Families that are unrelated to the flaw would only take time.
			slow := map[Group]bool{Lifecycle: !lives, Headers: !strings.HasPrefix(m.kills, "header-")}
			slow[Signature], slow[Claims] = !slow[Headers], !slow[Headers]
			suite.leaves = func(c Case) bool { return slow[c.Group] && c.Name != m.kills }
			r := run(t, suite)
			findings := slices.DeleteFunc(slices.Clone(r.summary.Findings), func(f Finding) bool {
				return m.strict && !slices.ContainsFunc(f.Evidence, func(id string) bool { return !usual[id] })
			})
			checkFindings(t, findings, "GET /secure: "+m.kills)
			if r.summary.Skipped > 0 {
				t.Errorf("skipped: %s", list(r.ids(Skip)))
			}
			if broken := r.ids(Error); len(broken) > 0 {
				t.Errorf("%d errors, the first %s", len(broken), r.result(t, broken[0]).Reason)
			}
		})
	}
}

func checkFindings(t *testing.T, findings []Finding, kills string) {
	t.Helper()
	if len(findings) == 0 {
		t.Fatal("no finding")
	}
	if !slices.Contains(findings[0].Evidence, kills) || len(findings) > 2 {
		t.Errorf("%d findings, wanted %s as the first", len(findings), kills)
		for _, f := range findings {
			t.Logf("%s (%s): %s\n  %s\n  blocks %d", f.ID, f.Severity, f.Title, strings.Join(f.Evidence, "\n  "), len(f.Blocked))
		}
	}
}

// A crash on a token that an attacker can send is a finding. A crash on a token that only the
// issuer could sign, and never signs, is a note, except in a strict run.
func TestToleratedCrash(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	list := mutation{breaksOn: func(raw string) bool {
		var claims map[string]any
		if segments := strings.Split(raw, "."); len(segments) == 3 {
			_ = unmarshal(segments[1], &claims)
		}
		_, list := claims["scp"].([]any)
		return list
	}}
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: list}))
	suite.Changes, suite.Only = TenantChanges{}, "GET /secure: *scope*"
	r := run(t, suite)
	if got := r.result(t, "GET /secure: scope-list"); got.Outcome != Note || !strings.Contains(got.Note, "never makes") || !r.summary.OK() {
		t.Errorf("%s %q", got.Outcome, got.Note)
	}
	suite.Strict = true
	if r := run(t, suite); r.result(t, "GET /secure: scope-list").Outcome != Fail {
		t.Error("a strict run does not count it")
	}
}

// An API that requires a claim also refuses applications, which do not have this claim, and other
// callers with the same answer: this is one flaw.
func TestRequiredClaimIsOneFinding(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"breaks": 500, "refuses the token": 401, "refuses the caller": 403} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := ruledSuite(t, rules[0].requires, nil)
			api := ruled{issuer: suite.Issuer.URL}
			api.decide = rules[0].right[0]
			needy := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, c := api.status(r.Header.Get("Authorization"))
				if named, _ := c["preferred_username"].(string); c != nil && named == "" {
					got = status
				}
				answer(w, got, object{"status": got})
			}))
			suite.Target = at(needy)
			solely(suite, Authorization, Authentication)
			checkFindings(t, run(t, suite).summary.Findings, "GET /orders: valid-claims")
		})
	}
}

// An API that reads only the first scope also refuses clients at another endpoint.
func TestOneOfSeveralScopesIsOneFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	s.scopes["extension"] = []string{"read_data", "write_data"}
	suite := wideSuite(s, requires("GET /secure", stack.Requires{Scopes: []string{"read_data"}}), requires("POST /secure", stack.Requires{Scopes: []string{"write_data"}}))
	suite.Target = inGo(t, suite, func(ctx context.Context, raw string) (entitled, error) {
		c, err := golangJWTClaims(s)(ctx, raw)
		c.Scp, _, _ = strings.Cut(c.Scp, " ")
		return c, err
	})
	solely(suite, Authorization, Authentication, Routes)
	findings := run(t, suite).summary.Findings
	checkFindings(t, findings, "GET /secure: valid-scopes")
	if len(findings) != 1 || findings[0].Severity != Low { // nobody is admitted wrongly
		t.Errorf("%d findings, the first is %s", len(findings), findings[0].Severity)
	}
}

// An API that verifies only signatures has one flaw, not four.
func TestUncheckedClaimsAreOneFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: mutation{reads: func(c map[string]any) {
		c["iss"], c["aud"], c["tid"] = s.issuer(), apiID, tenantID
		c["exp"], c["nbf"] = float64(time.Now().Add(time.Hour).Unix()), float64(time.Now().Add(-time.Hour).Unix())
	}}}))
	without(suite, Headers, Routes, Lifecycle)
	findings := run(t, suite).summary.Findings
	checkFindings(t, findings, "GET /secure: wrong-audience")
	if findings[0].Cause != CauseClaims || len(findings) > 1 {
		t.Errorf("%d findings, the first of cause %s", len(findings), findings[0].Cause)
	}
}

// If every caller can read an object, the endpoint lacks a check of the owner, even if others
// with a role may read the object.
func TestObjectWithoutOwnerCheckIsOneFinding(t *testing.T) {
	t.Parallel()
	suite := shopSuite(t, &shop{allows: func(claims, *ownedOrder, *http.Request) bool { return true }}, "GET /orders/{id}")
	solely(suite, Authorization, Authentication)
	findings := run(t, suite).summary.Findings
	if len(findings) != 1 || findings[0].Cause != CauseOwner {
		for _, f := range findings {
			t.Errorf("%s: %v", f.Cause, f.Evidence)
		}
	}
}

// An endpoint that answers 404 to callers without a right exists.
func TestHidingEndpointIsNotMissing(t *testing.T) {
	t.Parallel()
	suite := ruledSuite(t, stack.Requires{Scopes: []string{"Orders.Read"}}, nil)
	api := ruled{issuer: suite.Issuer.URL, decide: func(c claims) bool { return c.scope("Orders.Read") }}
	suite.Target = at(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _ := api.status(r.Header.Get("Authorization"))
		if status == 403 {
			status = 404
		}
		answer(w, status, object{"status": status})
	})))
	solely(suite, Authorization, Authentication, Claims)
	r := run(t, suite)
	if findings := r.summary.Findings; len(findings) != 0 {
		t.Errorf("%+v", findings)
	}
	if got := r.result(t, "GET /orders: missing-scope Orders.Read"); got.Outcome != Note || !strings.Contains(got.Note, "refusals: {forbidden: {status: 404}}") {
		t.Errorf("%s: %s", got.Outcome, got.Note)
	}
}

// If the API breaks on a case of many tokens, the finding is named after the crash, not after the
// kind of tokens.
func TestCrashOnManyTokensIsNamed(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: mutation{breaksOn: func(raw string) bool {
		header, _ := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[0])
		return strings.Contains(string(header), `"kid":"http`)
	}}}))
	suite.Only = "*kid-url"
	findings := run(t, suite).summary.Findings
	if len(findings) != 1 || findings[0].Cause != CauseCrash || findings[0].Title != CauseCrash.Title() {
		t.Errorf("%+v", findings)
	}
}

// An ID token for the API's own registration has the right audience. The flaw is therefore the
// missing check of the scope.
func TestIDTokenOfTheAPIsOwnClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what  string
		scope func(claims) bool
		want  CauseID
	}{
		{"ID tokens need no scope", func(c claims) bool { return c.scope("Orders.Read") || c["nonce"] != nil }, CauseOwnIDToken},
		{"users need no scope", func(claims) bool { return true }, CauseScope},
	} {
		suite := ruledSuite(t, stack.Requires{Scopes: []string{"Orders.Read"}}, func(c claims) bool { return !c.app() && test.scope(c) })
		suite.Document.Client = suite.Resource.Name
		suite.Applications[0].Name, suite.Applications[0].AppID = suite.Resource.Name, suite.Resource.AppID
		tokens := suite.Tokens.(*Tenant)
		tokens.Clients[suite.Resource.Name] = tokens.Clients[apiID]
		solely(suite, Authorization, Claims)
		findings := run(t, suite).summary.Findings
		if len(findings) != 1 || findings[0].Cause != test.want || strings.Contains(findings[0].Title, "(aud)") {
			t.Errorf("%s: %+v", test.what, findings)
		}
	}
}

// If an API accepts tokens of alg none, and also accepts them while the issuer is down, this is
// one flaw.
func TestAlgNoneIsOneFinding(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: mutation{trusts: header("alg", "none")}}))
	suite.leaves = func(c Case) bool {
		return c.stage != stageFirst && c.stage != stageBase && c.Name != "alg-none" && c.Name != "keys-outage-forged"
	}
	r := run(t, suite)
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseAlgorithm || !slices.ContainsFunc(f[0].Blocked, func(id string) bool { return strings.HasSuffix(id, ": keys-outage-forged") }) {
		t.Errorf("%+v", f)
	}
}

// An API that compares only the beginning of a scope also accepts a role in scp that begins with
// the scope's name.
func TestRoleInScopesFollowsFromTheScope(t *testing.T) {
	t.Parallel()
	suite := ruledSuite(t, stack.Requires{AnyOf: []stack.Requires{
		{Scopes: []string{"Orders.Read"}},
		{AnyRole: []string{"Orders.Read.All"}, Callers: []string{"applications"}},
	}}, func(c claims) bool {
		scp, _ := c["scp"].(string)
		return c.app() && c.role("Orders.Read.All") || slices.ContainsFunc(strings.Fields(scp), func(s string) bool { return strings.HasPrefix(s, "Orders.Read") })
	})
	r := run(t, solely(suite, Authorization))
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseScopeCompare {
		t.Fatalf("%+v", f)
	}
	if got := r.result(t, "GET /orders: role-in-scp alternative 2"); got.Outcome != Blocked {
		t.Errorf("%s: %s %s", got.ID, got.Outcome, got.Reason)
	}
}
