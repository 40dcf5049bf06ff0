package conformance

import (
	"slices"
	"sync/atomic"
	"testing"
)

// mutant is a validator that is right but for one thing.
type mutant struct {
	flaw  string
	kills string // the case that is meant for it
	mutation
}

// Each mutant is killed by the case that is meant for it.
func TestEveryMutantIsKilled(t *testing.T) {
	t.Parallel()
	mutants := slices.Concat(signatureMutants, claimMutants, authenticationMutants, entitlementMutants, routeMutants)
	s := startTenant(t)
	var killed atomic.Int32
	t.Cleanup(func() { t.Logf("killed %d of %d", killed.Load(), len(mutants)) })
	for _, m := range mutants {
		t.Run(m.flaw, func(t *testing.T) {
			t.Parallel()
			suite := quickstart(s, serve(t, validator{issuer: s.issuer(), mutation: m.mutation}))
			suite.Only = "GET /secure: " + m.kills
			r := run(t, suite)
			result := r.result(t, "GET /secure: "+m.kills)
			if result.Outcome != Fail {
				t.Fatalf("%s: %s %d %s", m.kills, result.Outcome, result.Status, result.Reason)
			}
			killed.Add(1)
		})
	}
}
