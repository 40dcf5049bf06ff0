package conformance

import (
	"os"
	"slices"
	"testing"

	"provision/stack"
)

// mutant is a correct validator with one flaw.
type mutant struct {
	flaw  string
	kills string // the case that must find it
	mutation

	fresh  func() mutation // replaces mutation if the flaw needs a memory
	keys   func(*keyCache) // the flaw in its key cache
	life   stack.Life      // the promises of its document
	strict bool            // the case is a note, and fails only in a strict run
}

// mutants are all mutants, by the family of their case.
func mutants() []mutant {
	return slices.Concat(authenticationMutants, entitlementMutants, patternMutants, validMutants, signatureMutants, claimMutants, answerMutants, routeMutants, disguiseMutants, headerMutants, lifecycleMutants)
}

// suite returns a suite of the mutant on this tenant, or on a separate tenant if the mutant needs one.
func (m mutant) suite(t *testing.T, s *tenant) *Suite {
	t.Helper()
	api := validator{mutation: m.mutation}
	if m.fresh != nil {
		s, api.mutation = startTenant(t), m.fresh()
	}
	if m.keys != nil {
		s = startTenant(t)
		api.keys = s.cache(m.keys).find
	}
	api.issuer = s.issuer()
	suite := quickstart(s, serve(t, api))
	if m.life != (stack.Life{}) {
		suite.Document.Life = m.life
	}
	return suite
}

// The case for each mutant kills it.
func TestEveryMutantIsKilled(t *testing.T) {
	t.Parallel()
	shared := startTenant(t)
	for _, m := range sampled(mutants(), 1) {
		t.Run(m.flaw, func(t *testing.T) {
			t.Parallel()
			suite := m.suite(t, shared)
			suite.Only, suite.Strict = "GET /secure: "+m.kills, m.strict
			if m.kills == "still-valid" {
				suite.Only = "" // other cases must run before it
			}
			r := run(t, suite)
			result := r.result(t, "GET /secure: "+m.kills)
			tally.mutant(result.Outcome == Fail)
			if result.Outcome != Fail {
				t.Fatalf("%s: %s %d %s", m.kills, result.Outcome, result.Status, result.Reason)
			}
		})
	}
}

// No case fails for the validator from which the mutants are derived.
func TestNoMutation(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]stack.Life{"nothing promised": {KeyRefresh: "1s"}, "promised": {KeyRefresh: "1s", ClockSkew: "0s"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTenant(t)
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), keys: s.cache(nil).find}))
			suite.Document.Life = life
			noFalseAlarm(t, run(t, suite))
		})
	}
}

// fewer reports whether a run executes fewer cases: with -short, unless PROVISION_TEST_REQUIRE
// requires all.
func fewer() bool { return testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" }

// aboutAnswers skips a test of many answers if fewer cases are executed.
func aboutAnswers(t *testing.T) {
	t.Helper()
	if fewer() {
		t.Skip("it is about answers, which -short does not ask for")
	}
}

// sampled returns one mutant in n. With -short it returns one in six: the race detector needs no
// more.
func sampled(all []mutant, n int) []mutant {
	if fewer() {
		n = 6
	}
	var some []mutant
	for i := 0; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}
