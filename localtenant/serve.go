package localtenant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"provision/emulator"
	"provision/emulator/faults"
	"provision/internal/display"
)

// Options are the settings with which a tenant is served.
type Options struct {
	Listen     string // HOST:PORT; "" is localhost on the recorded port
	Management string // HOST:PORT; "" is a free port
	Proxy      string // HOST:PORT; "" is a free port
	Ports      Ports
	Alias      string   // HOST:PORT where Microsoft's public hosts are served as well; "" if they are not
	Tenants    []string // domains of tenants other than the home tenant
	InMemory   bool     // the folder contains the address of the tenant, but none of its data
	RequestLog io.Writer
	Faults     []faults.Rule

	ReplicationLag emulator.Lag
	Quotas         faults.TenantSize

	Clock func() time.Time
	Say   func(format string, args ...any) // prints a line for people

	// Lasting is true if the command only serves the tenant.
	Lasting bool

	// Interrupted is called if a signal ends the wait for other processes that use the
	// tenant. It may be nil.
	Interrupted func()
}

// Serve serves the tenant in dir, or a tenant in memory, until stop is called. It publishes the
// address in dir, unless dir is "". The caller holds the lock.
func Serve(dir Folder, o Options) (s Served, stop func(), err error) {
	kept := dir
	if o.InMemory {
		kept = ""
	}
	listeners, err := kept.listeners(o)
	if err != nil {
		return Served{}, nil, err
	}
	origin := emulator.Origin(listeners.Public)
	tenant, err := emulator.New(emulator.Config{Dir: string(kept), Origin: origin, Clock: o.Clock, RequestLog: o.RequestLog, Faults: o.Faults,
		ReplicationLag: o.ReplicationLag, Quotas: o.Quotas})
	if err != nil {
		listeners.Close()
		switch {
		case errors.Is(err, emulator.ErrAuthority):
			err = kept.NewAuthority(err)
		case errors.Is(err, emulator.ErrDamaged):
			err = &Error{err, "use another tenant with --state FOLDER, or start with a new one: rm -r " + display.ShellQuote(string(kept))}
		}
		return Served{}, nil, err
	}
	for _, domain := range o.Tenants {
		if _, err := tenant.EnsureTenant(domain); err != nil {
			listeners.Close()
			return Served{}, nil, errors.Join(fmt.Errorf("create the tenant %s: %w", domain, err), tenant.Close())
		}
	}
	server := tenant.ServeOn(listeners)
	tenantID, clientID, secret := tenant.Administrator()
	s = Served{Origin: origin, ManagementURL: server.ManagementURL, ManagementKey: tenant.ManagementKey(), Proxy: server.ProxyURL,
		TenantID: tenantID, ClientID: clientID, ClientSecret: secret, PID: os.Getpid(), Lasting: o.Lasting}
	if o.Alias != "" {
		s.Alias = listeners.Public[len(listeners.Public)-1].Addr().String()
	}
	stop = func() {
		if dir != "" {
			dir.withdraw(s, o)
		}
		if kept == "" {
			os.Remove(s.CAFile)
		}
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(grace) // requests that do not end in time are cut off
		_ = tenant.Close()         // nothing is waiting in it: every write is done when it is answered
	}
	if dir == "" {
		s.CAFile, err = temporaryFile("provision-ca-*.pem", tenant.Authority().PEM())
	} else {
		s.CAFile = dir.File("ca.pem")
		if kept == "" {
			err = os.WriteFile(s.CAFile, tenant.Authority().PEM(), 0o600)
		}
		if err == nil {
			err = dir.publish(s)
		}
	}
	if err != nil {
		stop()
		return Served{}, nil, fmt.Errorf("serve the local tenant: %w", err)
	}
	return s, stop, nil
}

func temporaryFile(pattern string, content []byte) (string, error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	return f.Name(), errors.Join(err, f.Close())
}

// listeners opens all listeners of a tenant.
func (d Folder) listeners(o Options) (l emulator.Listeners, err error) {
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.Public, err = d.listen(o.Listen, o.Ports); err != nil {
		return l, err
	}
	if o.Alias != "" {
		also, err := emulator.Listen(o.Alias)
		if err != nil {
			return l, &Error{fmt.Errorf("serve Microsoft's public hosts: %w", err), "port 443 may require root, or `setcap cap_net_bind_service=+ep` on this program"}
		}
		l.Public = append(l.Public, also...)
	}
	if l.Management, err = net.Listen("tcp", cmp.Or(o.Management, "127.0.0.1:0")); err != nil {
		return l, fmt.Errorf("serve the management API: %w", err)
	}
	if l.Proxy, err = net.Listen("tcp", cmp.Or(o.Proxy, "127.0.0.1:0")); err != nil {
		return l, fmt.Errorf("serve the proxy: %w", err)
	}
	return l, nil
}

// portHint returns the hint if another program uses the requested or the recorded port.
func (d Folder) portHint(requested bool) string {
	if requested {
		return "end the program that uses the port, or choose another one"
	}
	return "end the program that uses the port; the tenant keeps its port so that configured programs still find it. If the folder is a copy of another one, choose a new port: `rm " + display.ShellQuote(d.File("port")) + "`"
}

// listen opens the tenant's port: the requested one, or the recorded one, or a new
// one, which it records. APIs are configured with the tenant's origin, so listen never
// silently uses another port, and the first port stays recorded.
func (d Folder) listen(address string, ports Ports) ([]net.Listener, error) {
	if d == "" {
		if address == "" {
			address = "127.0.0.1:0"
		}
		return emulator.Listen(address)
	}
	recorded, err := d.port()
	if err != nil {
		return nil, err
	}
	requested := address != ""
	if !requested && recorded != 0 {
		address = fmt.Sprintf("localhost:%d", recorded)
	}
	if address != "" {
		listeners, err := emulator.Listen(address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, &Error{fmt.Errorf("serve the local tenant: %w", err), d.portHint(requested)}
		}
		if err != nil || recorded != 0 {
			return listeners, err // a requested port is only for this process
		}
		return listeners, d.record(listeners)
	}
	// Each tenant has its own port, so that two projects can be used at the same time.
	for attempt := 0; ; attempt++ {
		listeners, err := emulator.Listen(fmt.Sprintf("localhost:%d", ports.Random()))
		if err == nil {
			return listeners, d.record(listeners)
		}
		if attempt == 20 || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
}

func (d Folder) record(listeners []net.Listener) error {
	return d.RecordPort(listeners[0].Addr().(*net.TCPAddr).Port)
}

// NewAuthority describes how the local tenant gets another certificate authority.
func (d Folder) NewAuthority(err error) error {
	return &Error{err, "restore the two files, or remove them while no other command uses the tenant; the next command creates a new certificate authority: `rm -f " +
		display.ShellQuote(d.File("ca.pem")) + " " + display.ShellQuote(d.File("ca-key.pem")) + "`"}
}
