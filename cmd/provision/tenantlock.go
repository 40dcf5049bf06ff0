package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

// tenantLock coordinates the runs of verify on this machine that use the same local tenant. Most
// cases of several runs are executed in parallel. The cases that change keys and roles run alone,
// because the local tenant has one key set for all APIs and does not know which API sends a
// request. The system releases the locks of a killed process.
type tenantLock struct {
	use  string // the file that is locked, by a few or by one
	turn string // locked by who waits for use, so that a run that waits to be alone gets its turn
	say  func(format string, args ...any)
	held *atomic.Int32 // by runs of this process, for which nobody needs a message
}

func (a *app) tenantLock(s *connection) tenantLock {
	return tenantLock{filepath.Join(s.keep.Dir, "life.lock"), filepath.Join(s.keep.Dir, "life.turn.lock"), a.say, new(atomic.Int32)}
}

// waitsQuietly is the time after which a wait causes a message.
const waitsQuietly = 2 * time.Second

// Share waits until no run uses the tenant alone.
func (l tenantLock) Share(ctx context.Context) (release func(), err error) {
	return l.take(ctx, (*flock.Flock).TryRLock)
}

// Alone waits until no other run uses the tenant.
func (l tenantLock) Alone(ctx context.Context) (release func(), err error) {
	return l.take(ctx, (*flock.Flock).TryLock)
}

// tryAlone does not wait.
func (l tenantLock) tryAlone() (release func(), ok bool, err error) {
	use := flock.New(l.use, flock.SetPermissions(0o600))
	ok, err = use.TryLock()
	if err != nil {
		return nil, false, fmt.Errorf("lock the local tenant: %w", err)
	}
	return func() { use.Close() }, ok, nil
}

// take waits for its turn, and then until try succeeds.
func (l tenantLock) take(ctx context.Context, try func(*flock.Flock) (bool, error)) (release func(), err error) {
	turn, use := flock.New(l.turn, flock.SetPermissions(0o600)), flock.New(l.use, flock.SetPermissions(0o600))
	defer turn.Close()
	began, said := time.Now(), false
	wait := func(lock *flock.Flock, try func(*flock.Flock) (bool, error)) error {
		for {
			ok, err := try(lock)
			if err != nil || ok {
				return err
			}
			if !said && time.Since(began) > waitsQuietly && l.held.Load() == 0 {
				l.say("waiting for other runs of verify: the cases that change the keys of the local tenant run alone")
				said = true
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	if err := wait(turn, (*flock.Flock).TryLock); err != nil {
		return nil, fmt.Errorf("lock the local tenant: %w", err)
	}
	if err := wait(use, try); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the local tenant: %w", err), use.Close())
	}
	l.held.Add(1)
	return func() {
		l.held.Add(-1)
		use.Close()
	}, nil
}
