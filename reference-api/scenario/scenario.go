package scenario

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	referenceapi "provision/reference-api"
)

// Scenario is the application logic behind the routes of one stack.
type Scenario struct {
	// Handlers answer admitted requests, by method and path as the Conformance
	// document states them, without a query: "POST /heroes/".
	Handlers map[string]http.Handler
	// Refusal is the body of a refusal; nil: the reference API's own.
	Refusal func(referenceapi.Refused) any

	close func() error
}

// Config contains the settings of a scenario.
type Config struct {
	Dir   string // the folder for stored objects, created with mode 0700; empty: Close discards them
	Vault Vault  // where vault-function finds secrets; nil: LocalVault
}

// known are the scenarios by name. The names are the names of the folders in
// manifests/.
var known = map[string]func(Config) (*Scenario, error){
	"vscode-fastapi": func(Config) (*Scenario, error) { return &Scenario{}, nil }, // its only answer is the name of the caller
	"heroes":         openHeroes,
	"web-login":      openPeople,
	"spa":            openProfile,
	"vault-function": openVault,
}

// Names lists the scenarios.
func Names() []string { return slices.Sorted(maps.Keys(known)) }

// Open starts a scenario.
func Open(name string, c Config) (*Scenario, error) {
	open, ok := known[name]
	if !ok {
		return nil, fmt.Errorf("scenario %q is not known: choose one of: %s", name, strings.Join(Names(), ", "))
	}
	s, err := open(c)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return s, nil
}

// Handler answers the admitted requests of a route; nil leaves them to the
// reference API.
func (s *Scenario) Handler(method, path string) http.Handler {
	path, _, _ = strings.Cut(path, "?")
	return s.Handlers[method+" "+path]
}

// Close releases the resources of Open.
func (s *Scenario) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}
