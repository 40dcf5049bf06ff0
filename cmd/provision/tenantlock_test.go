package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Several runs of verify use the local tenant at the same time. A run that changes the tenant waits for
// them, and runs that begin later wait for it. Only a wait for another process is reported.
func TestTenantLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said := make(chan string, 9)
	pid := 0
	process := func() tenantLock {
		pid++
		return tenantLock{use: filepath.Join(dir, "use"), turn: filepath.Join(dir, "turn"), runs: filepath.Join(dir, "runs"), pid: pid, verb: "verify",
			say: func(f string, args ...any) { said <- fmt.Sprintf(f, args...) }, held: new(atomic.Int32)}
	}
	for _, of := range []string{"77-verify-1", "78-verify-1"} { // files of killed processes
		if err := os.MkdirAll(filepath.Join(dir, "runs"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "runs", of), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, two, three := process(), process(), process()
	take := func(how func(context.Context) (func(), error)) func() {
		release, err := how(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	first, second := take(one.Share), take(two.Share)
	if _, ok, err := three.tryAlone(); ok || err != nil {
		t.Fatalf("alone beside two others: %v", err)
	}
	alone, later := make(chan func(), 1), make(chan func(), 1)
	go func() { alone <- take(two.Alone) }() // in the same process as the second
	gone, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := three.Alone(gone); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("alone beside others: %v", err)
	}
	second()
	if message := <-said; message != "waiting for provision verify (pid 1): the cases that change the keys of the local tenant run alone" {
		t.Errorf("said %q", message)
	}
	go func() { later <- take(three.Share) }()
	select {
	case <-alone:
		t.Fatal("alone beside the first")
	case <-later:
		t.Fatal("a later run overtakes the one that waits to be alone")
	case <-time.After(30 * time.Millisecond):
	}
	first()
	release := <-alone
	select {
	case <-later:
		t.Fatal("beside the one that is alone")
	case <-time.After(30 * time.Millisecond):
	}
	release()
	(<-later)()
	if release, ok, err := three.tryAlone(); !ok || err != nil {
		t.Errorf("alone: %v %v", ok, err)
	} else {
		release()
	}
}

// TestTenantLockNamesEveryRun: the message names every run that holds a lock while others begin
// and end. Files of killed processes are removed, even if another process has the same pid.
func TestTenantLockNamesEveryRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := filepath.Join(dir, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, killed := range []string{"1-verify-1", "1-apply-2", "99-verify-1"} {
		if err := os.WriteFile(filepath.Join(runs, killed), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for pid := 1; pid <= 8; pid++ {
		all.Go(func() {
			l := tenantLock{runs: runs, pid: pid, verb: "verify"}
			observer := tenantLock{runs: runs, pid: -1}
			for range 100 {
				unmark := l.mark()
				if named := observer.others(); !strings.Contains(named, fmt.Sprintf("(pid %d)", pid)) {
					t.Errorf("run %d is not named: %s", pid, named)
				}
				unmark()
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(runs); err != nil || len(left) > 0 {
		t.Errorf("files left: %v %v", left, err)
	}
}
