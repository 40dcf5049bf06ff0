package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"provision/emulator"
	"provision/protected"
	referenceapi "provision/reference-api"
	"provision/reference-api/scenario"
)

func (a *app) serve() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve the bundled reference API for a stack",
		Long: `serve runs the reference API until it is interrupted. Its routes are the endpoints
of the stack's Conformance document. It writes the reason for each refused request
to its log (standard error) and does not send it to the caller.

A scenario is the application logic behind the routes, e.g. storing heroes or
returning secrets. The document names the scenario; --scenario replaces it and, if
there are several APIs, selects the API with that scenario. Every API describes
itself at /openapi.json, and at /docs if the stack has a single-page application to
sign in to.`,
		Example: `  provision serve manifests/vscode-fastapi
  provision serve --scenario heroes --listen 127.0.0.1:9000
  provision serve --stack spa --tls
  provision serve --scenario vault-function --key-vault https://contoso.vault.azure.net`,
		Args: maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.serveOptions()
			if err != nil {
				return err
			}
			return a.onAPI(cmd, args, nil, func(ctx context.Context, s *connection, p protected.API, f protected.Facts) error {
				return a.serveAPI(ctx, s, p, f, o)
			})
		},
	}
	c.Flags().String("listen", "127.0.0.1:8000", "address and port")
	c.Flags().String("scenario", "", "application logic behind the routes: "+strings.Join(scenario.Names(), ", "))
	c.Flags().Bool("tls", false, "serve HTTPS, with a certificate for localhost from the local tenant's certificate authority")
	c.Flags().String("rate", "", "answer 429 above this rate of requests, e.g. 5/s or 100/m")
	c.Flags().String("key-vault", "", "for vault-function: return the secrets of this Azure Key Vault; signs in with DefaultAzureCredential")
	c.Flags().Bool("independent", false, "do not keep the local tenant running; the API reads its keys whenever another command serves it")
	chooseFlags(c)
	publicHostsFlag(c)
	return c
}

// serveOptions are the flags of serve.
type serveOptions struct {
	listen      string // HOST:PORT
	scenario    string // "" means the scenario of the Conformance document
	tls         bool
	rate        float64 // requests a second; 0 is no limit
	keyVault    string  // URL
	independent bool
}

func (a *app) serveOptions() (o serveOptions, err error) {
	c := a.config
	o = serveOptions{listen: c.GetString("listen"), scenario: c.GetString("scenario"), tls: c.GetBool("tls"), keyVault: c.GetString("key-vault"),
		independent: c.GetBool("independent")}
	if o.scenario != "" && !slices.Contains(scenario.Names(), o.scenario) {
		return o, hint(usagef("scenario %q is not known", o.scenario), "choose one of: %s", strings.Join(scenario.Names(), ", "))
	}
	if err := checkAddress("listen", o.listen); err != nil {
		return o, err
	}
	o.rate, err = parseRate(c.GetString("rate"))
	return o, err
}

// serveAPI serves the reference API until it is interrupted.
func (a *app) serveAPI(ctx context.Context, s *connection, p protected.API, f protected.Facts, o serveOptions) error {
	api := bundledAPI{scenario: o.scenario, log: a.apiLog(), keep: filepath.Join(s.keep.Dir, "scenarios")}
	if o.keyVault != "" {
		credential, err := defaultCredential(nil)
		if err != nil {
			return fmt.Errorf("sign in to the key vault: %w", err)
		}
		if api.vault, err = scenario.NewKeyVault(o.keyVault, credential, nil); err != nil {
			return err
		}
	}
	handler, closeAPI, err := s.bundledAPI(p, f, p.Documents, api)
	if err != nil {
		return err
	}
	defer closeAPI()
	if o.rate > 0 {
		handler = referenceapi.Limit(handler, o.rate)
	}
	server := referenceapi.NewServer(handler, a.apiLog())
	if o.tls {
		authority, err := a.localAuthority()
		if err != nil {
			return err
		}
		server.TLSConfig = authority.TLSConfig()
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return hint(fmt.Errorf("serve: %w", err), "choose another address with --listen")
	}
	a.sayServing(server, l, p)
	if o.independent {
		s.close()
	}
	return serveUntilDone(ctx, server, l)
}

// sayServing prints the address of the API. It names localhost, for which certificates and
// redirect URIs of pages are valid.
func (a *app) sayServing(server *http.Server, l net.Listener, p protected.API) {
	scheme, host := "http", l.Addr().String()
	_, port, _ := net.SplitHostPort(host) // a listener's address has both
	if server.TLSConfig != nil {
		scheme, host = "https", "localhost:"+port
	}
	fmt.Fprintf(a.stdout, "serving %s on %s://%s\n", p.Name(), scheme, host)
	a.give("application", p.Name())
	a.give("url", scheme+"://"+host)
	defer a.serving()
	if page := docsPage(p); page != nil {
		fmt.Fprintf(a.stdout, "its page: %s://localhost:%s/docs\n", scheme, port)
	}
}

// localAuthority returns the certificate authority in the local tenant's folder.
func (a *app) localAuthority() (*emulator.Authority, error) {
	dir, err := a.localDir()
	if err != nil {
		return nil, err
	}
	authority, err := emulator.OpenAuthority(string(dir))
	if err != nil {
		return nil, fmt.Errorf("serve https: %w", err)
	}
	return authority, nil
}

func (a *app) apiLog() *slog.Logger { return slog.New(slog.NewTextHandler(a.stderr, nil)) }

func serveUntilDone(ctx context.Context, server *http.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			done <- server.ServeTLS(l, "", "")
		} else {
			done <- server.Serve(l)
		}
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// ctx is already cancelled by the interrupt, so requests in progress get a new
	// context with a short timeout.
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
