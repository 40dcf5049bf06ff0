package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	repeats     = 10          // of a valid token
	unknownKids = 20          // tokens under kids that the issuer does not have
	slowKids    = 3           // more of them, with pauses, where the API fetched for some
	fewFetches  = 3           // requests for the key set that show a limit
	slowKeySet  = time.Second // until the issuer answers, unless the case is over before
)

// keyChecks are the cases of the usual changes of an issuer's keys. They have no
// lasting effect on the API.
var keyChecks = []lifecycleCheck{
	{
		check: check{
			name: "keys-next", means: CauseKeyRefresh, severity: Medium, admits: true,
			sends:  "the valid token signed with a key that the issuer has published since the API first accepted the token",
			gain:   "nothing: after a key rollover, the API refuses every caller until it is restarted",
			flaw:   "the API does not fetch the issuer's keys again: it only has the keys from its start (life.keyRefresh)",
			source: sourceKeys,
		},
		changes: true, present: nextKey,
	},
	{
		check: check{
			name: "retired-key", means: CauseKeyRetired, severity: High,
			sends:  "the valid token signed with a key that the issuer published for a moment while nobody requested the key set",
			gain:   "a stolen key gives access to the API even after the issuer has withdrawn it",
			flaw:   "the API accepts a token whose kid is not a current key of the issuer",
			source: sourceKeys,
		},
		changes: true, present: retiredKey,
	},
	{
		check: check{
			name: "keys-cached", means: CauseKeyCache, severity: Low, admits: true,
			sends:  fmt.Sprintf("the valid token %d times, and counts the requests for the key set", repeats+1),
			gain:   "anybody can slow the API down with requests; while the issuer does not answer, the API refuses every caller",
			flaw:   "the API fetches the issuer's keys for every request",
			source: "Microsoft: Access tokens, Signing key rollover; RFC 8725, section 3.10",
		},
		changes: true, present: repeated,
	},
	{
		check: check{
			name: "keys-flood", means: CauseKeyFlood, severity: Low,
			sends:  fmt.Sprintf("%d tokens of unknown keys, and counts the requests for the key set", unknownKids+1),
			gain:   "anybody can make the API flood the issuer, which then throttles the API",
			flaw:   "the API requests the issuer's keys more than once for every token of an unknown key",
			source: "OpenID Connect Core, section 10.1.1; RFC 8725, section 3.10",
		},
		changes: true, present: flooded,
	},
	{
		check: check{
			name: "keys-slow", means: CauseKeyWait, severity: Low, admits: true,
			sends:  "the valid token while the key set answers slowly, after a token of an unknown key",
			gain:   "anybody can make all callers wait with a token of an unknown key",
			flaw:   "the API refuses all callers while it waits for the issuer's keys",
			source: sourceKeys,
		},
		changes: true, present: slowed,
	},
	keysWithdrawn,
	whileUnavailable("keys-outage-forged", "answers 503", KeyFault{Status: http.StatusServiceUnavailable}),
}

// disruptiveChecks are the cases in which the issuer temporarily serves no valid key
// set. Some caches store this answer, and the API then refuses all callers until the
// cache expires.
var disruptiveChecks = []lifecycleCheck{
	disturbed("keys-outage", "answers 503", "the API forgets the issuer's keys when it cannot fetch them, or fetches them for every request", KeyFault{Status: http.StatusServiceUnavailable}),
	disturbed("keys-garbage", "is an HTML page", "the API forgets the issuer's keys when it gets another answer instead of a key set", KeyFault{Body: "<!doctype html><title>Service unavailable</title>"}),
	disturbed("keys-empty", "has no keys", "the API accepts a key set without keys as the issuer's key set", KeyFault{Body: `{"keys":[]}`}),
	whileUnavailable("keys-garbage-forged", "is an HTML page", KeyFault{Body: "<!doctype html><title>Service unavailable</title>"}),
	whileUnavailable("keys-empty-forged", "has no keys", KeyFault{Body: `{"keys":[]}`}),
}

// published is the key that the issuer published for a run.
type published struct {
	done     chan struct{} // closed when the API had its first chance to fetch the key; nil if there is no key
	endpoint string        // the endpoint at which it had that chance

	kid      string
	at       time.Time
	withdraw func(context.Context) error // nil: the issuer had published it before the run
	err      error
}

// publish prepares the lifecycle cases before the first request to the API.
func (s *runState) publish(e endpoint) {
	s.published.done, s.published.endpoint = make(chan struct{}), e.id
}

// learnNextKey has the issuer publish a key after the API has admitted a caller and
// therefore has fetched the key set. It presents the key immediately, because unknown
// keys in other cases would use up the API's limit of fetches. All other cases wait
// for this.
func (s *runState) learnNextKey(ctx context.Context, cases []Case) {
	p := &s.published
	if p.done == nil || len(cases) == 0 {
		return
	}
	if cases[len(cases)-1].Endpoint != p.endpoint {
		select {
		case <-p.done:
		case <-ctx.Done():
		}
		return
	}
	defer close(p.done)
	i := slices.IndexFunc(cases, func(c Case) bool { return c.stage == stageLifecycle })
	g, err := s.baselineTokenFor(s.endpoints[p.endpoint])
	if p.err != nil || err != nil || i < 0 || !s.isAdmitted(p.endpoint) {
		return // the cases contain the reason
	}
	changing, cancel := s.uninterrupted(ctx)
	defer cancel()
	if p.kid, p.withdraw, p.err = s.Changes.Keys.Publish(changing); p.err != nil {
		return
	}
	p.at = time.Now()
	l := &trial{s, cases[i], s.endpoints[p.endpoint], g}
	if signed, err := l.signedNext(ctx); err == nil {
		_, _ = l.ask(ctx, signed) // the case itself sends the request again and checks the answer
	}
}

// signedNext returns the valid token, signed with the published key.
func (l *trial) signedNext(ctx context.Context) (credential, error) {
	if err := l.published.err; err != nil {
		return credential{}, fmt.Errorf("publish a key: %w", err)
	}
	return l.baselineToken.signedUnder(ctx, map[string]any{"kid": l.published.kid})
}

// nextKey sends the token until the API admits it, or until the time in which the
// document requires the API to fetch the key is over. If the document states no time,
// an API that does not admit the token gets no verdict.
func nextKey(ctx context.Context, l *trial) (credential, error) {
	signed, err := l.signedNext(ctx)
	if err != nil {
		return credential{}, err
	}
	d, err := l.disturb(ctx, KeyFault{}) // the fault only counts requests
	if err != nil {
		return credential{}, err
	}
	signed.restore = d.restore
	stated := l.Document.Life.KeyRefresh
	left := duration(stated, 0) - time.Since(l.published.at)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		got, err := l.ask(ctx, signed)
		if err != nil {
			return credential{}, d.abandon(ctx, err)
		}
		if got.status != http.StatusUnauthorized || left <= 0 {
			break
		}
		wait = min(wait, left)
		left -= wait
		if err := l.pace.sleep(ctx, wait); err != nil {
			return credential{}, d.abandon(ctx, err)
		}
	}
	n, err := d.Requests(ctx)
	if err != nil {
		return credential{}, d.abandon(ctx, err)
	}
	switch {
	case n > 0: // the API has the key set, which contains the key
		signed.inspect = func(a reply) finding {
			if a.status == http.StatusUnauthorized {
				return finding{wrong: "the API has fetched the key set with the key, and refuses a token of the key: it does not look keys up by their kid"}
			}
			return finding{}
		}
	case stated == "":
		// A library that used up its limit of fetches of the key set in an earlier run
		// is also correct.
		signed.tolerates, signed.either = []int{http.StatusUnauthorized}, true
		signed.toleratedNote = fmt.Sprintf("the API does not know the key and has had %s; with life.keyRefresh in the document the run waits for as long as that", time.Since(l.published.at).Round(time.Millisecond))
	}
	return signed, nil
}

// retiredTries is how many keys the issuer publishes until nobody requests the key set
// meanwhile.
const retiredTries = 3

// retiredKey presents a token of a key that the API cannot have fetched. If something
// requests the key set while the key is in it, the API may rightly know the key, and must
// forget it only when it fetches the key set again.
func retiredKey(ctx context.Context, l *trial) (credential, error) {
	if err := l.withdrawNext(ctx); err != nil {
		return credential{}, err
	}
	for n := 1; ; n++ {
		signed, requests, err := l.signRetired(ctx)
		if err != nil || requests == 0 {
			return signed, err
		}
		if n == retiredTries {
			return l.forgotten(ctx, signed)
		}
	}
}

// signRetired returns the valid token, signed with a key that the issuer has published and
// withdrawn, and the number of requests for the key set meanwhile.
func (l *trial) signRetired(ctx context.Context) (signed credential, requests int, err error) {
	d, err := l.disturb(ctx, KeyFault{}) // only counts requests
	if err != nil {
		return credential{}, 0, err
	}
	signed, err = l.signWithdrawn(ctx)
	if err == nil {
		requests, err = d.Requests(ctx)
	}
	if left := d.restore(ctx); left != "" {
		err = errors.Join(err, errors.New(left))
	}
	return signed, requests, err
}

// signWithdrawn publishes a key, signs the valid token with it and withdraws the key.
func (l *trial) signWithdrawn(ctx context.Context) (credential, error) {
	changing, cancel := l.uninterrupted(ctx)
	defer cancel()
	kid, withdraw, err := l.Changes.Keys.Publish(changing)
	if err != nil {
		return credential{}, fmt.Errorf("publish a key: %w", err)
	}
	if withdraw == nil {
		return credential{}, skip("", "the issuer's next key existed before the run, so it is not removed")
	}
	signed, err := l.baselineToken.signedUnder(ctx, map[string]any{"kid": kid})
	if left := l.restoring(withdraw)(ctx); left != "" {
		err = errors.Join(err, errors.New(left))
	}
	return signed, err
}

// nudge presents a token with an unknown key. The answer does not matter.
func (l *trial) nudge(ctx context.Context) error {
	_, err := l.ask(ctx, l.unknownKid(0))
	var unanswered *unreachable
	if errors.As(err, &unanswered) {
		return ctx.Err()
	}
	return err
}

func repeated(ctx context.Context, l *trial) (credential, error) {
	valid := bearer(l.baselineToken.raw)
	send := func(ctx context.Context, _ *disturbance) error {
		return l.askTimes(ctx, repeats, func(int) credential { return valid })
	}
	return l.counting(ctx, send, valid, func(n int) finding {
		if n > repeats/2 {
			return finding{wrong: fmt.Sprintf("%d requests for the key set within %d requests that needed none", n, repeats+1)}
		}
		return finding{}
	})
}

func flooded(ctx context.Context, l *trial) (credential, error) {
	before, unlimited := l.sends.Load(), false // a request that fails with 5xx is sent again
	send := func(ctx context.Context, d *disturbance) error {
		began := time.Now()
		if err := l.askTimes(ctx, unknownKids, l.unknownKid); err != nil {
			return err
		}
		elapsed := time.Since(began)
		// Without a limit, tokens in quick succession may share a request.
		n, err := d.Requests(ctx)
		if err != nil || n <= fewFetches || n > unknownKids/2 {
			return err
		}
		// An API that pauses between two requests does not fetch for tokens that are closer
		// than its fetches were.
		unlimited, err = l.fetchesForEach(ctx, d, min(50*time.Millisecond, elapsed/time.Duration(3*n)))
		return err
	}
	return l.counting(ctx, send, l.unknownKid(unknownKids), func(n int) finding {
		sent := int(l.sends.Load() - before)
		switch {
		case n > sent:
			return finding{wrong: fmt.Sprintf("%d requests for the key set within %d tokens of unknown keys", n, sent)}
		case n > unknownKids/2 || unlimited:
			return finding{note: fmt.Sprintf("%d requests for the key set for %d tokens of unknown keys: some libraries set no limit, and anybody can cause these requests", n, sent)}
		}
		return finding{}
	})
}

// fetchesForEach reports whether the API fetches the key set for each unknown key when
// the tokens are apart in time.
func (l *trial) fetchesForEach(ctx context.Context, d *disturbance, apart time.Duration) (bool, error) {
	before, err := d.Requests(ctx)
	for n := 0; n < slowKids && err == nil; n++ {
		if err = l.pace.sleep(ctx, apart); err == nil {
			_, err = l.ask(ctx, l.unknownKid(unknownKids+1+n))
		}
	}
	if err != nil {
		return false, err
	}
	after, err := d.Requests(ctx)
	return after-before >= slowKids, err
}

// askTimes presents a number of credentials one after another.
func (l *trial) askTimes(ctx context.Context, times int, each func(int) credential) error {
	for n := range times {
		if _, err := l.ask(ctx, each(n)); err != nil {
			return err
		}
	}
	return nil
}

// counting sends credentials, presents the last one, and judges the number of requests
// for the key set.
func (l *trial) counting(ctx context.Context, send func(context.Context, *disturbance) error, last credential, judge func(requests int) finding) (credential, error) {
	d, err := l.disturb(ctx, KeyFault{})
	if err != nil {
		return credential{}, err
	}
	if err := send(ctx, d); err != nil {
		return credential{}, d.abandon(ctx, err)
	}
	last.restore = d.restore
	last.afterwards = func() finding {
		n, err := d.Requests(ctx)
		if err != nil {
			return finding{note: "the requests for the key set could not be counted: " + plain(err).Error()}
		}
		return judge(n)
	}
	return last, nil
}
