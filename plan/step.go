package plan

import (
	"cmp"
	"fmt"

	"provision/stack"
)

// Action is the action of a step on its object.
type Action string

// The actions.
const (
	Create  Action = "create"
	Link    Action = "link" // the second step of an application: the properties that refer to other objects
	Update  Action = "update"
	Adopt   Action = "adopt"   // an existing application that gets the stack's mark
	Replace Action = "replace" // of a secret whose value is lost or has expired
	Delete  Action = "delete"
	Restore Action = "restore" // from the recycle bin
	Purge   Action = "purge"   // from the recycle bin
)

// Step is one action. Every step can be repeated.
type Step struct {
	Action Action `json:"action"`
	Key
	Stack   string   `json:"stack,omitempty"`
	Display string   `json:"display,omitempty"`
	ID      string   `json:"id,omitempty"` // the id in the tenant, if the object exists
	Changes []Change `json:"changes,omitempty"`

	// Reason is why a secret or a password is replaced, or the sink from which the value of a secret moves.
	Reason string `json:"reason,omitempty"`

	// Refs are the objects that it connects or belongs to.
	Refs Refs `json:"refs,omitzero"`

	// Bodies are sent one after another: first the requests that must precede (a scope
	// is disabled before it is removed), and then the rest.
	Bodies []map[string]any `json:"bodies,omitempty"`

	// Hosting contains the actions of Terraform.
	Hosting *Hosting `json:"hosting,omitempty"`

	// Secret is the action on a client secret.
	Secret *SecretStep `json:"secret,omitempty"`

	// Needs are the objects that must exist before the step: the objects whose ids the
	// bodies and refs contain, and others that Entra requires.
	Needs []Key `json:"needs,omitempty"`

	// FollowsDelete distinguishes the purge of an object that this plan deletes from
	// the purge of an object that was in the recycle bin before.
	FollowsDelete bool `json:"followsDelete,omitempty"`

	// Customer describes a service principal in the tenant of a customer: its
	// application is registered in another tenant.
	Customer bool `json:"customer,omitempty"`

	// Clients are existing applications that it pre-authorizes, or pre-authorizes for
	// more scopes.
	Clients []Key `json:"clients,omitempty"`
}

// Refs are the objects that a relation or a credential connects.
type Refs struct {
	Resource  Ref `json:"holder,omitzero"`    // see Ends
	Principal Ref `json:"principal,omitzero"` // see Ends
}

// Ref is an object that a request names by one of its ids.
type Ref struct {
	Key
	Property string `json:"property"`     // ID or ServicePrincipalID
	ID       string `json:"id,omitempty"` // "" until the object exists
}

// Resolve returns the id, or "" if neither the plan nor lookup knows it.
func (r Ref) Resolve(lookup func(k Key, property string) string) string {
	if r.ID != "" || r.Key == (Key{}) {
		return r.ID
	}
	return lookup(r.Key, r.Property)
}

// SecretStep creates, replaces or revokes a client secret.
type SecretStep struct {
	Name     string     `json:"name"`
	Lifetime string     `json:"lifetime,omitempty"` // of a new secret
	Sink     stack.Sink `json:"sink,omitzero"`      // the sink for the value of a new secret

	// Superseded is set if a new secret has already replaced this one, which is
	// revoked when the Output files contain the new one.
	Superseded bool `json:"superseded,omitempty"`

	// BeforeGrants is set if the old secret is revoked before its application gets
	// any permission, because the creator of the application may know the secret.
	BeforeGrants bool `json:"beforeGrants,omitempty"`
}

// Concerns reports whether the step is about an object, its service principal, or a relation or a
// credential of it.
func (s Step) Concerns(k Key) bool {
	is := func(other Key) bool {
		return other == k || k.Kind == Application && other.Kind == ServicePrincipal && other.Name == k.Name
	}
	return is(s.Key) || is(s.Refs.Resource.Key) || is(s.Refs.Principal.Key)
}

// Title returns the action and the displayed name of the object, for messages.
func (s Step) Title() string {
	return fmt.Sprintf("%s %s %s", s.Action, s.Kind, cmp.Or(s.Display, s.Name))
}
