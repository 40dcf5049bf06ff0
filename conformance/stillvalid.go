package conformance

import (
	"context"
	"fmt"
	"time"
)

// patience is how long an API may take to accept the valid token again.
const patience = 2 * time.Second

// stillValid ends every run: the API must still accept the token that it accepted
// before. An API whose cache kept a temporarily wrong key set fails.
func (s *Suite) stillValid(e endpoint) Case {
	c := check{
		name: "still-valid", means: CauseNotAsFound, severity: Medium, admits: true,
		sends:  "the valid token, after all other cases",
		gain:   "nothing: after a short outage of the issuer, the API refuses every caller until its cache of keys expires or it is restarted",
		flaw:   CauseNotAsFound.Title(),
		source: sourceKeys,
	}.on(e, Lifecycle)
	c.stage = stageEnd
	c.present = func(ctx context.Context, run *runState) (credential, error) {
		g, err := run.baselineTokenFor(e)
		if err != nil {
			return credential{}, err
		}
		if !run.isAdmitted(e.key()) {
			return credential{}, vacuous("it needs a caller who is admitted, but the API refuses all callers: see %s: valid", e.id)
		}
		l := &trial{run, c, e, g}
		got, err := l.admittedAgain(ctx)
		if err == nil && !success(got.status) {
			run.lose()
		}
		sent := bearer(g.raw)
		sent.inspect = func(a reply) finding { return run.lost(a, run.maxPatience()) }
		return sent, err
	}
	return c
}

// maxPatience is patience, or the time that the document states for the refresh of keys.
func (s *runState) maxPatience() time.Duration {
	return max(patience, duration(s.Document.Life.KeyRefresh, 0))
}

// admittedAgain sends the valid token until the API accepts it, for a limited time.
func (l *trial) admittedAgain(ctx context.Context) (reply, error) {
	left := l.maxPatience()
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		got, err := l.ask(ctx, bearer(l.baselineToken.raw))
		if err != nil || success(got.status) || left <= 0 {
			return got, err
		}
		wait = min(wait, left)
		left -= wait
		if err := l.pace.sleep(ctx, wait); err != nil {
			return reply{}, err
		}
	}
}

// lose records the case after which the API refuses the valid token. At that time,
// cases run one at a time.
func (s *runState) lose() {
	if !s.isLost {
		s.isLost, s.lostAfter = true, s.lastLifecycle
	}
}

// lost describes the case after which the API refuses the valid token, and gives a
// hint.
func (s *runState) lost(a reply, waited time.Duration) finding {
	if success(a.status) {
		return finding{}
	}
	since := "some case of this run"
	if s.lostAfter != "" {
		since = "the case " + s.lostAfter
	}
	return finding{wrong: fmt.Sprintf("it answers %d since %s, also %s after it: its cache keeps a key set that the issuer served for a moment. Wait until the cache expires (PyJWKClient: 5 minutes, jose: 30 seconds), or restart the API",
		a.status, since, waited)}
}
