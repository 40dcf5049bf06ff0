package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// whileUnavailable presents tokens that the issuer has not signed while its key
// set cannot be fetched.
func whileUnavailable(name, what string, how KeyFault) lifecycleCheck {
	return lifecycleCheck{
		check: check{
			name: name, means: CauseKeyOpen, severity: Critical,
			sends:  "tokens signed with an attacker's key, and a token without a signature, while the key set " + what,
			gain:   "anybody can make tokens while the issuer cannot be reached; an attacker can wait for such an outage or cause it",
			flaw:   "the API accepts tokens that it cannot verify, because it does not get the issuer's keys",
			source: "CWE-636; OWASP: Fail Securely; RFC 8725, section 3.10",
			// The API cannot know whether the token is valid.
			also: []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		},
		changes: true,
		present: func(ctx context.Context, l *trial) (credential, error) {
			unknown, err := ownKey(l.underUnknownKid(0))
			if err != nil {
				return credential{}, err
			}
			own, err := ownKey(l.baselineToken.token)
			if err != nil {
				return credential{}, err
			}
			d, err := l.disturb(ctx, how)
			if err != nil {
				return credential{}, err
			}
			// The first token is sent until the API fetches the key set, and then
			// meets the outage.
			admitted := 0 // the status
			_, err = l.untilFetched(ctx, d, func() error {
				got, err := l.ask(ctx, unknown)
				if err == nil && success(got.status) {
					admitted = got.status
				}
				return err
			})
			if err != nil {
				return credential{}, d.abandon(ctx, err)
			}
			unknown.restore = d.restore
			if admitted != 0 {
				return alreadyAdmitted(unknown, admitted), nil
			}
			for _, sent := range []credential{own, bearer(l.baselineToken.token.Unsigned("none").String())} {
				sent.restore = d.restore
				got, err := l.ask(ctx, sent)
				if err != nil {
					return credential{}, d.abandon(ctx, err)
				}
				if success(got.status) {
					return alreadyAdmitted(sent, got.status), nil
				}
			}
			return unknown, nil
		},
	}
}

// alreadyAdmitted returns a token that the API has just admitted. An API that admits it only when it
// has tried to fetch the key set can refuse it when it is sent again.
func alreadyAdmitted(c credential, status int) credential {
	c.inspect = func(a reply) finding {
		if success(a.status) {
			return finding{}
		}
		return finding{wrong: fmt.Sprintf("the API accepted it (%d) when it could not fetch the key set, and answered %d when it was sent again", status, a.status)}
	}
	return c
}

// keysWithdrawn has the issuer publish a key, and the API fetch the key set with
// it; then the same without it. A token of that key, which the API has never
// seen before, must be refused: some caches add keys and never remove one.
var keysWithdrawn = lifecycleCheck{
	check: check{
		name: "keys-withdrawn", means: CauseKeyRetired, severity: High,
		sends:  "the valid token signed with a key that the issuer has withdrawn, after the API has fetched the key set again",
		gain:   "a stolen key gives access to the API until a restart, even after the issuer has withdrawn the key",
		flaw:   "the API adds fetched keys to the keys that it has, and never removes a key",
		source: sourceKeys + "; CWE-324",
	},
	changes: true,
	present: func(ctx context.Context, l *trial) (credential, error) {
		if fetches, err := l.fetched(ctx); err != nil || !fetches {
			if got, err := l.ask(ctx, credential{}); err == nil && success(got.status) {
				return credential{}, vacuous("the endpoint admits requests without a token: see %s: no-token", l.e.id)
			}
			return l.notFetched(l.unknownKid(0)), err
		}
		if err := l.withdrawNext(ctx); err != nil {
			return credential{}, err
		}
		changing, cancel := l.uninterrupted(ctx)
		defer cancel()
		kid, withdraw, err := l.Changes.Keys.Publish(changing)
		if err != nil {
			return credential{}, fmt.Errorf("publish a key: %w", err)
		}
		if withdraw == nil {
			return credential{}, skip("", "the issuer's next key existed before the run, so it is not removed")
		}
		restore := l.restoring(withdraw)
		signed, err := l.baselineToken.signedUnder(ctx, map[string]any{"kid": kid})
		if err != nil {
			restore(ctx)
			return credential{}, err
		}
		signed.restore = restore
		knew, err := l.fetched(ctx)
		if left := restore(ctx); left != "" {
			return credential{}, fmt.Errorf("%s", left)
		}
		if err != nil {
			return credential{}, err
		}
		if !knew {
			return l.notFetched(signed), nil
		}
		return l.forgotten(ctx, signed)
	},
}

// withdrawNext withdraws the key of the case keys-next, because the issuer may publish
// only one at a time.
func (l *trial) withdrawNext(ctx context.Context) error {
	if l.published.withdraw == nil {
		return nil
	}
	if left := l.restoring(l.published.withdraw)(ctx); left != "" {
		return errors.New(left)
	}
	return nil
}

// forgotten makes the API fetch the key set without the key of a token that it may rightly
// have accepted until then.
func (l *trial) forgotten(ctx context.Context, withdrawn credential) (credential, error) {
	knows, err := l.fetched(ctx)
	if err != nil {
		return credential{}, err
	}
	if !knows {
		return l.notFetched(withdrawn), nil
	}
	return withdrawn, l.settled(ctx, withdrawn)
}

// settled waits until the API has replaced its key set by the fetched one: some caches
// do this only after they have answered.
func (l *trial) settled(ctx context.Context, withdrawn credential) error {
	left := patience
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		got, err := l.ask(ctx, withdrawn)
		if err != nil || !success(got.status) || left <= 0 {
			return err
		}
		wait = min(wait, left)
		left -= wait
		if err := l.pace.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// The time that the case waits for an API to fetch the key set. It is short if the
// document does not state a time. Many APIs pause for one or two seconds between two
// requests.
const (
	shortly = 2500 * time.Millisecond
	atMost  = 5 * time.Second
)

// fetched makes the API fetch the key set with tokens of unknown keys, and reports
// whether it did.
func (l *trial) fetched(ctx context.Context) (bool, error) {
	d, err := l.disturb(ctx, KeyFault{})
	if err != nil {
		return false, err
	}
	knows, err := l.untilFetched(ctx, d, func() error { return l.nudge(ctx) })
	if err != nil {
		return false, d.abandon(ctx, err)
	}
	if left := d.restore(ctx); left != "" {
		return false, fmt.Errorf("%s", left)
	}
	return knows, nil
}

// untilFetched sends tokens of unknown keys until the API requests the key set, and
// reports whether it did. After one timeout, it does not wait again.
func (l *trial) untilFetched(ctx context.Context, d *disturbance, send func() error) (bool, error) {
	left := min(max(shortly, duration(l.Document.Life.KeyRefresh, 0)), atMost)
	if l.fetchesLate {
		left = 0
	}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if err := send(); err != nil {
			return false, err
		}
		n, err := d.Requests(ctx)
		if err != nil || n > 0 {
			return n > 0, err
		}
		if left <= 0 {
			l.fetchesLate = true
			return false, nil
		}
		wait = min(wait, left)
		left -= wait
		if err := l.pace.sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// notFetched gives no verdict, because the API may still have the key.
func (l *trial) notFetched(signed credential) credential {
	signed.tolerates = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent, http.StatusPartialContent}
	signed.toleratedNote = "the API has not fetched the key set again, so it could not know; with life.keyRefresh in the document the run waits for that, at most 5 seconds"
	return signed
}
