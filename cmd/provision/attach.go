package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"provision/emulator"
)

// serving is the content of serving.json (0600): how to reach the process that serves
// the local tenant. The lock shows whether the process still serves it, never the
// file.
type serving struct {
	Origin        string `json:"origin"`
	ManagementURL string `json:"managementUrl"`
	ManagementKey string `json:"managementKey"`
	Proxy         string `json:"proxy"` // http://127.0.0.1:PORT, where Microsoft's public hosts end at the tenant
	TenantID      string `json:"tenantId"`
	ClientID      string `json:"clientId"`     // the seeded administrator
	ClientSecret  string `json:"clientSecret"` // its secret
	PID           int    `json:"pid"`

	Alias  string `json:"-"` // HOST:PORT where Microsoft's public hosts are without a proxy; "" is nowhere
	CAFile string `json:"-"` // PEM of the authority behind the certificate
}

// stateDir is a local tenant's folder, which processes share.
type stateDir string

func (d stateDir) file(name string) string { return filepath.Join(string(d), name) }

// stored tells whether the folder holds a tenant.
func (d stateDir) stored() bool { return emulator.Stored(string(d)) }

// lock makes this process the only one that serves the tenant. ok is false if another
// process does.
func (d stateDir) lock() (release func(), ok bool, err error) {
	if err := makeFolder(string(d)); err != nil {
		return nil, false, err
	}
	l := flock.New(d.file("lock"), flock.SetPermissions(0o600))
	ok, err = l.TryLock()
	if err != nil || !ok {
		return nil, false, err
	}
	return func() { l.Close() }, true, nil
}

// publish tells other processes where the tenant is served.
func (d stateDir) publish(s serving) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := d.file("serving.json.tmp")
	if err := os.WriteFile(tmp, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, d.file("serving.json"))
}

// attach finds the tenant that another process serves, and keeps that process from
// closing it until release is called. ok is false if no process has published the
// tenant's address.
func (d stateDir) attach() (s serving, release func(), ok bool, err error) {
	if err := os.MkdirAll(d.file("attached"), 0o700); err != nil {
		return s, nil, false, err
	}
	// First the mark, then the look: a server that is closing either sees the
	// mark or has already withdrawn its file.
	mark := flock.New(filepath.Join(d.file("attached"), fmt.Sprintf("%d-%s", os.Getpid(), verb())), flock.SetPermissions(0o600))
	if ok, err := mark.TryLock(); err != nil || !ok {
		return s, nil, false, err
	}
	release = func() {
		os.Remove(mark.Path())
		mark.Close()
	}
	raw, err := os.ReadFile(d.file("serving.json"))
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		release()
		if errors.Is(err, os.ErrNotExist) {
			return s, nil, false, nil
		}
		return s, nil, false, fmt.Errorf("%s: %w", d.file("serving.json"), err)
	}
	return s, release, true, nil
}

// verb is the command that this process runs, for others to name.
func verb() string {
	for _, arg := range os.Args[1:] {
		if !strings.HasPrefix(arg, "-") && !strings.ContainsAny(arg, "/\\.") {
			return arg
		}
	}
	return "provision"
}

// attached are the processes that use the tenant which this one serves.
func (d stateDir) attached() []string {
	entries, err := os.ReadDir(d.file("attached"))
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range entries {
		path := filepath.Join(d.file("attached"), e.Name())
		l := flock.New(path)
		if free, err := l.TryLock(); err == nil && free {
			os.Remove(path) // its process was killed
			l.Close()
			continue
		}
		pid, verb, _ := strings.Cut(e.Name(), "-")
		all = append(all, fmt.Sprintf("%s (pid %s)", verb, pid))
	}
	return all
}

// withdraw waits until no other process uses the tenant, and then ends the
// publication. Until then other processes can still attach: a process that could
// neither attach nor serve would have to wait for all of them.
func (d stateDir) withdraw(s serving, say func(string, ...any)) {
	told := ""
	for {
		using := strings.Join(d.attached(), ", ")
		if using == "" {
			os.Remove(d.file("serving.json"))
			if len(d.attached()) == 0 {
				return
			}
			if d.publish(s) != nil { // one attached at that moment
				say("warning: no other command can use the local tenant until this one ends")
			}
			continue
		}
		if using != told {
			told = using
			say("note: this process serves the local tenant for %s and ends after it", using)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// port is the port that is recorded for the tenant, or 0.
func (d stateDir) port() (int, error) {
	raw, err := os.ReadFile(d.file("port"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, hint(fmt.Errorf("%s: it is damaged: not a port number", d.file("port")), "remove it, and the next command chooses a new port: `rm %s`", shellQuote(d.file("port")))
	}
	return n, nil
}

func (d stateDir) recordPort(n int) error {
	return writeWhole(d.file("port"), strconv.Itoa(n)+"\n")
}

// join serves the tenant, or attaches to the process that already serves it.
func (d stateDir) join(ctx context.Context, serve func() (serving, func(), error)) (serving, func(), error) {
	deadline := time.Now().Add(15 * time.Second)
	for {
		unlock, first, err := d.lock()
		if err != nil {
			return serving{}, nil, fmt.Errorf("open the local tenant: %w", err)
		}
		if first {
			s, stop, err := serve()
			if err != nil {
				unlock()
				return serving{}, nil, err
			}
			return s, func() { stop(); unlock() }, nil
		}
		s, release, ok, err := d.attach()
		if err != nil {
			return serving{}, nil, fmt.Errorf("attach to the local tenant: %w", err)
		}
		if ok {
			return s, release, nil
		}
		if time.Now().After(deadline) {
			return serving{}, nil, hint(fmt.Errorf("attach to the local tenant in %s: another process has locked it and has not published its address", d),
				"the process may be ending; try again in a moment")
		}
		select {
		case <-ctx.Done():
			return serving{}, nil, ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// folderPoll is how often a server looks whether its folder is still there.
const folderPoll = time.Second

// untilRemoved waits until ctx ends, which is no error, or until somebody removes the folder
// that the tenant is kept in: other commands would make another tenant then.
func (d stateDir) untilRemoved(ctx context.Context) error {
	poll := time.NewTicker(folderPoll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
			if _, err := os.Stat(d.file("serving.json")); errors.Is(err, fs.ErrNotExist) {
				return hint(fmt.Errorf("%s was removed while the tenant was served from it; the tenant is gone", string(d)), "start a new tenant: `provision emulator`")
			}
		}
	}
}
