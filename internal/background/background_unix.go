//go:build unix

package background

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// start runs the command as the leader of its own session, which no terminal
// interrupts. It inherits the lock, and keeps it for as long as any process of it
// runs.
func (p Program) start(log *os.File) (ended <-chan error, err error) {
	lock, err := os.OpenFile(filepath.Join(p.Dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s: another start is in progress: %w", p.Dir, err)
	}
	cmd := exec.Command(p.Command[0], p.Command[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, log, log
	cmd.Dir = p.WorkingDirectory
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Command[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if err := os.WriteFile(filepath.Join(p.Dir, pidFile), []byte(strconv.Itoa(cmd.Process.Pid)+"\n"), 0o600); err != nil {
		return nil, errors.Join(err, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
	}
	return done, nil
}

// Running reports whether a program runs in the folder.
func Running(dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, lockFile)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	free, err := lock.TryLock()
	if err != nil {
		return false, err
	}
	if free {
		return false, lock.Close()
	}
	return true, nil
}

// Stop ends the program of the folder and all processes that it has started, and waits
// for them.
func Stop(ctx context.Context, dir string) error {
	signal := syscall.SIGTERM
	for began := time.Now(); ; {
		running, err := Running(dir)
		if err != nil || !running {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, pidFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil && pid > 1 {
			if err := syscall.Kill(-pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end process %d: %w", pid, err)
			}
		}
		if time.Since(began) > grace {
			signal = syscall.SIGKILL
		}
		if time.Since(began) > 2*grace {
			return fmt.Errorf("the program of %s does not end (process %s)", dir, strings.TrimSpace(string(raw)))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
