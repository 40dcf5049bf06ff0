package conformance

import (
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

// endpoint is an endpoint of the document with its defaults filled in.
type endpoint struct {
	request  string // "GET /secure"
	public   bool
	scopes   []string // users' clients need them all
	anyRole  []string
	allRoles []string
	users    bool // users can be let in
	apps     bool // applications can be let in
	expect   Expect
	stated   stack.Endpoint
}

func newEndpoint(e stack.Endpoint) (endpoint, error) {
	request, err := parseRequest(e.Request)
	if err != nil {
		return endpoint{}, err
	}
	n := endpoint{request: request, public: e.Public, users: true, apps: true, expect: expectOf(e.Expect), stated: e}
	if n.expect.Status != 0 && (n.expect.Status < 200 || n.expect.Status > 299) {
		return n, fmt.Errorf("endpoint %s: expects %d for an accepted request, which is not a success status", request, n.expect.Status)
	}
	if r := e.Requires; r != nil {
		n.scopes, n.anyRole, n.allRoles = r.Scopes, r.AnyRole, r.AllRoles
		if len(r.Callers) > 0 {
			n.users, n.apps = slices.Contains(r.Callers, users), slices.Contains(r.Callers, applications)
		} else {
			n.apps = len(r.Scopes) == 0
		}
	}
	if len(n.scopes) > 0 && !n.needsRole() {
		n.apps = false // an application has no scopes, so nothing stated lets it in
	}
	return n, nil
}

func expectOf(e *stack.Expect) Expect {
	if e == nil {
		return Expect{}
	}
	return Expect{Status: e.Status, JSON: e.JSON}
}

// parseRequest checks "METHOD /path" and returns it in its one spelling.
func parseRequest(request string) (string, error) {
	words := strings.Fields(request)
	if len(words) != 2 || words[0] != strings.ToUpper(words[0]) || !strings.HasPrefix(words[1], "/") {
		return "", fmt.Errorf("request %q: not a method in capitals and an absolute path", request)
	}
	return strings.Join(words, " "), nil
}

func (e endpoint) needsRole() bool { return len(e.anyRole)+len(e.allRoles) > 0 }

// satisfiedBy says whether these roles are enough.
func (e endpoint) satisfiedBy(roles []string) bool {
	has := func(role string) bool { return slices.Contains(roles, role) }
	return (len(e.anyRole) == 0 || slices.ContainsFunc(e.anyRole, has)) && len(missing(e.allRoles, roles)) == 0
}

// roles are all roles that the endpoint speaks of.
func (e endpoint) roles() []string { return slices.Concat(e.anyRole, e.allRoles) }

// missing are the values of want that have lacks.
func missing(want, have []string) []string {
	var lacking []string
	for _, value := range want {
		if !slices.Contains(have, value) {
			lacking = append(lacking, value)
		}
	}
	return lacking
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(value string) bool { return slices.Contains(b, value) })
}
