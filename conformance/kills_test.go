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
	kills string // the case that is meant for it
	mutation

	fresh  func() mutation // instead of mutation, where it remembers something
	keys   func(*keyCache) // the flaw in its cache of the issuer's keys
	life   stack.Life      // what its document promises
	strict bool            // the case is a note, and fails in a strict run alone
}

// mutants are all of them, by the family of their case.
func mutants() []mutant {
	return slices.Concat(authenticationMutants, entitlementMutants, patternMutants, validMutants, signatureMutants, claimMutants, answerMutants, routeMutants, disguiseMutants, headerMutants, lifecycleMutants)
}

// suite is one of the mutant, on that tenant unless the mutant needs its own.
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

// Each mutant is killed by the case that is meant for it.
func TestEveryMutantIsKilled(t *testing.T) {
	t.Parallel()
	shared := startTenant(t)
	for _, m := range sampled(mutants(), 1) {
		t.Run(m.flaw, func(t *testing.T) {
			t.Parallel()
			suite := m.suite(t, shared)
			suite.Only, suite.Strict = "GET /secure: "+m.kills, m.strict
			if m.kills == "still-valid" {
				suite.Only = "" // other cases have to come before it
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

// The validator that the mutants are made from lives through everything, and
// nothing is found wrong with it.
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

// fewer tells whether a run asks for less than everything: -short, unless
// PROVISION_TEST_REQUIRE asks for all.
func fewer() bool { return testing.Short() && os.Getenv("PROVISION_TEST_REQUIRE") == "" }

// aboutAnswers leaves out a test of many answers where fewer are asked for.
func aboutAnswers(t *testing.T) {
	t.Helper()
	if fewer() {
		t.Skip("it is about answers, which -short does not ask for")
	}
}

// sampled returns one mutant in n. With -short it returns one in six: the race detector
// needs no more.
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
