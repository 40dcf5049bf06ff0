package localtenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"provision/internal/lockfile"
	"provision/reconcile/sink"
)

// Served is the content of serving.json (0600): how to reach the process that serves
// the local tenant. The lock shows whether the process still serves it, never the
// file.
type Served struct {
	Origin        string `json:"origin"`
	ManagementURL string `json:"managementUrl"`
	ManagementKey string `json:"managementKey"`
	Proxy         string `json:"proxy"` // http://127.0.0.1:PORT, where Microsoft's public hosts end at the tenant
	TenantID      string `json:"tenantId"`
	ClientID      string `json:"clientId"`     // the seeded administrator
	ClientSecret  string `json:"clientSecret"` // its secret
	PID           int    `json:"pid"`
	Lasting       bool   `json:"lasting,omitempty"` // the command of the process only serves the tenant

	Alias  string `json:"-"` // HOST:PORT of Microsoft's public hosts without a proxy; "" if there is none
	CAFile string `json:"-"` // PEM of the authority behind the certificate
}

// publish records for other processes where the tenant is served.
func (d Folder) publish(s Served) error {
	return sink.WriteJSON(d.File("serving.json"), s)
}

// attach finds the tenant that another process serves, and keeps that process from
// closing it until release is called. verb is the command of this process, for the
// server to name. ok is false if no process has published the tenant's address.
func (d Folder) attach(verb string) (s Served, release func(), ok bool, err error) {
	if err := os.MkdirAll(d.File("attached"), 0o700); err != nil {
		return s, nil, false, err
	}
	// Write the mark before reading the file: a server that is closing either sees the mark or has
	// already withdrawn its file.
	mark := flock.New(filepath.Join(d.File("attached"), fmt.Sprintf("%d-%s", os.Getpid(), verb)), flock.SetPermissions(0o600))
	for inPlace := false; !inPlace; {
		// The server may take the new file for that of a killed process, and remove it.
		if _, inPlace, err = lockfile.TryLock(mark); err != nil {
			return s, nil, false, errors.Join(err, mark.Close())
		}
		if !inPlace {
			mark.Close()
		}
	}
	release = func() {
		os.Remove(mark.Path())
		mark.Close()
	}
	if s, ok, err = d.Published(); err != nil || !ok {
		release()
		return s, nil, false, err
	}
	return s, release, true, nil
}

// Published returns the addresses that the process that serves the tenant has published. ok is false if
// it has published nothing.
func (d Folder) Published() (s Served, ok bool, err error) {
	raw, err := os.ReadFile(d.File("serving.json"))
	if errors.Is(err, os.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("%s: %w", d.File("serving.json"), err)
	}
	return s, true, nil
}

// attached returns the processes that use the tenant of this one.
func (d Folder) attached() []string {
	entries, err := os.ReadDir(d.File("attached"))
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range entries {
		if removed, _ := lockfile.RemoveStale(filepath.Join(d.File("attached"), e.Name())); removed {
			continue // its process was killed
		}
		pid, verb, _ := strings.Cut(e.Name(), "-")
		all = append(all, fmt.Sprintf("`provision %s` (pid %s)", verb, pid))
	}
	return all
}

// withdraw waits until no other process uses the tenant, and then ends the publication. Other
// processes can attach until then; otherwise a new process would have to wait for all of them.
// A signal ends the wait, because a process in the background may use the tenant for good.
func (d Folder) withdraw(s Served, o Options) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	say, told := o.Say, ""
	for {
		using := strings.Join(d.attached(), ", ")
		if using == "" {
			os.Remove(d.File("serving.json"))
			if len(d.attached()) == 0 {
				return
			}
			if d.publish(s) != nil { // a process has attached at this moment
				say("warning: no other command can use the local tenant until this one ends")
			}
			continue
		}
		if using != told {
			told = using
			if o.Lasting {
				say("note: waiting for %s, which uses the local tenant; Ctrl-C ends the tenant now", using)
			} else {
				say("note: this process serves the local tenant for %s and ends after it; Ctrl-C ends it now; a tenant that `provision emulator` serves in another terminal lasts longer", using)
			}
		}
		select {
		case <-signals:
			os.Remove(d.File("serving.json"))
			say("warning: the local tenant is no longer served for %s", using)
			if o.Interrupted != nil {
				o.Interrupted()
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Join serves the tenant, or attaches to the process that already serves it, until
// release is called. verb is the command of this process, for others to name.
func (d Folder) Join(ctx context.Context, verb string, serve func() (s Served, stop func(), err error)) (s Served, release func(), err error) {
	deadline := time.Now().Add(15 * time.Second)
	for {
		unlock, first, err := d.Lock()
		if err != nil {
			return Served{}, nil, fmt.Errorf("open the local tenant: %w", err)
		}
		if first {
			s, stop, err := serve()
			if err != nil {
				unlock()
				return Served{}, nil, err
			}
			return s, func() { stop(); unlock() }, nil
		}
		s, release, ok, err := d.attach(verb)
		if err != nil {
			return Served{}, nil, fmt.Errorf("attach to the local tenant: %w", err)
		}
		if ok {
			return s, release, nil
		}
		if time.Now().After(deadline) {
			return Served{}, nil, &Error{fmt.Errorf("attach to the local tenant in %s: another process has locked it and has not published its address", d),
				"the process may be ending; try again in a moment"}
		}
		select {
		case <-ctx.Done():
			return Served{}, nil, ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
}
