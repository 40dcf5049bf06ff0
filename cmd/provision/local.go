package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"provision/emulator"
	"provision/emulator/faults"
	"provision/graph"
	"provision/internal/microsoft"
	"provision/localtenant"
)

// connectLocal serves the local tenant for this run, or attaches to the process
// that does.
func (a *app) connectLocal(ctx context.Context) (*connection, error) {
	dir, err := a.localDir()
	if err != nil {
		return nil, err
	}
	served, own, release, err := a.joinLocal(ctx, dir)
	if err != nil {
		return nil, err
	}
	s, err := a.localSession(dir, served)
	if err != nil {
		release()
		return nil, err
	}
	s.serves = own
	s.close = sync.OnceFunc(func() {
		s.manage.HTTP.CloseIdleConnections()
		s.http.CloseIdleConnections() // a server that is ours would wait a second for them
		release()
	})
	if !own {
		if s.lag, err = s.manage.ReplicationLag(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// joinLocal serves the tenant in dir until release is called (own), or attaches to the
// process that already serves it.
func (a *app) joinLocal(ctx context.Context, dir stateDir) (served serving, own bool, release func(), err error) {
	served, release, err = dir.join(ctx, func() (serving, func(), error) {
		own = true
		return a.serveTenant(dir, tenantOptions{})
	})
	return served, own, release, err
}

// localDir is the local tenant's folder.
func (a *app) localDir() (stateDir, error) {
	if dir := a.config.GetString("state"); dir != "" {
		abs, err := filepath.Abs(dir)
		return stateDir(abs), err
	}
	root, err := provisionDir()
	return stateDir(filepath.Join(root, "local")), err
}

// newAuthority tells how the local tenant gets another certificate authority.
func (d stateDir) newAuthority(err error) error {
	return hint(err, "restore the two files, or remove them while no other command uses the tenant; the next command creates a new certificate authority: `rm -f %s %s`",
		shellQuote(d.file("ca.pem")), shellQuote(d.file("ca-key.pem")))
}

func (a *app) localSession(dir stateDir, served serving) (*connection, error) {
	pem, err := os.ReadFile(dir.file("ca.pem"))
	if err != nil {
		return nil, dir.newAuthority(fmt.Errorf("trust the local tenant: %w", err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, dir.newAuthority(fmt.Errorf("trust the local tenant: %s holds no certificate", dir.file("ca.pem")))
	}
	proxy, err := url.Parse(served.Proxy)
	if err != nil {
		return nil, fmt.Errorf("find the local tenant's proxy: %w", err)
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if slices.Contains(emulator.MicrosoftHosts, r.URL.Host) {
				return proxy, nil
			}
			return nil, nil
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: 16,
		ForceAttemptHTTP2:   true,
	}}
	g, err := a.localGraph(served, client)
	if err != nil {
		return nil, err
	}
	s := &connection{target: "local", local: true, tenantID: served.TenantID, administrator: served.ClientID, authority: served.Origin,
		v1Issuer: served.Origin + "/" + served.TenantID + "/",
		http:     client, graph: g, keep: a.keep(string(dir)),
		newSecretPatience: 10 * time.Second, now: a.now, written: func() {}, command: a.command, destroy: a.destroyCommand, caFile: dir.file("ca.pem"),
		manage: &localtenant.Management{URL: served.ManagementURL, Key: served.ManagementKey, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}}
	s.keep.Local = true
	s.graphOf = func(tenantID, clientID, clientSecret string) (*graph.Client, error) {
		there := served
		there.TenantID, there.ClientID, there.ClientSecret = tenantID, clientID, clientSecret
		return a.localGraph(there, client)
	}
	if a.config.GetBool("public-hosts") {
		s.authority, s.v1Issuer, s.proxy = microsoft.Clouds[0].Authority(), microsoft.Clouds[0].IssuerV1(served.TenantID), served.Proxy
	}
	return s, nil
}

// publicHostsFlag adds the flag --public-hosts to every command that gets tokens or
// prints their issuer. `provision exec` sets it for its child process in the
// environment.
func publicHostsFlag(c *cobra.Command) {
	c.Flags().Bool("public-hosts", false, "use Microsoft's public host names for the local tenant, through its proxy")
}

// tenantOptions are what only `provision emulator` may say of the tenant that
// it serves.
type tenantOptions struct {
	listen     string // HOST:PORT; "" is localhost on the recorded port
	management string // HOST:PORT; "" is a free port
	proxy      string // HOST:PORT; "" is a free port
	ports      portRange
	alias      string   // HOST:PORT to serve Microsoft's public hosts on as well; "" is nowhere
	tenants    []string // domains of tenants beside the home tenant
	inMemory   bool     // the folder tells others where the tenant is, and keeps nothing of it
	requestLog io.Writer
	faults     []faults.Rule

	replicationLag emulator.Lag
	quotas         faults.TenantSize
}

// serveTenant serves the tenant kept in dir, or one in memory, and publishes in
// dir where; where dir is "", nowhere. The caller holds the lock.
func (a *app) serveTenant(dir stateDir, o tenantOptions) (serving, func(), error) {
	var err error
	if o.ports, err = parsePorts(a.config.GetString("ports")); err != nil {
		return serving{}, nil, err
	}
	kept := dir
	if o.inMemory {
		kept = ""
	}
	listeners, err := kept.listeners(o)
	if err != nil {
		return serving{}, nil, err
	}
	origin := emulator.Origin(listeners.Public)
	tenant, err := emulator.New(emulator.Config{Dir: string(kept), Origin: origin, Clock: a.now, RequestLog: o.requestLog, Faults: o.faults,
		ReplicationLag: o.replicationLag, Quotas: o.quotas})
	if err != nil {
		listeners.Close()
		switch {
		case errors.Is(err, emulator.ErrAuthority):
			err = kept.newAuthority(err)
		case errors.Is(err, emulator.ErrDamaged):
			err = hint(err, "use another tenant with --state FOLDER, or start with a new one: rm -r %s", shellQuote(string(kept)))
		}
		return serving{}, nil, err
	}
	for _, domain := range o.tenants {
		if _, err := tenant.EnsureTenant(domain); err != nil {
			listeners.Close()
			return serving{}, nil, errors.Join(fmt.Errorf("make the tenant %s: %w", domain, err), tenant.Close())
		}
	}
	server := tenant.ServeOn(listeners)
	tenantID, clientID, secret := tenant.Administrator()
	s := serving{Origin: origin, ManagementURL: server.ManagementURL, ManagementKey: tenant.ManagementKey(), Proxy: server.ProxyURL,
		TenantID: tenantID, ClientID: clientID, ClientSecret: secret, PID: os.Getpid()}
	if o.alias != "" {
		s.Alias = listeners.Public[len(listeners.Public)-1].Addr().String()
	}
	stop := func() {
		if dir != "" {
			dir.withdraw(s, a.say)
		}
		if kept == "" {
			os.Remove(s.CAFile)
		}
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(grace) // what does not end in time is cut off
		_ = tenant.Close()         // nothing is waiting in it: every write is done when it is answered
	}
	if dir == "" {
		s.CAFile, err = temporaryFile("provision-ca-*.pem", tenant.Authority().PEM())
	} else {
		s.CAFile = dir.file("ca.pem")
		if kept == "" {
			err = os.WriteFile(s.CAFile, tenant.Authority().PEM(), 0o600)
		}
		if err == nil {
			err = dir.publish(s)
		}
	}
	if err != nil {
		stop()
		return serving{}, nil, fmt.Errorf("serve the local tenant: %w", err)
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

// listeners opens all that a tenant is served on.
func (d stateDir) listeners(o tenantOptions) (l emulator.Listeners, err error) {
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.Public, err = d.listen(o.listen, o.ports); err != nil {
		return l, err
	}
	if o.alias != "" {
		also, err := emulator.Listen(o.alias)
		if err != nil {
			return l, hint(fmt.Errorf("serve Microsoft's public hosts: %w", err), "port 443 may require root, or `setcap cap_net_bind_service=+ep` on this program")
		}
		l.Public = append(l.Public, also...)
	}
	if l.Management, err = net.Listen("tcp", cmp.Or(o.management, "127.0.0.1:0")); err != nil {
		return l, fmt.Errorf("serve the management API: %w", err)
	}
	if l.Proxy, err = net.Listen("tcp", cmp.Or(o.proxy, "127.0.0.1:0")); err != nil {
		return l, fmt.Errorf("serve the proxy: %w", err)
	}
	return l, nil
}

// listen opens the tenant's port: the requested one, or the recorded one, or a new
// one, which it records. APIs are configured with the tenant's origin, so listen never
// silently uses another port, and the first port stays recorded.
func (d stateDir) listen(address string, ports portRange) ([]net.Listener, error) {
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
	if address == "" && recorded != 0 {
		address = fmt.Sprintf("localhost:%d", recorded)
	}
	if address != "" {
		listeners, err := emulator.Listen(address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, hint(fmt.Errorf("serve the local tenant: %w", err),
				"end the program that uses the port; the tenant keeps its port so that configured programs still find it")
		}
		if err != nil || recorded != 0 {
			return listeners, err // a requested port is only for this process
		}
		return listeners, d.record(listeners)
	}
	// Each tenant has its own port, so that two projects can be used at once.
	for attempt := 0; ; attempt++ {
		listeners, err := emulator.Listen(fmt.Sprintf("localhost:%d", ports.random()))
		if err == nil {
			return listeners, d.record(listeners)
		}
		if attempt == 20 || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
	}
}

func (d stateDir) record(listeners []net.Listener) error {
	return d.recordPort(listeners[0].Addr().(*net.TCPAddr).Port)
}
