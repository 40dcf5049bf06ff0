package stack_test

import (
	"testing"
	"time"

	"provision/stack"
)

func TestDurationHint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"90 days": "write it as 90d", "1 Day": "write it as 1d", "12 hours": "write it as 12h", "P90D": "write it as 90d",
		"2 weeks": "write it as 14d", "3 months": "write it as 90d", "1y": "write it as 365d", "30 minutes": "write it as 30m",
		"soon": "", "3y": "", "90": "", "-1 day": "",
	} {
		if got := stack.DurationHint(text, stack.Lifetime); got != want {
			t.Errorf("%q as a lifetime: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"90 s": "write it as 90s", "2 days": "write it as 48h", "5 minutes": "write it as 5m"} {
		if got := stack.DurationHint(text, time.ParseDuration); got != want {
			t.Errorf("%q as a duration: %q, want %q", text, got, want)
		}
	}
}
