package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// forgotten are the checks that a validator can lack, and the cases that fail then; the first
// case identifies the check.
var forgotten = []struct {
	flaw  flaw
	fails []string // at GET /secure
	names string   // a part of the cause
}{
	{flaw: "", names: ""},
	{flaw: "no-token", fails: []string{"no-token"}, names: "does not require a token here"},
	{flaw: "scheme", fails: []string{"wrong-scheme"}, names: "scheme"},
	{flaw: "empty", fails: []string{"empty-token"}, names: "empty token"},
	{flaw: "garbage", fails: []string{"garbage"}, names: "parse the token"},
	{flaw: "crash", fails: []string{"garbage"}, names: "internal error"},
	{flaw: "audience", fails: []string{"wrong-audience", "id-token"}, names: "(aud)"},
	{flaw: "issuer", fails: []string{"wrong-issuer"}, names: "(iss)"},
	{flaw: "tenant", fails: []string{"other-tenant"}, names: "(iss and tid)"},
	{flaw: "expiry", fails: []string{"expired"}, names: "(exp)"},
	{flaw: "not-before", fails: []string{"not-yet-valid"}, names: "(nbf)"},
	{flaw: "signature", fails: []string{"tampered-payload", "tampered-signature"}, names: "signature"},
	{flaw: "alg-none", fails: []string{"alg-none"}, names: "alg none"},
	{flaw: "kid", fails: []string{"unknown-kid"}, names: "kid"},
	{flaw: "scope", fails: []string{"missing-scope read_data", "app-only"}, names: "(scp)"},
	{flaw: "role", fails: []string{"no-role", "wrong-role"}, names: "(roles)"},
	{flaw: "either", fails: []string{"missing-scope read_data", "no-role"}, names: "the scope or the role"},
	{flaw: "any-role", fails: []string{"wrong-role"}, names: "does not check which one (roles)"},
	{flaw: "one-role", fails: []string{"role DevOps", "role-by-group"}, names: "requires more"},
	{flaw: "applications", fails: []string{"app-only"}, names: "idtyp"},
	{flaw: "order", fails: []string{"id-token"}, names: "believed the token"},
	{flaw: "redirect", fails: []string{"no-role", "wrong-role"}, names: "redirects"},
	{flaw: "answer", fails: []string{"valid", "role Admin", "role DevOps", "role-by-group"}, names: "not give the answer"},
	{flaw: "forbidden-for-unauthorized", fails: []string{"no-token"}, names: "403 to an unauthenticated caller"},
	{flaw: "unauthorized-for-forbidden", fails: []string{"missing-scope read_data", "app-only"}, names: "sign in again without success"},
	{flaw: "nobody", fails: []string{"valid"}, names: "refuses every token"},
}

// Each flaw fails exactly the cases for it. The cause of each failure and the finding name the
// missing check.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, test := range forgotten {
		t.Run("without "+string(test.flaw), func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), flaw: test.flaw}))
			if test.flaw != "" {
				without(suite, Headers, Lifecycle)
			}
			r := run(t, suite)
			want := make([]string, 0, len(test.fails))
			for _, name := range test.fails {
				want = append(want, "GET /secure: "+name)
			}
			got := append(r.ids(Fail), r.ids(Blocked)...)
			if lacking := missing(want, got); lacking != nil || len(want) == 0 && len(got) > 0 {
				t.Errorf("failed: %s\nand not: %s", list(got), list(lacking))
			}
			if test.flaw != "" {
				tally.mutant(missing(want, got) == nil)
				checkFindings(t, r.summary.Findings, "GET /secure: "+test.fails[0])
				if title := r.summary.Findings[0].Title; !strings.Contains(title, test.names) {
					t.Errorf("the finding does not name %q: %s", test.names, title)
				}
			}
			for _, id := range want {
				if cause := r.result(t, id).Cause; !strings.Contains(cause, test.names) {
					t.Errorf("%s: the cause does not name %q: %s", id, test.names, cause)
				}
			}
			if broken := r.ids(Error); len(broken) > 0 {
				t.Errorf("errors: %s", list(broken))
			}
			if skipped := r.ids(Skip); len(skipped) > 0 {
				t.Errorf("skipped: %s", list(skipped))
			}
		})
	}
}

// If the API admits every caller, a 200 proves nothing, and every case that expects a refusal
// fails.
func TestOpenEndpoint(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer(), flaw: "everybody"})))
	for _, result := range r.results {
		if result.Endpoint != "GET /secure" || result.Group == Routes {
			continue
		}
		switch admits := result.Expect.admits(); {
		case result.Outcome == Note && result.Expect.MayAdmit, result.Name == "kid-missing" && result.Outcome == Pass:
		case result.Name == "answer-end":
		case result.Group == Headers && result.Outcome == Blocked: // every request is admitted
		case !admits && result.Outcome != Fail && result.Outcome != Blocked:
			t.Errorf("%s: %s", result.ID, result.Outcome)
		case admits && (result.Outcome != Pass || !strings.Contains(result.Note, "proves nothing")):
			t.Errorf("%s: %s %q", result.ID, result.Outcome, result.Note)
		}
	}
	checkFindings(t, r.summary.Findings, "GET /secure: no-token")
}

// If the API admits no caller, no refusal counts as passed.
func TestClosedEndpoint(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	r := run(t, quickstart(s, serve(t, validator{issuer: s.issuer(), flaw: "nobody"})))
	if diff := cmp.Diff([]string{"GET /health: public", "GET /secure: no-token"}, r.ids(Pass)); diff != "" {
		t.Errorf("passed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"GET /secure"}, r.summary.Unproven); diff != "" {
		t.Errorf("unproven (-want +got):\n%s", diff)
	}
	if f := r.summary.Findings; len(f) != 1 || f[0].Cause != CauseRefused {
		t.Errorf("findings %+v", f)
	}
}
