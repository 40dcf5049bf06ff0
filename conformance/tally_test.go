package conformance

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"testing"
)

// tally counts the findings of the suite in broken and in correct validators.
var tally counts

type counts struct {
	mu                           sync.Mutex
	mutants, killed, falseAlarms int
	correct                      int // validators
}

func (c *counts) mutant(killed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mutants++
	if killed {
		c.killed++
	}
}

// noFalseAlarm checks that no case fails on a correct validator, and that every case was run.
func noFalseAlarm(t *testing.T, r *recorder) {
	t.Helper()
	alarms := append(r.ids(Fail), r.ids(Error)...)
	for _, id := range alarms {
		result := r.result(t, id)
		t.Errorf("%s: %s %s: %s", result.Outcome, id, result.Reason, result.Cause)
	}
	if len(r.summary.Unproven) > 0 || r.summary.Passed == 0 {
		t.Errorf("nothing is proven: %+v", r.summary)
	}
	tally.mu.Lock()
	defer tally.mu.Unlock()
	tally.correct++
	tally.falseAlarms += len(alarms)
}

// TestMain runs more tests at a time than the machine has processors, because many of them wait.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "4")
	debug.SetGCPercent(400) // the tests allocate much memory and keep little
	code := m.Run()
	if testing.Verbose() && tally.mutants+tally.correct > 0 {
		fmt.Printf("killed %d of %d, false alarms %d (%d runs against correct validators)\n", tally.killed, tally.mutants, tally.falseAlarms, tally.correct)
	}
	os.Exit(code)
}
