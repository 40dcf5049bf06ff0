package reconcile

import (
	"os"
	"testing"
	"time"

	"provision/plan"
)

// If the tenant shows neither the old nor the new state of a write, the write is not pending:
// another machine has changed the object since, and its change must not be undone.
func TestOvertakenWrites(t *testing.T) {
	t.Parallel()
	app := plan.Key{Kind: plan.Application, Name: "s.page"}
	write := recentWrite{
		Step:   plan.Step{Action: plan.Update, Key: app, Bodies: []map[string]any{{"notes": "after"}}},
		Before: map[string]any{"notes": "before"},
	}
	unset := write
	unset.Before = map[string]any{"notes": nil}
	for name, c := range map[string]struct {
		write recentWrite
		live  map[string]any // nil: no object
		want  bool
	}{
		"the value before":           {write, map[string]any{"notes": "before", "more": 1.0}, false},
		"a third value":              {write, map[string]any{"notes": "another"}, true},
		"no object":                  {write, nil, false},
		"no value before":            {unset, map[string]any{}, false},
		"a value where none was":     {unset, map[string]any{"notes": "another"}, true},
		"a creation":                 {recentWrite{Step: write.Step}, map[string]any{"notes": "another"}, false},
		"a write without properties": {recentWrite{Step: write.Step, Before: map[string]any{}}, map[string]any{"notes": "another"}, false},
	} {
		state := &plan.State{Objects: map[plan.Key]*plan.Live{}}
		if c.live != nil {
			state.Objects[app] = &plan.Live{Object: plan.Object{Key: app, Properties: c.live}}
		}
		if got := c.write.overtaken(state); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestRecentWritesAreStoredForTheLag: a target that shows every write immediately has no file of
// recent writes.
func TestRecentWritesAreStoredForTheLag(t *testing.T) {
	t.Parallel()
	now := time.Now()
	write := recentWrite{At: now}
	for name, c := range map[string]struct {
		lag    time.Duration
		writes []recentWrite
		stored int
	}{
		"without a lag": {0, []recentWrite{write}, 0},
		"no writes":     {time.Minute, nil, 0},
		"two writes":    {time.Minute, []recentWrite{write, write}, 2},
	} {
		k := Keep{Dir: t.TempDir()}
		if err := k.addRecent(now, c.lag, c.writes...); err != nil {
			t.Fatal(err)
		}
		recent, err := k.recent(now, time.Minute)
		if err != nil || len(recent) != c.stored {
			t.Errorf("%s: %v, %v, want %d writes", name, recent, err, c.stored)
		}
		if _, err := os.Stat(k.recentFile()); (err == nil) != (c.stored > 0) {
			t.Errorf("%s: the file of recent writes: %v", name, err)
		}
	}
}
