package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"provision/internal/lockfile"

	"github.com/gofrs/flock"
)

// tenantLock coordinates the runs of verify on this machine that use the same local tenant. Most
// cases of several runs are executed in parallel. The cases that change keys and roles run alone,
// because the local tenant has one key set for all APIs and does not know which API sends a
// request. The system releases the locks of a killed process.
type tenantLock struct {
	use  string // the locked file: shared by several runs, or held by one
	turn string // locked while a run waits for use, so that a run that waits to be alone gets its turn
	runs string // a folder with a file for each run that holds one of them, so that others can name it
	pid  int
	verb string
	say  func(format string, args ...any)
	held *atomic.Int32 // by runs of this process, for which nobody needs a message
}

func (a *app) tenantLock(s *connection) tenantLock {
	in := func(name string) string { return filepath.Join(s.keep.Dir, name) }
	return tenantLock{use: in("life.lock"), turn: in("life.turn.lock"), runs: in("life"), pid: os.Getpid(), verb: a.verb, say: a.say, held: new(atomic.Int32)}
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
				l.say("waiting for %s: the cases that change the keys of the local tenant run alone", l.others())
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
	unmark := l.mark()
	if err := wait(use, try); err != nil {
		unmark()
		return nil, errors.Join(fmt.Errorf("lock the local tenant: %w", err), use.Close())
	}
	l.held.Add(1)
	return func() {
		l.held.Add(-1)
		unmark()
		use.Close()
	}, nil
}

// mark writes down that this run holds a lock, and removes the files of killed processes. Without
// the file, other runs can only not name this one.
func (l tenantLock) mark() (unmark func()) {
	if os.MkdirAll(l.runs, 0o700) != nil {
		return func() {}
	}
	l.running()
	for range 100 {
		f, err := os.CreateTemp(l.runs, fmt.Sprintf("%d-%s-*", l.pid, l.verb))
		if err != nil {
			return func() {}
		}
		f.Close()
		held := flock.New(f.Name(), flock.SetPermissions(0o600))
		if _, inPlace, err := lockfile.TryLock(held); inPlace && err == nil {
			return func() {
				os.Remove(f.Name())
				held.Close()
			}
		}
		held.Close() // another run took the new file for the file of a killed process
	}
	return func() {}
}

// holder is a process that holds a lock.
type holder struct{ pid, verb string }

// running returns the processes that hold a lock, this one too. It removes the files of killed
// processes.
func (l tenantLock) running() (all []holder) {
	entries, err := os.ReadDir(l.runs)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if removed, _ := lockfile.RemoveStale(filepath.Join(l.runs, e.Name())); removed {
			continue
		}
		pid, rest, _ := strings.Cut(e.Name(), "-")
		verb, _, _ := strings.Cut(rest, "-")
		all = append(all, holder{pid, verb})
	}
	return all
}

// others names the other runs that hold a lock.
func (l tenantLock) others() string {
	var all []string
	for _, r := range l.running() {
		if r.pid != strconv.Itoa(l.pid) {
			all = append(all, fmt.Sprintf("provision %s (pid %s)", r.verb, r.pid))
		}
	}
	if len(all) == 0 {
		return "another run of verify"
	}
	return strings.Join(slices.Compact(all), ", ")
}
