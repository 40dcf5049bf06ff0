package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	referenceapi "provision/reference-api"
	"provision/reference-api/token"
	"provision/stack"
)

func (a *app) serve() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve the bundled reference API for a stack",
		Long: `serve runs the reference API, with the endpoints of a stack's Conformance
document as its routes, until it is interrupted. What it refuses it explains in
its log (on stderr) and not to the caller.`,
		Example: "  provision serve manifests/\n  provision serve manifests/ --listen 127.0.0.1:9000 --application vscode-fastapi/api",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onAPI(cmd, args, nil, a.serveAPI)
		},
	}
	c.Flags().String("listen", "127.0.0.1:8000", "address and port")
	c.Flags().String("application", "", "STACK/NAME of the API, where there is more than one")
	publicHostsFlag(c)
	return c
}

// serveAPI serves the reference API until it is interrupted.
func (a *app) serveAPI(ctx context.Context, s *session, p protected, f facts) error {
	l, err := net.Listen("tcp", a.config.GetString("listen"))
	if err != nil {
		return hint(fmt.Errorf("serve: %w", err), "choose another address with --listen")
	}
	api, err := s.referenceAPI(f, p.documents, a.apiLog())
	if err != nil {
		l.Close()
		return err
	}
	fmt.Fprintf(a.stdout, "serving %s on http://%s\n", p.name(), l.Addr())
	return serveUntilDone(ctx, referenceapi.NewServer(api, a.apiLog()), l)
}

func (a *app) apiLog() *slog.Logger { return slog.New(slog.NewTextHandler(a.stderr, nil)) }

// referenceAPI turns the documents' endpoints into routes of the bundled API.
func (s *session) referenceAPI(f facts, documents []*stack.Conformance, log *slog.Logger) (http.Handler, error) {
	verifier, err := token.New(token.Config{
		TenantID: s.tenantID, IssuerV1: s.v1Issuer, IssuerV2: s.v2Issuer(),
		Audiences: f.resource.Audiences, JWKSURL: s.jwksURL(), HTTPClient: s.http,
	})
	if err != nil {
		return nil, err
	}
	var routes []referenceapi.Route
	seen := map[string]bool{}
	for _, document := range documents {
		for _, e := range bundled(document).Endpoints {
			if seen[e.Request] {
				continue
			}
			seen[e.Request] = true
			method, _, _ := strings.Cut(e.Request, " ")
			route := referenceapi.Route{Method: method, Path: bundledPath(e), Public: e.Public, Handler: answer(e.Expect)}
			if r := e.Requires; r != nil {
				route.Scopes, route.AnyRole, route.AllRoles, route.Callers = r.Scopes, r.AnyRole, r.AllRoles, r.Callers
			}
			routes = append(routes, route)
		}
	}
	return referenceapi.New(referenceapi.Config{Routes: routes, Verifier: verifier, Logger: log})
}

// answer gives the members and status that an endpoint's document expects of
// an admitted request; nil is the reference API's own answer.
func answer(e *stack.Expect) http.Handler {
	if e == nil || (e.Status == 0 && len(e.JSON) == 0) {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]any{"status": "ok"}
		if claims := referenceapi.Claims(r.Context()); claims != nil && claims.Username != "" {
			body["user"] = claims.Username
		}
		maps.Copy(body, e.JSON)
		status := cmp.Or(e.Status, http.StatusOK)
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // fails only when the caller has gone
	})
}

func serveUntilDone(ctx context.Context, server *http.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// The interrupt has cancelled ctx already: what is under way gets a moment.
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
