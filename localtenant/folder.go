package localtenant

import (
	"context"
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
	"provision/internal/display"
	"provision/reconcile/sink"
)

// Folder is a local tenant's folder, which processes share.
type Folder string

// File returns the path of a file in the folder.
func (d Folder) File(name string) string { return filepath.Join(string(d), name) }

// Stored reports whether the folder holds a tenant.
func (d Folder) Stored() bool { return emulator.Stored(string(d)) }

// Lock makes this process the only one that serves the tenant. ok is false if another
// process does.
func (d Folder) Lock() (release func(), ok bool, err error) {
	l := flock.New(d.File("lock"), flock.SetPermissions(0o600))
	ok, err = l.TryLock()
	if err != nil || !ok {
		return nil, false, err
	}
	return func() { l.Close() }, true, nil
}

// port returns the port that is recorded for the tenant, or 0.
func (d Folder) port() (int, error) {
	raw, err := os.ReadFile(d.File("port"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, &Error{fmt.Errorf("%s: it is damaged: not a port number", d.File("port")),
			"remove it, and the next command chooses a new port: `rm " + display.ShellQuote(d.File("port")) + "`"}
	}
	return n, nil
}

// RecordPort records the port on which the tenant is served from now on.
func (d Folder) RecordPort(n int) error {
	return sink.WritePrivate(d.File("port"), []byte(strconv.Itoa(n)+"\n"))
}

// folderPoll is the interval at which a server checks that its folder still exists.
const folderPoll = time.Second

// UntilRemoved waits until ctx ends, which is no error, or until somebody removes the
// folder of the tenant: other commands would then create another tenant. A tenant that
// other commands do not find has no folder ("").
func (d Folder) UntilRemoved(ctx context.Context) error {
	if d == "" {
		<-ctx.Done()
		return nil
	}
	served, err := os.Stat(d.File("serving.json"))
	if err != nil {
		return d.removed()
	}
	poll := time.NewTicker(folderPoll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
			// Another command may already have created the folder again, with another tenant.
			now, err := os.Stat(d.File("serving.json"))
			if errors.Is(err, fs.ErrNotExist) || err == nil && (!os.SameFile(served, now) || !now.ModTime().Equal(served.ModTime())) {
				return d.removed()
			}
		}
	}
}

func (d Folder) removed() error {
	return &Error{fmt.Errorf("%s was removed while the tenant was served from it; the tenant is gone", string(d)), "start a new tenant: `provision emulator`"}
}
