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
	Users        = "users"        // a client that acts for a signed-in user (delegated token)
	Applications = "applications" // an application that acts for itself (app-only token)
)

// Route is one endpoint and its requirements: a token must meet one of Requires.
// Without requirements, any token for the API is sufficient.
type Route struct {
	Method   string // GET also answers HEAD
	Path     string // as in a request line, such as /secure or /heroes/{id}; a query is ignored
	Public   bool   // no token is required; it excludes all requirements
	Requires []Requirement
	Handler  http.Handler // answers an admitted request; default: Status

	// Owns reports whether the caller owns the object of the request, if a requirement
	// needs an owner. nil: nobody is an owner.
	Owns func(*http.Request, *token.Claims) bool

	// Refusal is the status and the body of a refused caller's answer; nil: the
	// API's own.
	Refusal func(Refused) (status int, body any)
}

// Requirement is a condition for tokens: every one of Scopes, one of AnyScope
// (applications never have scopes), one of AnyRole, every one of AllRoles, and for a
// user one of Groups.
type Requirement struct {
	Scopes   []string
	AnyScope []string
	AnyRole  []string
	AllRoles []string
	Groups   []string // object ids
	NoGuests bool
	Owner    bool // only the owner of the requested object
	// Callers are the kinds of callers. The default is Users if scopes or groups are
	// stated, else both. If both are named together with scopes, an application is
	// admitted by its roles, and therefore never if no roles are required.
	Callers []string
}

// normalize fills in the defaults and refuses invalid routes.
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
	if r.Public && len(r.Requires) > 0 {
		return r, errors.New("a public route cannot have requirements")
	}
	if !r.Public && len(r.Requires) == 0 {
		r.Requires = []Requirement{{}}
	}
	r.Requires = slices.Clone(r.Requires)
	for i := range r.Requires {
		if r.Requires[i], err = r.Requires[i].normalize(); err != nil {
			return r, err
		}
	}
	if r.Handler == nil {
		r.Handler = http.HandlerFunc(Status)
	}
	return r, nil
}

func (r Requirement) normalize() (Requirement, error) {
	if len(r.Callers) == 0 {
		r.Callers = []string{Users}
		if !r.scoped() && len(r.Groups) == 0 {
			r.Callers = []string{Users, Applications}
		}
	}
	for _, caller := range r.Callers {
		if caller != Users && caller != Applications {
			return r, fmt.Errorf("callers %q: neither %s nor %s", caller, Users, Applications)
		}
	}
	return r, nil
}

func (r Requirement) scoped() bool { return len(r.Scopes)+len(r.AnyScope) > 0 }

// refusal is the reason why a verified caller is not admitted: detail is for the
// caller, scope (space-separated) for the challenge.
type refusal struct {
	detail, scope string
	reason        error
}

// authorize checks the claims of a verified token. It returns nil if the caller may
// call the route, or else the refusal of the first requirement.
func (r Route) authorize(request *http.Request, c *token.Claims) (first *refusal) {
	for _, requirement := range r.Requires {
		refused := requirement.authorize(c)
		if refused == nil && requirement.Owner && (r.Owns == nil || !r.Owns(request, c)) {
			refused = &refusal{detail: "Not the owner", reason: ErrOwner}
		}
		if refused == nil {
			return nil
		}
		if first == nil {
			first = refused
		}
	}
	return first
}

func (r Requirement) authorize(c *token.Claims) *refusal {
	missingScope := func(scope string) *refusal {
		return &refusal{"Missing scope " + scope, strings.Join(append(slices.Clone(r.Scopes), r.AnyScope...), " "), ErrScope}
	}
	caller := Users
	if c.AppOnly {
		caller = Applications
	}
	if c.AppOnly && r.scoped() && (!slices.Contains(r.Callers, caller) || len(r.AnyRole)+len(r.AllRoles) == 0) {
		return missingScope(append(slices.Clone(r.Scopes), r.AnyScope...)[0])
	}
	if !slices.Contains(r.Callers, caller) || c.AppOnly && len(r.Groups) > 0 {
		return &refusal{detail: "Not open to " + caller, reason: ErrCaller}
	}
	if !c.AppOnly {
		for _, scope := range r.Scopes {
			if !c.HasScope(scope) {
				return missingScope(scope)
			}
		}
		if len(r.AnyScope) > 0 && !slices.ContainsFunc(r.AnyScope, c.HasScope) {
			return missingScope(r.AnyScope[0])
		}
		if r.NoGuests && c.Guest {
			return &refusal{detail: "Not open to guests", reason: ErrGuest}
		}
		if len(r.Groups) > 0 && !slices.ContainsFunc(r.Groups, c.InGroup) {
			return &refusal{detail: "Missing group", reason: ErrGroup}
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
