package conformance

import (
	"context"
	"fmt"
	"time"
)

// skewChecks are tokens that have expired, or are not yet valid: by a few minutes, as
// the clocks of two machines differ, and by far more.
func (s *Suite) skewChecks() []lifecycleCheck {
	stated := s.Document.Life.ClockSkew != ""
	skew := duration(s.Document.Life.ClockSkew, 5*time.Minute)
	within, beyond := usualSkew, skew+time.Minute
	if stated {
		within = skew * 4 / 5
	}
	checks := []lifecycleCheck{
		skewed("skew-expired-far", "that expired "+spell(beyond)+" ago", "exp", -beyond),
		skewed("skew-early-far", "that is valid in "+spell(beyond), "nbf", beyond),
		skewed("day-expired", "that expired a day ago", "exp", -24*time.Hour),
		skewed("day-early", "that is valid in a day", "nbf", 24*time.Hour),
	}
	if within == 0 {
		return checks // without tolerance the first two checks are sufficient
	}
	near := []lifecycleCheck{
		skewed("skew-expired", "that expired "+spell(within)+" ago", "exp", -within),
		skewed("skew-early", "that is valid in "+spell(within), "nbf", within),
	}
	for i := range near {
		if stated {
			near[i].admits, near[i].gain = true, "nothing: people are refused because two clocks differ"
			near[i].flaw = "the API does not tolerate the clock skew that the document states"
		} else {
			near[i].check = lenient(near[i].check, "correct APIs differ: up to five minutes of clock skew are usual; the document's life.clockSkew states the guarantee")
		}
		near[i].means, near[i].severity = CauseSkew, Low
	}
	if !stated {
		for i := range checks[:2] {
			checks[i].check = lenient(checks[i].check, "correct APIs differ, but more than five minutes of clock skew are unusual; the document's life.clockSkew states the guarantee")
		}
	}
	return append(near, checks...)
}

func spell(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

// skewed sets one date of the token to a distance from now, and the other dates to
// match.
func skewed(name, what, claimed string, offset time.Duration) lifecycleCheck {
	changes := func(g *baselineToken) change {
		if claimed == "exp" {
			return change{"iat": g.date(offset - time.Hour), "nbf": g.date(offset - time.Hour), "exp": g.date(offset)}
		}
		return change{"iat": g.date(0), "nbf": g.date(offset), "exp": g.date(offset + time.Hour)}
	}
	return lifecycleCheck{
		check: claim(name, Medium, what, claimed, "RFC 7519, sections 4.1.4 and 4.1.5", changes),
		present: func(ctx context.Context, l *trial) (credential, error) {
			return l.baselineToken.present(ctx, changes(l.baselineToken))
		},
	}
}
