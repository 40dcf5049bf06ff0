package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"provision/emulator"
	"provision/graph"
	"provision/localtenant"
	"provision/stack"
)

// connectLocal serves the local tenant for this run, or attaches to the process
// that serves it.
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
		s.manage.PID = served.PID
		if s.lag, err = s.manage.ReplicationLag(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// serveTenant is localtenant.Serve with the settings of the command line.
func (a *app) serveTenant(dir localtenant.Folder, o localtenant.Options) (served localtenant.Served, stop func(), err error) {
	if o.Ports, err = localtenant.ParsePorts(a.config.GetString("ports")); err != nil {
		return served, nil, usage{err}
	}
	o.Clock, o.Say, o.Interrupted = a.now, a.say, func() { a.unserved = true }
	return localtenant.Serve(dir, o)
}

// joinLocal serves the tenant in dir until release is called (own), or attaches to the
// process that already serves it.
func (a *app) joinLocal(ctx context.Context, dir localtenant.Folder) (served localtenant.Served, own bool, release func(), err error) {
	_, missing := os.Stat(string(dir))
	if err := makeFolder(string(dir)); err != nil {
		return served, false, nil, err
	}
	if errors.Is(missing, fs.ErrNotExist) { // a command in another folder can have been meant
		a.say("note: a new local tenant is created in %s", dir)
	}
	served, release, err = dir.Join(ctx, a.verb, func() (localtenant.Served, func(), error) {
		own = true
		return a.serveTenant(dir, localtenant.Options{})
	})
	return served, own, release, err
}

// localDir returns the local tenant's folder.
func (a *app) localDir() (localtenant.Folder, error) {
	if dir := a.config.GetString("state"); dir != "" {
		abs, err := filepath.Abs(dir)
		return localtenant.Folder(abs), err
	}
	root, err := provisionDir()
	return localtenant.Folder(filepath.Join(root, "local")), err
}

func (a *app) localSession(dir localtenant.Folder, served localtenant.Served) (*connection, error) {
	pem, err := os.ReadFile(dir.File("ca.pem"))
	if err != nil {
		return nil, dir.NewAuthority(fmt.Errorf("trust the local tenant: %w", err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, dir.NewAuthority(fmt.Errorf("trust the local tenant: %s contains no certificate", dir.File("ca.pem")))
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
	g, err := a.localGraph(dir, served, client)
	if err != nil {
		return nil, err
	}
	s := &connection{target: "local", local: true, tenantID: served.TenantID, administrator: served.ClientID, authority: served.Origin,
		v1Issuer: served.Origin + "/" + served.TenantID + "/",
		http:     client, graph: g, keep: a.keep(string(dir)),
		newSecretPatience: 10 * time.Second, now: a.now, written: func() {}, command: a.command, destroy: a.destroyCommand, caFile: dir.File("ca.pem"),
		manage: &localtenant.Management{URL: served.ManagementURL, Key: served.ManagementKey, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}}
	s.keep.Local = true
	s.keep.Sinks.Vaults.Tenant = served.TenantID
	s.graphOf = func(tenantID, clientID, clientSecret string) (*graph.Client, error) {
		there := served
		there.TenantID, there.ClientID, there.ClientSecret = tenantID, clientID, clientSecret
		return a.localGraph(dir, there, client)
	}
	if a.config.GetBool("public-hosts") {
		in, err := a.cloudOf(stack.Local)
		if err != nil {
			return nil, err
		}
		s.authority, s.v1Issuer, s.proxy = in.Authority(), in.IssuerV1(served.TenantID), served.Proxy
	}
	return s, nil
}

// publicHostsFlag adds the flag --public-hosts to every command that gets tokens or
// prints their issuer. `provision exec` sets it for its child process in the
// environment.
func publicHostsFlag(c *cobra.Command) {
	c.Flags().Bool("public-hosts", false, "use Microsoft's public host names for the local tenant, through its proxy")
}
