package stack

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Requires is the requirement of an endpoint: a token must meet every part of it or, if
// AnyOf is set, every part of one alternative.
type Requires struct {
	Scopes   []string `json:"scopes,omitempty"`   // all of these
	AnyScope []string `json:"anyScope,omitempty"` // one of these
	AnyRole  []string `json:"anyRole,omitempty"`
	AllRoles []string `json:"allRoles,omitempty"`
	Groups   []string `json:"groups,omitempty"`  // one of these, by the names of their documents
	Guests   string   `json:"guests,omitempty"`  // refused
	Owner    bool     `json:"owner,omitempty"`   // only the caller who created the object in setup
	Callers  []string `json:"callers,omitempty"` // users, applications; default: users where scopes or groups are required, else both

	AnyOf []Requires `json:"-"` // of a list; then no other field is set
}

// UnmarshalJSON reads one requirement or a list of them.
func (r *Requires) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, &r.AnyOf)
	}
	type plain Requires // a type without this method
	return json.Unmarshal(raw, (*plain)(r))
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (r Requires) MarshalJSON() ([]byte, error) {
	if r.AnyOf != nil {
		return json.Marshal(r.AnyOf)
	}
	type plain Requires
	return json.Marshal(plain(r))
}

// Alternatives returns the requirements of which a caller must meet one. For nil the list
// is empty.
func (r *Requires) Alternatives() []Requires {
	switch {
	case r == nil:
		return nil
	case r.AnyOf != nil:
		return r.AnyOf
	}
	return []Requires{*r}
}

// Allows reports whether callers of a kind, users or applications, can meet the
// requirement.
func (r Requires) Allows(kind string) bool {
	if len(r.Callers) > 0 {
		return slices.Contains(r.Callers, kind)
	}
	return kind == "users" || len(r.Scopes)+len(r.AnyScope)+len(r.Groups) == 0
}
