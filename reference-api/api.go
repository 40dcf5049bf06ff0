package referenceapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"provision/reference-api/token"
)

// Verifier decides whether a token is valid. *token.Verifier is one.
type Verifier interface {
	Verify(ctx context.Context, raw string) (*token.Claims, error)
}

// Config configures an API. Verifier may be nil where every route is
// public.
type Config struct {
	Routes   []Route
	Verifier Verifier
	Logger   *slog.Logger // default: slog.Default()
	MaxBody  int64        // bytes of a request's body; default 1 MiB

	// Refusal is the body of the answer to a refused caller, encoded as JSON. It
	// reveals no more about the token than its status. Default: {"detail": …}.
	Refusal func(Refused) any
	// Origins are the origins of pages whose scripts may call the API and read its
	// answers (CORS), for example https://app.contoso.example.
	Origins []string
	// OpenAPI contains the description of the API. Nil: the API is not described.
	OpenAPI *OpenAPI
}

// api finds the route of a request and checks the caller.
type api struct {
	routes   map[string]map[string]Route // by path as declared, then by method
	patterns []string                    // the declared paths that have parameters
	verifier Verifier
	log      *slog.Logger
	maxBody  int64
	refusal  func(Refused) any
	origins  []string
}

// New creates the API's handler. The error names a route that cannot be served.
func New(c Config) (http.Handler, error) {
	a := &api{
		routes: make(map[string]map[string]Route), verifier: c.Verifier, log: c.Logger, maxBody: c.MaxBody,
		refusal: c.Refusal, origins: c.Origins,
	}
	if a.refusal == nil {
		a.refusal = func(r Refused) any { return map[string]string{"detail": r.Detail} }
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.maxBody == 0 {
		a.maxBody = 1 << 20
	}
	routes, err := c.described()
	if err != nil {
		return nil, err
	}
	for _, stated := range routes {
		route, err := stated.normalize()
		if err != nil {
			return nil, fmt.Errorf("route %s %s: %w", stated.Method, stated.Path, err)
		}
		if !route.Public && c.Verifier == nil {
			return nil, fmt.Errorf("route %s %s: protected, but there is no token verifier", route.Method, route.Path)
		}
		methods := a.routes[route.Path]
		if methods == nil {
			methods = make(map[string]Route)
			a.routes[route.Path] = methods
			if strings.Contains(route.Path, "{") {
				a.patterns = append(a.patterns, route.Path)
			}
		}
		if _, ok := methods[route.Method]; ok {
			return nil, fmt.Errorf("route %s %s: stated twice", route.Method, route.Path)
		}
		methods[route.Method] = route
	}
	return a, nil
}

// described returns the routes and the routes of their OpenAPI document. The document replaces a
// public route of the same path.
func (c Config) described() ([]Route, error) {
	if c.OpenAPI == nil {
		return c.Routes, nil
	}
	own, err := c.OpenAPI.routes(c.Routes)
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	for _, route := range c.Routes {
		same := func(o Route) bool { return route.Public && o.Method == route.Method && o.Path == route.Path }
		if !slices.ContainsFunc(own, same) {
			own = append(own, route)
		}
	}
	return own, nil
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, a.maxBody)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if a.crossOrigin(w, r) {
		return
	}
	methods, ok := a.find(r)
	if !ok {
		a.refuse(w, r, Route{}, http.StatusNotFound, "Not found", ErrNoRoute)
		return
	}
	route, ok := methods[r.Method]
	if !ok && r.Method == http.MethodHead {
		route, ok = methods[http.MethodGet]
	}
	if !ok {
		w.Header().Set("Allow", allow(methods))
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		a.refuse(w, r, Route{}, http.StatusMethodNotAllowed, "Method not allowed", ErrNoRoute)
		return
	}
	if route.Public {
		a.log.InfoContext(r.Context(), "served", request(r)...)
		route.Handler.ServeHTTP(w, r)
		return
	}
	a.protect(w, r, route)
}

// find returns the routes of a request's path, and sets the path's parameters in the
// request.
func (a *api) find(r *http.Request) (map[string]Route, bool) {
	sent := r.URL.EscapedPath()
	if methods, ok := a.routes[sent]; ok && !slices.Contains(a.patterns, sent) {
		return methods, true
	}
	for _, pattern := range a.patterns {
		if values, ok := match(pattern, sent); ok {
			for name, value := range values {
				r.SetPathValue(name, value)
			}
			return a.routes[pattern], true
		}
	}
	return nil, false
}

// protect serves the route if the request's token is valid and sufficient.
func (a *api) protect(w http.ResponseWriter, r *http.Request, route Route) {
	w.Header().Set("Cache-Control", "no-store")
	raw, err := bearer(r.Header)
	if err != nil {
		a.unauthorized(w, r, route, err)
		return
	}
	claims, err := a.verifier.Verify(r.Context(), raw)
	switch {
	case errors.Is(err, token.ErrKeysNotKnown):
		// The caller did not cause it, and another sign-in would not help.
		w.Header().Set("Retry-After", "1")
		a.refuse(w, r, Route{}, http.StatusServiceUnavailable, "Token validation unavailable", err)
		return
	case err != nil:
		a.unauthorized(w, r, route, err)
		return
	}
	if refused := route.authorize(r, claims); refused != nil {
		w.Header().Set("WWW-Authenticate", insufficientScope(refused.scope))
		a.refuse(w, r, route, http.StatusForbidden, refused.detail, refused.reason, principal(claims)...)
		return
	}
	a.log.InfoContext(r.Context(), "served", append(request(r), principal(claims)...)...)
	route.Handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
}

// request is the request in the log. It has no query, because clients put tokens there
// although they should not.
func request(r *http.Request) []any {
	return []any{"method", r.Method, "path", r.URL.EscapedPath(), "remote", r.RemoteAddr}
}

func principal(c *token.Claims) []any {
	return []any{"oid", c.ObjectID, "client", c.ClientID, "scopes", strings.Join(c.Scopes, " "), "roles", strings.Join(c.Roles, " ")}
}

func allow(methods map[string]Route) string {
	names := []string{http.MethodOptions}
	for method := range methods {
		names = append(names, method)
		if method == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
