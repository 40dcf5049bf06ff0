package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// Kinds of callers in a document.
const (
	users        = "users"
	applications = "applications"
)

// endpoint is an endpoint of the document with its defaults filled in, seen from
// one of its alternatives.
type endpoint struct {
	id      string // its name, or else its request
	request string // "GET /secure"
	public  bool
	requirement
	alternatives []requirement // of which one is enough
	number       int           // of the alternative, from 0
	expect       Expect
	meaning      *meaning
	stated       stack.Endpoint
}

// endpoint is newEndpoint with the settings of the document for all endpoints.
func (s *Suite) endpoint(e stack.Endpoint) (endpoint, error) {
	n, err := newEndpoint(e)
	for i := range n.alternatives {
		if r := &n.alternatives[i]; r.owner && e.Setup != nil {
			r.made = e.Setup.As
			r.users, r.apps = r.users && r.made.User != "", r.apps && r.made.Application != ""
		}
	}
	if err == nil {
		n.requirement = n.alternatives[0]
	}
	n.meaning = meaningOf(n.expect, e.Refusals.Or(s.Document.Refusals))
	return n, err
}

func newEndpoint(e stack.Endpoint) (endpoint, error) {
	request, err := parseRequest(e.Request)
	if err != nil {
		return endpoint{}, err
	}
	n := endpoint{id: identity(e), request: request, public: e.Public, expect: expectOf(e.Expect), stated: e}
	if n.expect.Status != 0 && (n.expect.Status < 200 || n.expect.Status > 299) {
		return n, fmt.Errorf("endpoint %s: expects %d for an accepted request, which is not a success status", n.id, n.expect.Status)
	}
	for _, r := range e.Requires.Alternatives() {
		n.alternatives = append(n.alternatives, newRequirement(r))
	}
	if len(n.alternatives) == 0 {
		n.alternatives = []requirement{{users: true, apps: true}}
	}
	n.requirement = n.alternatives[0]
	return n, nil
}

func expectOf(e *stack.Expect) Expect {
	if e == nil {
		return Expect{}
	}
	return Expect{Status: e.Status, JSON: e.JSON, Contains: e.Contains}
}

// identity identifies an endpoint.
func identity(e stack.Endpoint) string {
	if e.Name != "" {
		return e.Name
	}
	if request, err := parseRequest(e.Request); err == nil {
		return request
	}
	return e.Request
}

// parseRequest checks "METHOD /path" and returns it in its one spelling.
func parseRequest(request string) (string, error) {
	words := strings.Fields(request)
	if len(words) != 2 || words[0] != strings.ToUpper(words[0]) || !strings.HasPrefix(words[1], "/") {
		return "", fmt.Errorf("request %q: not a method in capitals and an absolute path", request)
	}
	return strings.Join(words, " "), nil
}

// each returns the endpoint seen from each of its alternatives.
func (e endpoint) each() []endpoint {
	all := make([]endpoint, len(e.alternatives))
	for i, r := range e.alternatives {
		all[i] = e
		all[i].number, all[i].requirement = i, r
	}
	return all
}

// of returns the part of a case id that separates the cases of the second alternative from the first.
func (e endpoint) of(name string) string {
	if e.number == 0 {
		return name
	}
	return fmt.Sprintf("%s alternative %d", name, e.number+1)
}

// key returns the key under which the accepted token of the alternative is stored.
func (e endpoint) key() string { return e.of(e.id) }

// several reports whether the endpoint has several alternatives.
func (e endpoint) several() bool { return len(e.alternatives) > 1 }

// letsIn reports whether some alternative admits a caller.
func (e endpoint) letsIn(c caller) bool {
	return slices.ContainsFunc(e.alternatives, func(r requirement) bool { return r.admits(c) })
}

// alone reports whether only this alternative admits a caller.
func (e endpoint) alone(c caller) bool {
	for i, r := range e.alternatives {
		if r.admits(c) != (i == e.number) {
			return false
		}
	}
	return true
}

// everyRole returns the roles of all alternatives.
func (e endpoint) everyRole() []string {
	var all []string
	for _, r := range e.alternatives {
		all = append(all, missing(r.roles(), all)...)
	}
	return all
}

// everyScope returns the scopes of all alternatives.
func (e endpoint) everyScope() []string {
	var all []string
	for _, r := range e.alternatives {
		all = append(all, missing(slices.Concat(r.scopes, r.anyScope), all)...)
	}
	return all
}

// base returns the key of the case's endpoint and alternative.
func (c Case) base() string { return cmp.Or(c.key, c.Endpoint) }
