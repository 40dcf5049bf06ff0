package conformance

import (
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// requirement is the condition for a token to be accepted: it must meet every part.
type requirement struct {
	scopes   []string // users' clients need them all
	anyScope []string // and one of these
	anyRole  []string
	allRoles []string
	groups   []string // one of these, by name
	noGuests bool
	owner    bool // only the caller that created the object in setup
	users    bool // users can be admitted
	apps     bool // applications can be admitted

	made stack.As // the caller that creates the object, if only its owner is admitted
}

func newRequirement(stated stack.Requires) requirement {
	r := requirement{
		scopes: stated.Scopes, anyScope: stated.AnyScope, anyRole: stated.AnyRole, allRoles: stated.AllRoles, groups: stated.Groups,
		noGuests: stated.Guests != "", owner: stated.Owner, users: stated.Allows(users), apps: stated.Allows(applications),
	}
	if r.needsScope() && !r.needsRole() || len(r.groups) > 0 {
		r.apps = false // an application has no scopes and no groups, so it cannot meet the requirement
	}
	return r
}

func (r requirement) needsScope() bool { return len(r.scopes)+len(r.anyScope) > 0 }

func (r requirement) needsRole() bool { return len(r.anyRole)+len(r.allRoles) > 0 }

// roles are all roles that the requirement names.
func (r requirement) roles() []string { return slices.Concat(r.anyRole, r.allRoles) }

// satisfiedBy reports whether these roles are enough.
func (r requirement) satisfiedBy(roles []string) bool {
	return (len(r.anyRole) == 0 || overlap(r.anyRole, roles)) && len(missing(r.allRoles, roles)) == 0
}

// scoped reports whether these scopes are enough.
func (r requirement) scoped(scopes []string) bool {
	return (len(r.anyScope) == 0 || overlap(r.anyScope, scopes)) && len(missing(r.scopes, scopes)) == 0
}

// fits reports whether a user meets the requirement, ignoring scopes and ownership.
func (r requirement) fits(u User) bool {
	return r.satisfiedBy(u.Roles) && r.fitsButRoles(u) && (!r.owner || u.Name == r.made.User)
}

func (r requirement) fitsButRoles(u User) bool {
	return (len(r.groups) == 0 || overlap(r.groups, u.Groups)) && !(r.noGuests && u.Guest)
}

// admits reports whether a caller is admitted.
func (r requirement) admits(c caller) bool {
	if r.owner && !c.owner {
		return false
	}
	if c.app {
		return r.apps && r.satisfiedBy(c.roles)
	}
	return r.users && r.scoped(c.scopes) && r.satisfiedBy(c.roles) && r.fitsButRoles(User{Groups: c.groups, Guest: c.guest})
}

// sufficient returns a shortest list of roles that is sufficient.
func (r requirement) sufficient() []string {
	if len(r.anyRole) > 0 && !overlap(r.anyRole, r.allRoles) {
		return append([]string{r.anyRole[0]}, r.allRoles...)
	}
	return r.allRoles
}

// minimal returns a caller with exactly the required scopes and roles.
func (r requirement) minimal(app bool) caller {
	c := caller{app: app, roles: r.sufficient(), owner: r.owner}
	if !app {
		c.scopes, c.groups = slices.Concat(r.scopes, r.anyScope[:min(1, len(r.anyScope))]), r.groups[:min(1, len(r.groups))]
	}
	return c
}

// caller contains the claims of a token that requirements refer to.
type caller struct {
	app                   bool
	scopes, roles, groups []string
	guest                 bool
	owner                 bool // made the object
}

func (c caller) String() string {
	parts := []string{"user"}
	if c.app {
		parts[0] = "application"
	}
	for _, list := range []struct {
		what   string
		values []string
	}{{"scope", c.scopes}, {"role", c.roles}, {"group", c.groups}} {
		for _, value := range list.values {
			parts = append(parts, list.what+" "+value)
		}
	}
	if len(parts) == 1 {
		return parts[0] + " with nothing"
	}
	return parts[0] + " with " + strings.Join(parts[1:], ", ")
}

// without returns the caller without one part.
func (c caller) without(p part) caller {
	drop := func(values []string, what string) []string {
		if p.what != what {
			return slices.Clone(values)
		}
		return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == p.value })
	}
	c.scopes, c.roles, c.groups = drop(c.scopes, "scope"), drop(c.roles, "role"), drop(c.groups, "group")
	return c
}

// part is a role, scope, group or other property of a caller.
type part struct{ what, value string }

func (c caller) parts() (all []part) {
	for _, s := range c.scopes {
		all = append(all, part{"scope", s})
	}
	for _, r := range c.roles {
		all = append(all, part{"role", r})
	}
	for _, g := range c.groups {
		all = append(all, part{"group", g})
	}
	return all
}

func (c caller) with(other caller) caller {
	join := func(a, b []string) []string { return append(slices.Clone(a), missing(b, a)...) }
	c.scopes, c.roles, c.groups = join(c.scopes, other.scopes), join(c.roles, other.roles), join(c.groups, other.groups)
	return c
}

// mixtures returns callers that have parts of two alternatives and meet neither. An
// API that combines the parts of several alternatives admits them. Each has a name.
func (e endpoint) mixtures() (all []caller) {
	seen := map[string]bool{}
	for _, a := range e.alternatives {
		seen[fmt.Sprint(a.minimal(!a.users))] = true
	}
	for i, a := range e.alternatives {
		for _, b := range e.alternatives[i+1:] {
			both := a.minimal(false).with(b.minimal(false))
			for _, app := range []bool{false, true} {
				mixed := both
				mixed.app, mixed.owner = app, true
				if app {
					mixed.scopes, mixed.groups = nil, nil // which an application's token never has
				}
				lacking := []caller{mixed}
				for _, p := range mixed.parts() {
					lacking = append(lacking, mixed.without(p))
					for _, q := range mixed.parts() {
						lacking = append(lacking, mixed.without(p).without(q))
					}
				}
				for _, c := range lacking {
					name := fmt.Sprint(c)
					if len(c.parts()) == 0 || seen[name] || e.letsIn(c) {
						continue
					}
					seen[name] = true
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// missing returns the values of want that have does not contain.
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
