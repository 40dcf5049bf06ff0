package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"provision/reconcile/sink"
)

// writer is the process that may change a target. writer.json names it, so that
// waiting processes can show it. The lock beside the file decides whether the
// process still runs, never the file.
type writer struct {
	PID   int       `json:"pid"`
	Verb  string    `json:"verb"`
	Since time.Time `json:"since"`
}

func (w writer) String() string {
	if w.PID == 0 {
		return "another process" // it holds the lock and has not written its data yet
	}
	return fmt.Sprintf("provision %s (pid %d, since %s)", w.Verb, w.PID, w.Since.Local().Format(time.TimeOnly))
}

// writerFlags adds the flags of commands that change a target.
func writerFlags(c *cobra.Command) {
	c.Flags().Duration("lock-timeout", 2*time.Minute, "how long to wait for another provision command that changes this target; 0 means do not wait")
	c.Flags().Duration("patience", 5*time.Minute, "how long to repeat a write that fails because of replication lag")
	c.Flags().Int("parallelism", 4, "how many batches of requests to send to Microsoft Graph at the same time")
}

// connectToWrite is connect for a command that changes the target: it waits until no other command
// on this machine changes it. Then no other command on this machine changes the target until
// connection.written.
func (a *app) connectToWrite(ctx context.Context) (*connection, error) {
	surviveClosedPipes()
	dir, err := a.targetDir()
	if err != nil {
		return nil, err
	}
	unlock, err := a.lockTarget(ctx, dir, a.config.GetDuration("lock-timeout"))
	if err != nil {
		return nil, err
	}
	s, err := a.connect(ctx)
	if err != nil {
		unlock()
		return nil, err
	}
	s.written, s.writes = unlock, true
	closeSession := s.close
	s.close = func() {
		unlock()
		closeSession()
	}
	return s, nil
}

// surviveClosedPipes keeps the process from ending in the middle of its writes when the reader of
// its output ends, as in `provision destroy | head`. The signal is received and not ignored,
// because programs that are started would inherit that.
func surviveClosedPipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// targetDir returns the folder with the local records of the target.
func (a *app) targetDir() (string, error) {
	name := a.config.GetString("target")
	if name == "local" {
		dir, err := a.localDir()
		return string(dir), err
	}
	if _, err := a.realTenant(name); err != nil {
		return "", err
	}
	if a.homeOf(name) == "local" { // a tenant beside the local one
		dir, err := a.localDir()
		return filepath.Join(string(dir), "customers", name), err
	}
	root, err := provisionDir()
	return filepath.Join(root, name), err
}

// lockTarget makes this process the only writer of the target in dir.
func (a *app) lockTarget(ctx context.Context, dir string, patience time.Duration) (unlock func(), err error) {
	return a.lock(ctx, dir, "writer", patience)
}

// lock takes the lock with this name in dir. It waits for another process for at most
// patience. The system releases the lock of a killed process.
func (a *app) lock(ctx context.Context, dir, name string, patience time.Duration) (unlock func(), err error) {
	if err := makeFolder(dir); err != nil {
		return nil, hint(fmt.Errorf("lock the target: %w", err), "provision stores its files in %s: make this folder writable for you, or name another one with --state", dir)
	}
	l := flock.New(filepath.Join(dir, name+".lock"), flock.SetPermissions(0o600))
	note := filepath.Join(dir, name+".json")
	began, told := time.Now(), writer{}
	for {
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the target: %w", err)
		}
		if ok {
			break
		}
		var holder writer
		_, _ = sink.ReadJSON(note, &holder) // the file can be a moment older than the lock
		if time.Since(began) >= patience {
			return nil, hint(fmt.Errorf("target %s is being changed by %s", a.config.GetString("target"), holder),
				"run the command again after that command ends, or wait longer for it: `%s`", a.instead("lock-timeout", "10m"))
		}
		if told.PID == 0 || told.PID != holder.PID && holder.PID != 0 {
			told = holder
			if told.PID != 0 {
				a.say("waiting for %s, which is changing target %s", holder, a.config.GetString("target"))
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(50*time.Millisecond, patience)):
		}
	}
	if err := sink.WriteJSON(note, writer{os.Getpid(), a.verb, time.Now().UTC().Truncate(time.Second)}); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the target: %w", err), l.Close())
	}
	return sync.OnceFunc(func() {
		os.Remove(note)
		l.Close()
	}), nil
}
