package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"provision/stack"
)

// independentFlaws are flaws of a validator that are independent of each other, each with the causes that
// name it.
var independentFlaws = []struct {
	flaw   flaw
	causes []CauseID
}{
	{"no-token", []CauseID{CauseOpen}},
	{"scheme", []CauseID{CauseScheme}},
	{"crash", []CauseID{CauseCrash}},
	{"signature", []CauseID{CauseSignature}},
	{"kid", []CauseID{CauseSignature}},
	{"audience", []CauseID{CauseAudience, CauseClaims}},
	{"issuer", []CauseID{CauseIssuer, CauseClaims}},
	{"expiry", []CauseID{CauseExpiry}},
	{"not-before", []CauseID{CauseNotBefore}},
	{"scope", []CauseID{CauseScope}},
	{"applications", []CauseID{CauseCallers}},
	{"role", []CauseID{CauseRole}},
	{"one-role", []CauseID{CauseRoleRefused}},
	{"unauthorized-for-forbidden", []CauseID{CauseNot403}},
	{"forbidden-for-unauthorized", []CauseID{CauseNot401}},
}

// inseparable are pairs of which one flaw hides the other one, with the reason.
var inseparable = map[flaw]string{
	"no-token+scheme":                     "a token of another scheme is no token",
	"signature+kid":                       "without a check of signatures, the key is not looked up",
	"scope+applications":                  "without a check of scopes, applications need none",
	"role+one-role":                       "without a check of roles, every role is accepted",
	"scope+unauthorized-for-forbidden":    "without a check of scopes, nobody is refused for them",
	"no-token+forbidden-for-unauthorized": "without a token, everybody is admitted",
}

// Two independent flaws of an API are two findings, in every combination: neither hides the other
// one.
func TestTwoFlawsAreTwoFindings(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	n := 0
	for i, one := range independentFlaws {
		for _, other := range independentFlaws[i+1:] {
			both := one.flaw + "+" + other.flaw
			if n++; inseparable[both] != "" || n%lessUnlessRequired(1, 3) != 0 {
				continue
			}
			t.Run(string(both), func(t *testing.T) {
				t.Parallel()
				suite := without(quickstart(s, serve(t, validator{issuer: s.issuer(), flaw: both})), Headers, Routes, Lifecycle)
				checkBoth(t, run(t, suite).summary.Findings, one.causes, other.causes)
			})
		}
	}
}

// Validation and authorization are independent: an API can fail at both.
func TestFlawsOfValidationAndRulesAreTwoFindings(t *testing.T) {
	t.Parallel()
	refused := func(c CauseID, requires stack.Requires, decide func(claims) bool) ruleFlaw {
		return ruleFlaw{c, func(t *testing.T, f flaw) *Suite {
			suite := ruledSuite(t, requires, nil)
			suite.Target = at(serve(t, ruled{issuer: suite.Issuer.URL, decide: decide, flaw: f}))
			return suite
		}}
	}
	scoped := func(c claims) bool { return c.scope("Orders.Read") }
	flaws := []ruleFlaw{
		refused(CauseGroup, stack.Requires{Scopes: []string{"Orders.Read"}, Groups: []string{"admins"}}, scoped),
		refused(CauseGuests, stack.Requires{Scopes: []string{"Orders.Read"}, Guests: "refused"}, scoped),
		refused(CauseRolePart, stack.Requires{Scopes: []string{"Orders.Read"}, AllRoles: []string{"Clerk", "Auditor"}}, func(c claims) bool { return scoped(c) && c.role("Clerk") }),
		refused(CauseScopeCompare, stack.Requires{Scopes: []string{"Orders.Read"}}, func(c claims) bool {
			scp, _ := c["scp"].(string)
			return strings.Contains(scp, "Orders.Read")
		}),
		{CauseOwner, func(t *testing.T, f flaw) *Suite {
			return shopSuite(t, &shop{ruled: ruled{flaw: f}, allows: func(claims, *ownedOrder, *http.Request) bool { return true }}, "GET /orders/{id}")
		}},
	}
	for _, rule := range flaws {
		for _, one := range independentFlaws {
			if !slices.Contains([]flaw{"signature", "audience", "issuer", "expiry", "scheme"}, one.flaw) {
				continue
			}
			t.Run(fmt.Sprintf("%s+%s", one.flaw, rule.cause), func(t *testing.T) {
				t.Parallel()
				suite := without(rule.suite(t, one.flaw), Headers, Routes, Lifecycle)
				checkBoth(t, run(t, suite).summary.Findings, one.causes, []CauseID{rule.cause})
			})
		}
	}
}

type ruleFlaw struct {
	cause CauseID
	suite func(*testing.T, flaw) *Suite
}

func checkBoth(t *testing.T, findings []Finding, want ...[]CauseID) {
	t.Helper()
	for _, causes := range want {
		if !slices.ContainsFunc(findings, func(f Finding) bool { return slices.Contains(causes, f.Cause) }) {
			t.Errorf("no finding of %v", causes)
		}
	}
	if len(findings) > len(want) || t.Failed() {
		t.Errorf("%d findings", len(findings))
		for _, f := range findings {
			t.Logf("%s: %v, blocks %v", f.ID, f.Evidence, f.Blocked)
		}
	}
}
