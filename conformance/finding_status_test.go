package conformance

import (
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// grouped groups failures and skipped cases of one endpoint, and returns the findings by cause.
func grouped(results ...*Result) map[CauseID]Finding {
	for _, r := range results {
		r.Endpoint, r.ID = "GET /secure", "GET /secure: "+r.Name
		r.stage = max(r.stage, stageBase)
	}
	g := newGrouping(&Suite{Document: &stack.Conformance{}})
	g.group(results)
	findings := make(map[CauseID]Finding)
	for _, f := range g.summary(results) {
		findings[f.Cause] = f
	}
	return findings
}

// answered returns the result of a case that got an unexpected status.
func answered(c Case, status int) *Result {
	c.stage = stageRest
	r := &Result{Case: c, Status: status}
	r.verdict(c.judge(reply{status: status}, credential{}, true))
	return r
}

// An API that answers a wrong status instead of 403 also answers it to tokens for which 401 or
// 403 is correct. This is one finding, about the 403.
func TestWrongForbiddenIsOneFinding(t *testing.T) {
	t.Parallel()
	role := Case{Name: "missing-role", Means: CauseRole, Expect: Expect{Status: 403}}
	idToken := Case{Name: "id-token-own", Means: CauseOwnIDToken, Expect: Expect{Status: 401, Also: []int{403}}}
	overage := Case{Name: "group-overage-member", Means: CauseGroupRefused, Expect: Expect{Tolerates: []int{403}}}
	expired := Case{Name: "expired", Means: CauseExpiry, Expect: Expect{Status: 401}}

	found := grouped(answered(idToken, 418), answered(overage, 418), answered(role, 418))
	if f := found[CauseNot403]; len(found) != 1 || f.Evidence[0] != "GET /secure: missing-role" || len(f.Evidence) != 3 {
		t.Errorf("418 for 403: %+v", found)
	}
	ofClient := Case{Name: "id-token", Means: CauseIDToken, Expect: Expect{Status: 401}, lacks: true}
	found = grouped(answered(ofClient, 418), answered(role, 418))
	if f := found[CauseNot401]; len(f.Evidence) > 0 || len(found) != 2 || len(found[CauseOrder].Evidence) != 1 {
		t.Errorf("418 for a token that lacks permissions too: %+v", found)
	}
	found = grouped(answered(idToken, 418), answered(expired, 418), answered(role, 418))
	if f := found[CauseNot401]; !slices.Equal(f.Evidence, []string{"GET /secure: id-token-own", "GET /secure: expired"}) {
		t.Errorf("418 for 401 and 403: %+v", found)
	}
}

// A status about the content of the request shows that the API examined the content before the
// token.
func TestConflictBeforeTheToken(t *testing.T) {
	t.Parallel()
	form := Case{Name: "token-in-form", Means: CausePlace, Expect: Expect{Status: 401}, Flaw: "the API accepts tokens from forms"}
	for status, cause := range map[int]CauseID{409: CauseBeforeToken, 415: CauseBeforeToken, 403: CauseNot401, 418: CauseNot401} {
		found := grouped(answered(form, status))
		if f, ok := found[cause]; !ok || len(found) != 1 || cause == CauseBeforeToken && f.Title != CauseBeforeToken.Title() {
			t.Errorf("%d: %+v", status, found)
		}
	}
}

// Cases for endpoints that check the owner are blocked by the finding that the endpoint does not
// check the owner.
func TestOwnerCasesAreBlocked(t *testing.T) {
	t.Parallel()
	peer := &Result{Case: Case{Name: "owner-peer", Means: CauseOwner}, Outcome: Fail, Status: 200}
	claimed := &Result{Case: Case{Name: "owner-claimed", Means: CauseOwnerClaimed}, Outcome: Skip, vacuous: true}
	found := grouped(peer, claimed)
	if f := found[CauseOwner]; claimed.Outcome != Blocked || claimed.Finding != f.ID || len(f.Blocked) != 1 {
		t.Errorf("%s, blocked by %q: %+v", claimed.Outcome, claimed.Finding, found)
	}
}

// An API that refuses a token that expired long ago does check exp: only its tolerance is too
// large.
func TestToleranceIsNamed(t *testing.T) {
	t.Parallel()
	dated := func(name string, means CauseID, status int) *Result {
		return answered(Case{Name: name, Means: means, Expect: Expect{Status: 401}, Flaw: means.Title(), Gain: "a stolen token stays valid forever"}, status)
	}
	found := grouped(dated("expired", CauseExpiry, 200), dated("expired-long-ago", CauseExpiry, 401), dated("not-yet-valid", CauseNotBefore, 200))
	if f := found[CauseExpiry]; !strings.Contains(f.Title, "leeway") || strings.Contains(f.Gain, "forever") || !strings.Contains(found[CauseNotBefore].Title, "leeway") {
		t.Errorf("%+v", found)
	}
	found = grouped(dated("expired", CauseExpiry, 200), dated("expired-long-ago", CauseExpiry, 200))
	if f := found[CauseExpiry]; f.Title != CauseExpiry.Title() {
		t.Errorf("exp is not checked: %s", f.Title)
	}
}

// An answer with a successful status and neither the content of an admitted request nor the
// content of a refusal is a refusal in a wrong form.
func TestAnswerThatIsNoRefusal(t *testing.T) {
	t.Parallel()
	refusals := stack.Refusals{Forbidden: stack.Forms{{Status: 200, JSON: map[string]any{"/errors/*/code": "FORBIDDEN"}}}}
	m := meaningOf(Expect{JSON: map[string]any{"/data": "x"}}, refusals)
	c := Case{Name: "no-group", Means: CauseGroup, Expect: Expect{Status: 403}, stage: stageRest}
	for body, want := range map[string]CauseID{
		`{"errors":[{"message":"KeyError"}]}`:                   CauseNot403,
		`{"data":"x"}`:                                          CauseGroup,
		`{"data":"x","errors":[{"code":"FORBIDDEN"}]}`:          CauseGroup,
		`{"data":null,"errors":[{"code":"FORBIDDEN"},{"a":1}]}`: "",
	} {
		got := c.judge(m.read(reply{status: 200, body: []byte(body)}, "POST"), credential{}, true)
		if r := (Result{Case: c, Status: 200, cause: got.means}); want == CauseNot403 && r.wronglyAdmitted() {
			t.Errorf("%s is admitted", body)
		}
		if got.means != want || (got.outcome == Pass) != (want == "") {
			t.Errorf("%s: %s %s %s", body, got.outcome, got.means, got.reason)
		}
	}
}
