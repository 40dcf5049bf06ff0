package conformance

import "testing"

// killedElsewhere are cases whose flaws are not in the lists of mutants, with the reason.
var killedElsewhere = map[string]string{
	"lower-case-scheme":   "correct APIs may refuse it",
	"two-spaces":          "correct APIs may refuse it",
	"tenant-headers":      "tenants_test.go has its mutants",
	"tenant-query":        "tenants_test.go has its mutants",
	"answer-end":          "it is the first case again",
	"keys-garbage-forged": "its mutant is the one of keys-outage-forged",
	"keys-empty-forged":   "its mutant is the one of keys-outage-forged",
}

// TestEveryCaseHasAMutant: each case of an endpoint, except for notes, has a validator with a flaw
// that it must find.
func TestEveryCaseHasAMutant(t *testing.T) {
	t.Parallel()
	cases, err := Expand(quickstart(startTenant(t), nil))
	if err != nil {
		t.Fatal(err)
	}
	killed := make(map[string]bool)
	for _, m := range mutants() {
		killed[m.kills] = true
	}
	for _, f := range forgotten {
		for _, name := range f.fails {
			killed[name] = true
		}
	}
	for _, c := range cases {
		if c.Endpoint == "GET /secure" && !c.Expect.MayAdmit && !killed[c.Name] && killedElsewhere[c.Name] == "" {
			t.Errorf("no mutant fails the case %s: add its flaw to the mutants of its family", c.Name)
		}
	}
}
