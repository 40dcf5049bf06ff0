package main

import (
	"testing"
	"time"

	"provision/plan"
	"provision/stack"
)

// TestGCDecidesAgainAfterTheConfirmation: while gc waits for the confirmation, another machine
// can renew a stack, delete it, or register an application with its marks.
func TestGCDecidesAgainAfterTheConfirmation(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	application := func(name string, expires time.Time) *plan.Live {
		return &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.Application, Name: name}, Stack: "shop-pr-1", Properties: map[string]any{
			"createdDateTime": now.Add(-48 * time.Hour).Format(time.RFC3339),
			"tags":            []any{stack.EnvironmentMark + "pr-1", stack.ExpiresMark + expires.Format(time.RFC3339)}}}}
	}
	passed, ahead := now.Add(-time.Hour), now.Add(time.Hour)
	older := &plan.Live{Object: plan.Object{Key: plan.Key{Kind: plan.User, Name: "ada"}, Stack: "shop-pr-1", Properties: map[string]any{"createdDateTime": now.Add(-99 * time.Hour).Format(time.RFC3339)}}}
	for name, test := range map[string]struct {
		objects []*plan.Live
		want    string
	}{
		"nothing has changed":            {[]*plan.Live{application("shop-pr-1.api", passed)}, ""},
		"renewed":                        {[]*plan.Live{application("shop-pr-1.api", ahead)}, "shop-pr-1"},
		"one application is renewed":     {[]*plan.Live{application("shop-pr-1.api", passed), application("shop-pr-1.web", ahead)}, "shop-pr-1"},
		"deleted":                        {nil, "shop-pr-1"},
		"its users are older than marks": {[]*plan.Live{application("shop-pr-1.api", passed), older}, "shop-pr-1"},
	} {
		state := &plan.State{Objects: map[plan.Key]*plan.Live{}}
		for _, o := range test.objects {
			state.Objects[o.Key] = o
		}
		if got := (gcOptions{}).kept(state, []string{"shop-pr-1"}, now); got != test.want {
			t.Errorf("%s: kept %q, want %q", name, got, test.want)
		}
	}
}
