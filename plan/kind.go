package plan

import (
	"fmt"
	"slices"
)

// Kind is the kind of an Object.
type Kind string

// The kinds of objects and relations.
const (
	User             Kind = "user"
	Group            Kind = "group"
	Application      Kind = "application"
	ServicePrincipal Kind = "servicePrincipal"
	Member           Kind = "member"
	Assignment       Kind = "assignment"
	Grant            Kind = "grant"
	Secret           Kind = "secret"
	Federated        Kind = "federatedCredential"
	Owner            Kind = "owner"
	Password         Kind = "password"
	Terraform        Kind = "terraform"
)

// kind describes a Kind for planning.
type kind struct {
	name Kind

	// object is true if the kind is a directory object with its own document. The limit on
	// deletions counts it, and its document can prevent its deletion.
	object bool

	// relation is true if the kind connects two objects and is deleted with each of them.
	relation bool

	// within is true if a write to it changes its resource: Entra does not accept two such writes
	// at the same time.
	within bool

	actions map[Action]action
}

// action describes an action on a Kind for planning.
type action struct {
	phase phase

	// permission is the least privileged application permission of Graph for a write.
	// Source: the permission tables of the operations in Graph's reference.
	permission string
}

// phase orders steps that do not depend on each other.
type phase int

const (
	free    phase = iota // purge objects in the recycle bin whose names are needed
	detach               // delete relations
	revoke               // delete credentials
	create               // create objects
	update               // update applications, when their clients exist, and service principals
	own                  // add owners
	disown               // remove owners after new owners exist: a group needs at least one
	link                 // the properties that refer to other objects
	admit                // new credentials
	give                 // memberships, roles and consent
	host                 // hosting, after all registrations
	unhost               // remove hosting
	discard              // delete objects
	purge                // purge them from the recycle bin
)

const (
	applications = "Application.ReadWrite.OwnedBy"
	anyUser      = "User.ReadWrite.All"
	anyGroup     = "Group.ReadWrite.All"
)

// kinds are all kinds, in the order in which a plan shows them.
var kinds = []kind{
	{name: User, object: true, actions: map[Action]action{
		Create: {create, anyUser}, Update: {create, anyUser}, Delete: {discard, anyUser}, Purge: {purge, "User.DeleteRestore.All"},
	}},
	{name: Group, object: true, actions: map[Action]action{
		Create: {create, anyGroup}, Update: {create, anyGroup}, Restore: {create, anyGroup}, Delete: {discard, anyGroup}, Purge: {purge, anyGroup},
	}},
	{name: Application, object: true, actions: map[Action]action{
		Create: {create, applications}, Update: {update, applications}, Adopt: {update, "Application.ReadWrite.All"}, Link: {link, applications}, Restore: {create, applications}, Delete: {discard, applications}, Purge: {purge, applications},
	}},
	{name: ServicePrincipal, actions: map[Action]action{
		Create: {update, applications}, Update: {update, applications}, Adopt: {update, "Application.ReadWrite.All"}, Delete: {discard, applications}, Purge: {purge, applications},
	}},
	{name: Member, relation: true, within: true, actions: map[Action]action{
		Create: {give, "GroupMember.ReadWrite.All"}, Delete: {detach, "GroupMember.ReadWrite.All"},
	}},
	{name: Assignment, relation: true, actions: map[Action]action{
		Create: {give, "AppRoleAssignment.ReadWrite.All"}, Delete: {detach, "AppRoleAssignment.ReadWrite.All"},
	}},
	{name: Grant, relation: true, actions: map[Action]action{
		Create: {give, "DelegatedPermissionGrant.ReadWrite.All"}, Update: {give, "DelegatedPermissionGrant.ReadWrite.All"},
		Delete: {detach, "DelegatedPermissionGrant.ReadWrite.All"},
	}},
	{name: Secret, relation: true, within: true, actions: map[Action]action{
		Create: {admit, applications}, Update: {admit, applications}, Replace: {revoke, applications}, Delete: {revoke, applications},
	}},
	{name: Federated, relation: true, within: true, actions: map[Action]action{
		Create: {admit, applications}, Update: {revoke, applications}, Delete: {revoke, applications},
	}},
	{name: Owner, relation: true, within: true, actions: map[Action]action{
		Create: {own, applications}, Delete: {disown, applications},
	}},
	{name: Password, within: true, actions: map[Action]action{
		Replace: {revoke, "User-PasswordProfile.ReadWrite.All"},
	}},
	{name: Terraform, actions: map[Action]action{
		Create: {host, ""}, Update: {host, ""}, Delete: {unhost, ""}, // Graph is not involved
	}},
}

// Kinds are all kinds of objects and relations in steps.
func Kinds() []Kind {
	all := make([]Kind, len(kinds))
	for i, k := range kinds {
		all[i] = k.name
	}
	return all
}

// order returns the position of a kind in a plan; -1 if there is no such kind.
func (k Kind) order() int { return slices.IndexFunc(kinds, func(e kind) bool { return e.name == k }) }

// entry returns the kind's entry in the table.
func (k Kind) entry() kind {
	if i := k.order(); i >= 0 {
		return kinds[i]
	}
	panic(fmt.Sprintf("plan: no such kind of object: %q", string(k))) // a test covers all kinds
}

// does returns the description of the step's action.
func (s Step) does() action {
	a, ok := s.Kind.entry().actions[s.Action]
	if !ok {
		panic(fmt.Sprintf("plan: a %s has no action %q", s.Kind, s.Action))
	}
	return a
}

func (s Step) phase() phase {
	if s.Action == Purge && !s.FollowsDelete {
		return free
	}
	return s.does().phase
}

// Permission returns the least privileged Graph application permission that the step requires.
func (s Step) Permission() string {
	switch {
	case s.Kind == Owner && s.Refs.Resource.Kind == Group:
		return anyGroup
	case s.Kind == ServicePrincipal && (s.Stack == "" || s.Customer):
		return "Application.ReadWrite.All" // of an application that the caller cannot own
	}
	return s.does().permission
}
