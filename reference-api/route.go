package referenceapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"provision/reference-api/token"
)

// Kinds of callers that a Route may name.
const (
	Users        = "users"        // a client acting for a signed-in user (delegated token)
	Applications = "applications" // an application as itself (app-only token)
)

// Route is one endpoint and what a caller's token must carry to be let in:
// every one of Scopes (users' clients have them, applications never), one of
// AnyRole, every one of AllRoles. With none of them any token for the API is
// enough.
type Route struct {
	Method   string // GET also answers HEAD
	Path     string // as in a request line, such as /secure or /heroes/{id}; a query is ignored
	Public   bool   // no token is asked for; it excludes all requirements
	Scopes   []string
	AnyRole  []string
	AllRoles []string
	// Callers are the kinds of callers: default Users where Scopes are stated,
	// else both. Where both are named beside Scopes, an application is let in
	// by its roles, so never where the route asks for none.
	Callers []string
	Handler http.Handler // answers an admitted request; default: Status
}

// normalize fills in the defaults and refuses what would not mean what it says.
func (r Route) normalize() (Route, error) {
	if r.Method == "" || r.Method != strings.ToUpper(r.Method) || strings.ContainsAny(r.Method, " \t/") {
		return r, fmt.Errorf("method %q: not an http method in capitals", r.Method)
	}
	if r.Method == http.MethodOptions || r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return r, fmt.Errorf("method %s: cannot be protected by a token", r.Method)
	}
	var err error
	if r.Path, err = normalizePath(r.Path); err != nil {
		return r, err
	}
	if r.Public {
		if len(r.Scopes)+len(r.AnyRole)+len(r.AllRoles)+len(r.Callers) > 0 {
			return r, errors.New("a public route cannot have requirements")
		}
	} else if len(r.Callers) == 0 {
		r.Callers = []string{Users}
		if len(r.Scopes) == 0 {
			r.Callers = []string{Users, Applications}
		}
	}
	for _, caller := range r.Callers {
		if caller != Users && caller != Applications {
			return r, fmt.Errorf("callers %q: neither %s nor %s", caller, Users, Applications)
		}
	}
	if r.Handler == nil {
		r.Handler = http.HandlerFunc(Status)
	}
	return r, nil
}

// refusal is why a verified caller is not let in: detail is for the caller,
// scope (space-separated) for the challenge.
type refusal struct {
	detail, scope string
	reason        error
}

// authorize decides by the claims of a verified token; nil lets in.
func (r Route) authorize(c *token.Claims) *refusal {
	missingScope := func(scope string) *refusal {
		return &refusal{"Missing scope " + scope, strings.Join(r.Scopes, " "), ErrScope}
	}
	caller := Users
	if c.AppOnly {
		caller = Applications
	}
	if c.AppOnly && len(r.Scopes) > 0 && (!slices.Contains(r.Callers, caller) || len(r.AnyRole)+len(r.AllRoles) == 0) {
		return missingScope(r.Scopes[0])
	}
	if !slices.Contains(r.Callers, caller) {
		return &refusal{detail: "Not open to " + caller, reason: ErrCaller}
	}
	if !c.AppOnly {
		for _, scope := range r.Scopes {
			if !c.HasScope(scope) {
				return missingScope(scope)
			}
		}
	}
	if len(r.AnyRole) > 0 && !slices.ContainsFunc(r.AnyRole, c.HasRole) {
		return missingRole(c)
	}
	for _, role := range r.AllRoles {
		if !c.HasRole(role) {
			return missingRole(c)
		}
	}
	return nil
}

func missingRole(c *token.Claims) *refusal {
	if len(c.Roles) == 0 {
		return &refusal{detail: "Missing role", reason: ErrNoRoles}
	}
	return &refusal{detail: "Missing role", reason: ErrRole}
}
