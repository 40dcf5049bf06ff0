package conformance

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// disturbed presents the valid token while the key set is faulty, and again after a
// token that makes the API fetch the key set. All APIs must survive the first; some
// libraries fail after the second.
func disturbed(name, what, flaw string, how KeyFault) lifecycleCheck {
	return lifecycleCheck{
		check: check{
			name: name, means: CauseKeyOutage, severity: Low, admits: true,
			sends:  "the valid token while the key set " + what + ", and once more after a token of an unknown key",
			gain:   "nothing: no caller is accepted until the issuer's keys can be fetched again",
			flaw:   flaw,
			source: sourceKeys,
		},
		changes: true,
		present: func(ctx context.Context, l *trial) (credential, error) {
			d, err := l.disturb(ctx, how)
			if err != nil {
				return credential{}, err
			}
			c := bearer(l.baselineToken.raw)
			c.restore = d.restore
			got, err := l.ask(ctx, c)
			if err != nil {
				return credential{}, d.abandon(ctx, err)
			}
			if !success(got.status) {
				return c, nil
			}
			if err := l.nudge(ctx); err != nil {
				return credential{}, d.abandon(ctx, err)
			}
			c.tolerates = []int{http.StatusUnauthorized, http.StatusInternalServerError, http.StatusServiceUnavailable}
			c.toleratedNote = "a token of an unknown key makes the API forget its keys: some libraries do this, and anybody can cause it during an outage of the issuer"
			return c, nil
		},
	}
}

func slowed(ctx context.Context, l *trial) (credential, error) {
	d, err := l.disturb(ctx, KeyFault{Latency: slowKeySet})
	if err != nil {
		return credential{}, err
	}
	nudging, cancel := context.WithCancel(ctx)
	answered := make(chan struct{})
	var nudge sync.WaitGroup
	nudge.Go(func() {
		defer close(answered)
		_ = l.nudge(nudging) // this token only makes the API fetch the key set
	})
	end := d.restore
	d.restore = func(ctx context.Context) string {
		left := end(ctx) // from here on, the issuer answers without delay
		nudge.Wait()     // otherwise the API would learn the keys during another case
		cancel()
		return left
	}
	c := bearer(l.baselineToken.raw)
	c.restore = d.restore
	// The valid token is sent when the API waits for the key set, or when it does not
	// fetch the key set.
	for {
		select {
		case <-ctx.Done():
			return credential{}, d.abandon(ctx, ctx.Err())
		case <-answered:
			return c, nil
		case <-time.After(time.Millisecond):
		}
		n, err := d.Requests(ctx)
		if err != nil {
			return credential{}, d.abandon(ctx, err)
		}
		if n > 0 {
			break
		}
	}
	c.inspect = func(a reply) finding {
		if a.elapsed >= slowKeySet*3/4 {
			return finding{note: fmt.Sprintf("the answer took %s: everybody waits while the key set is fetched", a.elapsed.Round(100*time.Millisecond))}
		}
		return finding{}
	}
	return c, nil
}

// disturbance is a fault that the case can end, whatever its result is.
type disturbance struct {
	Disturbance
	restore func(context.Context) string
}

func (l *trial) disturb(ctx context.Context, how KeyFault) (*disturbance, error) {
	changing, cancel := l.uninterrupted(ctx)
	defer cancel()
	d, err := l.Changes.Keys.Disturb(changing, how)
	if err != nil {
		return nil, fmt.Errorf("have the key set answered otherwise: %w", err)
	}
	return &disturbance{d, l.restoring(d.End)}, nil
}

// abandon ends it because the case cannot go on.
func (d *disturbance) abandon(ctx context.Context, err error) error {
	if left := d.restore(ctx); left != "" {
		return fmt.Errorf("%w; %s", err, left)
	}
	return err
}
