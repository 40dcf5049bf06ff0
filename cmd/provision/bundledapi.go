package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"provision/protected"
	referenceapi "provision/reference-api"
	"provision/reference-api/scenario"
	"provision/reference-api/token"
	"provision/stack"
)

// bundledAPI is the configuration of the reference API for an application.
type bundledAPI struct {
	scenario string // instead of the documents'
	keep     string // the folder in which scenarios store their data; empty: in memory
	vault    scenario.Vault
	log      *slog.Logger
	cooldown time.Duration // between two fetches of the key set; 0: the verifier's
}

// bundledAPI returns the reference API with the documents' endpoints as its routes.
func (s *connection) bundledAPI(p protected.API, f protected.Facts, documents []*stack.Conformance, how bundledAPI) (h http.Handler, closeAPI func() error, err error) {
	verifier, err := token.New(token.Config{
		TenantID: s.tenantID, IssuerV1: s.v1Issuer, IssuerV2: s.v2Issuer(),
		Audiences: f.Resource.Audiences, JWKSURL: s.keysOf(f), HTTPClient: s.http, Tenants: welcomes(f), KeyCooldown: how.cooldown,
	})
	if err != nil {
		return nil, nil, err
	}
	behind := &scenario.Scenario{}
	if name := cmp.Or(how.scenario, scenarioOf(documents)); name != "" {
		if behind, err = scenario.Open(name, scenario.Config{Dir: how.keep, Vault: how.vault}); err != nil {
			return nil, nil, err
		}
	}
	base := s.authority + "/" + s.tenantID + "/oauth2/v2.0/"
	description := &referenceapi.OpenAPI{
		Title: p.Resource.DisplayName, AuthorizationURL: base + "authorize", TokenURL: base + "token", ScopeBase: f.ScopeBase,
	}
	if page := docsPage(p); page != nil {
		description.ClientID = f.AppIDs[page.Name]
	}
	h, err = referenceapi.New(referenceapi.Config{
		Routes: routes(documents, behind, f), Verifier: verifier, Logger: how.log,
		Refusal: behind.Refusal, Origins: pageOrigins(p.Stack), OpenAPI: description,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("serve %s: %w", p.Name(), err)
	}
	return h, behind.Close, nil
}

// scenarioOf returns the scenario that one of the documents names.
func scenarioOf(documents []*stack.Conformance) string {
	for _, document := range documents {
		if document.Scenario != "" {
			return document.Scenario
		}
	}
	return ""
}

// routes returns the documents' endpoints, each once.
func routes(documents []*stack.Conformance, behind *scenario.Scenario, f protected.Facts) []referenceapi.Route {
	var all []referenceapi.Route
	seen := map[string]bool{}
	kept := &objects{made: map[string]*keptObject{}}
	for _, document := range documents {
		for _, e := range document.Endpoints {
			method, path, _ := strings.Cut(e.Request, " ")
			handler := behind.Handler(method, path)
			owned := handler == nil && document.Scenario == "" && ownerOnly(e)
			if owned {
				handler = kept.handler(e)
			} else if handler == nil { // the values of a parameter cannot be distinguished
				if document.Scenario == "" && !wholeSegments(path) {
					path = bundledPath(bundledEndpoint(e))
				}
				handler = answer(e.Expect)
			}
			path, _, _ = strings.Cut(path, "?")
			if seen[method+" "+path] {
				continue
			}
			seen[method+" "+path] = true
			route := referenceapi.Route{Method: method, Path: path, Public: e.Public, Handler: handler, Refusal: statedRefusal(e.Refusals.Or(document.Refusals))}
			if owned {
				route.Owns = kept.owns(e)
			}
			for _, r := range e.Requires.Alternatives() {
				route.Requires = append(route.Requires, referenceapi.Requirement{
					Scopes: r.Scopes, AnyScope: r.AnyScope, AnyRole: r.AnyRole, AllRoles: r.AllRoles,
					Groups: f.GroupClaims(r.Groups), NoGuests: r.Guests != "", Owner: r.Owner, Callers: r.Callers,
				})
			}
			all = append(all, route)
		}
		for _, e := range document.Endpoints {
			if route, ok := kept.creates(e); ok && document.Scenario == "" && ownerOnly(e) {
				at := slices.IndexFunc(all, func(r referenceapi.Route) bool { return r.Method == route.Method && r.Path == route.Path })
				if at < 0 {
					all = append(all, route)
				} else if !seen[route.Method+" "+route.Path+" creates"] {
					all[at].Handler = route.Handler
				}
				seen[route.Method+" "+route.Path+" creates"] = true
			}
		}
	}
	return all
}

// docsPage returns the single-page application with which the documentation page of the API signs
// in: an application with the redirect URI of this page.
func docsPage(p protected.API) *stack.Application {
	for _, a := range p.Stack.Applications {
		for _, uri := range a.SPA.RedirectURIs {
			if u, err := url.Parse(uri); err == nil && u.Path == "/oauth2-redirect" {
				return a
			}
		}
	}
	return nil
}

// pageOrigins returns the origins of the stack's single-page applications, whose
// scripts may call its API.
func pageOrigins(s *stack.Stack) []string {
	var origins []string
	for _, a := range s.Applications {
		for _, uri := range a.SPA.RedirectURIs {
			if u, err := url.Parse(uri); err == nil && u.Host != "" && strings.HasPrefix(u.Scheme, "http") {
				origins = append(origins, u.Scheme+"://"+u.Host)
			}
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

// answer gives the members and status that an endpoint's document expects of
// an admitted request; nil is the reference API's own answer.
func answer(e *stack.Expect) http.Handler {
	if e == nil || (e.Status == 0 && len(e.JSON) == 0 && e.Contains == "") {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]any{"status": "ok"}
		if claims := referenceapi.Claims(r.Context()); claims != nil && claims.Username != "" {
			body["user"] = claims.Username
		}
		example(body, e)
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

// startBundledAPI serves the bundled API on a free port until stop.
func (s *connection) startBundledAPI(p protected.API, f protected.Facts, document *stack.Conformance) (url string, stop func(), err error) {
	silent := slog.New(slog.DiscardHandler) // the report shows the refusals
	how := bundledAPI{log: silent}
	if s.local { // whose key set the cases change: they do not wait for the API to fetch it
		how.cooldown = 50 * time.Millisecond
	}
	api, closeAPI, err := s.bundledAPI(p, f, []*stack.Conformance{document}, how)
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = closeAPI() // it kept nothing
		return "", nil, fmt.Errorf("serve the reference API: %w", err)
	}
	server := referenceapi.NewServer(api, silent)
	go func() { _ = server.Serve(l) }() // ends with Close, which is no error
	return "http://" + l.Addr().String(), func() {
		server.Close()
		_ = closeAPI()
	}, nil
}
