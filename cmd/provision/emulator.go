package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"provision/emulator"
	"provision/emulator/faults"
	"provision/localtenant"
)

func (a *app) emulator() *cobra.Command {
	c := &cobra.Command{
		Use:   "emulator",
		Short: "Serve the local tenant until it is interrupted",
		Long: `emulator serves the local tenant over HTTPS, and its management API on a second
port, until it is interrupted. Other provision commands find and use it; other
programs read its settings from the env file. Use this command for programs other
than provision: every provision command serves the tenant itself while it runs.`,
		Example: "  provision emulator\n  provision emulator --in-memory --listen 127.0.0.1:8443 --env-file local.env\n  provision emulator --request-log requests.jsonl",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.emulatorOptions(cmd)
			if err != nil {
				return err
			}
			if o.requestLog != "" {
				f, err := os.OpenFile(o.requestLog, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
				if err != nil {
					return fmt.Errorf("open the request log: %w", err)
				}
				defer f.Close()
				o.tenant.RequestLog = f
			}
			for _, address := range []string{o.tenant.Listen, o.tenant.Management, o.tenant.Proxy, o.tenant.Alias} {
				if address != "" && !isLoopback(address) {
					a.say("warning: %s is not a loopback address: anyone who can reach it can use the tenant", address)
				}
			}
			dir, unlock, err := a.servedDir(cmd.Context(), o.tenant.InMemory)
			if err != nil {
				return err
			}
			defer unlock()
			read := sparing()
			served, stop, err := a.serveTenant(dir, o.tenant)
			if err != nil {
				return err
			}
			defer stop()
			go read()
			if o.envFile != "" {
				remove, err := writeEnvFile(o.envFile, served)
				if err != nil {
					return err
				}
				defer remove()
			}
			for _, domain := range o.tenant.Tenants {
				a.say("note: tenant %s is also served; GET /tenants of the management API returns its ids and credentials", domain)
			}
			if served.Alias != "" {
				a.say("note: Microsoft's public hosts are also served on %s", served.Alias)
			}
			fmt.Fprintf(a.stdout, "serving the local tenant on %s (tenant id %s)\n", served.Origin, served.TenantID)
			a.give("url", served.Origin)
			a.give("tenantId", served.TenantID)
			a.serving()
			return dir.UntilRemoved(cmd.Context())
		},
	}
	c.Flags().String("listen", "", "listen address and port (default: localhost and the port of the tenant)")
	c.Flags().String("management", "", "address and port of the management API (default: a free port on 127.0.0.1)")
	c.Flags().String("proxy", "", "address and port of the proxy that serves Microsoft's public hosts (default: a free port on 127.0.0.1)")
	c.Flags().String("alias", "", "also serve Microsoft's public hosts without a proxy, on this address and port (without a value: 127.0.0.1:443)")
	c.Flags().Lookup("alias").NoOptDefVal = "127.0.0.1:443"
	c.Flags().StringSlice("tenant", nil, "domain of another tenant to serve, e.g. fabrikam.onmicrosoft.com; created if it does not exist (may be repeated)")
	c.Flags().Bool("in-memory", false, "serve a new tenant that is deleted when the command ends; other commands use it until then")
	c.Flags().String("env-file", "", "write the settings that other programs need to use the tenant to this file, as KEY=VALUE lines (mode 0600)")
	c.Flags().Bool("overwrite", false, "overwrite an env file that provision did not write")
	c.Flags().Duration("latency", 0, "delay every response by this time, e.g. 80ms")
	c.Flags().String("replication-lag", "0s", "make writes visible only after this delay, e.g. 5s; ,jitter=500ms adds a random delay up to this time, ,read-your-writes shows a client its own writes immediately")
	c.Flags().String("quotas", "", "throttle requests by the quotas of Microsoft Graph for a small, medium or large tenant")
	c.Flags().String("faults", "", "JSON file of fault injection rules (see docs/local-tenant.md)")
	c.Flags().String("request-log", "", "append a line of JSON for every request to this file")
	noSettings(c, "proxy", "tenant")
	return c
}

// emulatorOptions are the flags of emulator.
type emulatorOptions struct {
	tenant     localtenant.Options
	requestLog string // file; "" keeps no log
	envFile    string // file; "" writes none
}

// emulatorOptions reads the flags of emulator and the files that they name. It returns
// an error of usage.
func (a *app) emulatorOptions(cmd *cobra.Command) (o emulatorOptions, err error) {
	c := a.config
	o = emulatorOptions{requestLog: c.GetString("request-log"), envFile: c.GetString("env-file"),
		tenant: localtenant.Options{Listen: c.GetString("listen"), Management: c.GetString("management"), Alias: c.GetString("alias"), InMemory: c.GetBool("in-memory"), Lasting: true}}
	// PROVISION_PROXY does not set this flag, because it contains the address of a running
	// proxy.
	o.tenant.Proxy, _ = cmd.Flags().GetString("proxy")
	for _, address := range []struct{ flag, value string }{{"listen", o.tenant.Listen}, {"management", o.tenant.Management}, {"proxy", o.tenant.Proxy}, {"alias", o.tenant.Alias}} {
		if err := checkAddress(address.flag, address.value); err != nil {
			return o, err
		}
	}
	if err := checkEnvFile(o.envFile, c.GetBool("overwrite")); err != nil {
		return o, err
	}
	if o.requestLog != "" {
		if err := checkOutputFile("request-log", o.requestLog); err != nil {
			return o, err
		}
	}
	if o.tenant.Faults, err = a.faults(); err != nil {
		return o, err
	}
	if o.tenant.ReplicationLag, err = emulator.ParseLag(c.GetString("replication-lag")); err != nil {
		return o, hint(usagef("--replication-lag: %w", err), "for instance 5s, or 2s,jitter=500ms,read-your-writes")
	}
	if o.tenant.Quotas, err = faults.ParseTenantSize(c.GetString("quotas")); err != nil {
		return o, hint(usagef("--quotas: %w", err), "e.g. --quotas small")
	}
	o.tenant.Tenants, _ = cmd.Flags().GetStringSlice("tenant")
	for _, domain := range o.tenant.Tenants {
		if !emulator.IsDomain(domain) {
			return o, hint(usagef("--tenant %q is not a domain", domain), "use letters, digits and hyphens, e.g. --tenant fabrikam.onmicrosoft.com")
		}
	}
	return o, nil
}

// faults returns the faults of --faults, followed by the latency of --latency.
func (a *app) faults() ([]faults.Rule, error) {
	var rules []faults.Rule
	if path := a.config.GetString("faults"); path != "" {
		raw, err := readInput("faults", path)
		if err != nil {
			return nil, err
		}
		if rules, err = faults.Parse(raw); err != nil {
			return nil, hint(usagef("--faults: %s: %w", path, err), `e.g. [{"path": "/v1.0/users", "status": 429, "times": 2}]; docs/local-tenant.md describes the members`)
		}
	}
	if d := a.config.GetDuration("latency"); d > 0 {
		rules = append(rules, faults.Rule{Name: "latency", Latency: faults.Duration(d)})
	}
	return rules, nil
}

// isLoopback reports whether an address is on this machine only. Listening refuses an
// invalid address later.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err != nil || host == "localhost" || ip != nil && ip.IsLoopback()
}

// servedDir locks the folder in which other commands look for the served tenant. It returns "" for
// a tenant in memory if the folder contains another tenant.
func (a *app) servedDir(ctx context.Context, inMemory bool) (dir localtenant.Folder, unlock func(), err error) {
	if dir, err = a.localDir(); err != nil {
		return "", nil, err
	}
	stored := inMemory && dir.Stored()
	stated := a.config.GetString("state") != ""
	if stored && stated {
		return "", nil, hint(usagef("the folder %s already contains a tenant", dir), "choose another folder with --state, or remove --in-memory")
	}
	if err := makeFolder(string(dir)); err != nil {
		return "", nil, fmt.Errorf("open the local tenant: %w", err)
	}
	first := false
	if !stored {
		if unlock, first, err = a.waitToServe(ctx, dir, inMemory); err != nil {
			return "", nil, fmt.Errorf("open the local tenant: %w", err)
		}
	}
	switch {
	case first:
		return dir, unlock, nil
	case inMemory && !stated:
		a.say("note: other provision commands use the tenant in %s, not this one; to use this one, pass the same --state FOLDER to this and to the other commands", dir)
		return "", func() {}, nil
	}
	by := "another process"
	if s, ok, _ := dir.Published(); ok { // a damaged file names no process
		by = fmt.Sprintf("process %d on %s", s.PID, s.Origin)
	}
	return "", nil, hint(fmt.Errorf("the local tenant in %s is served by %s", dir, by), "use that one, or choose another folder with --state, or --in-memory")
}

// waitToServe locks the folder. A process that was killed a moment ago may still hold the lock,
// and a command that serves the tenant for itself holds it until it ends. waitToServe waits for
// both, but not for another emulator. first is false if the folder stays locked.
func (a *app) waitToServe(ctx context.Context, dir localtenant.Folder, inMemory bool) (unlock func(), first bool, err error) {
	told := false
	for began, patience := time.Now(), time.Second; ; {
		if unlock, first, err = dir.Lock(); err != nil || first || inMemory || time.Since(began) > patience {
			return unlock, first, err
		}
		if s, ok, _ := dir.Published(); ok && !s.Lasting && !told {
			told, patience = true, time.Minute
			a.say("note: waiting for process %d, which serves the local tenant until it ends", s.PID)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// checkAddress refuses an address on which no socket can be opened.
func checkAddress(flag, address string) error {
	if address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return hint(usagef("--%s: %q is not HOST:PORT", flag, address), "as in --%s=127.0.0.1:8443", flag)
	}
	return nil
}
