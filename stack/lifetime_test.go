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
		"soon": "", "3y": "", "90": "write it as 90d", "900": "", "-1 day": "",
	} {
		if got := stack.DurationHint(text, stack.Lifetime); got != want {
			t.Errorf("%q as a lifetime: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"90 s": "write it as 90s", "2 days": "write it as 48h", "5 minutes": "write it as 5m", "90": ""} {
		if got := stack.DurationHint(text, time.ParseDuration); got != want {
			t.Errorf("%q as a duration: %q, want %q", text, got, want)
		}
	}
}

// TestSoon: a new secret with a short lifetime does not expire soon.
func TestSoon(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for lifetime, want := range map[time.Duration]time.Duration{730 * day: 30 * day, 90 * day: 30 * day, 30 * day: 10 * day, 7 * day: 7 * day / 3, 0: 0, -day: 0} {
		if got := stack.Soon(start, start.Add(lifetime)); got != want {
			t.Errorf("a lifetime of %s: %s, want %s", lifetime, got, want)
		}
	}
	for most, want := range map[time.Duration]time.Duration{day: day, 30 * day: 30 * day, 31 * day: 30 * day} {
		if got := stack.SoonWithin(most, start, start.Add(90*day)); got != want {
			t.Errorf("within %s of a lifetime of 90 days: %s, want %s", most, got, want)
		}
	}
	if got := stack.Soon(time.Time{}, start); got != 30*day {
		t.Errorf("a start that is not known: %s", got)
	}
}
