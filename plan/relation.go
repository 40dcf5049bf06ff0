package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// relation plans a membership, an ownership, an assignment or a grant: it is created or
// deleted. Only a grant can also change.
func (d *differ) relation(want *Declared, live *Live) {
	if live != nil {
		if changes := d.compare(want.Key, live.Properties, want.Properties); len(changes) > 0 {
			d.step(Step{Action: Update, Key: want.Key, Stack: want.Stack, Display: live.Display, ID: live.ID, Changes: changes,
				Refs:   live.refs(),
				Bodies: []map[string]any{{"scope": scopeText(want)}}})
		}
		return
	}
	refs := Refs{Resource: d.ref(want.Ends.Resource, ID), Principal: d.ref(want.Ends.Principal, want.principalProperty)}
	var bodies []map[string]any
	switch want.Kind {
	case Assignment:
		refs.Resource = d.ref(want.Ends.Resource, ServicePrincipalID)
		bodies = []map[string]any{{"appRoleId": want.roleID}}
	case Grant:
		refs = Refs{Resource: d.ref(want.Ends.Resource, ServicePrincipalID), Principal: d.ref(want.Ends.Principal, ServicePrincipalID)}
		bodies = []map[string]any{{"scope": scopeText(want)}}
	}
	d.step(Step{Action: Create, Key: want.Key, Stack: want.Stack, Display: d.display(want),
		Changes: d.compare(want.Key, nil, want.Properties), Refs: refs, Bodies: bodies})
}

// refs returns the ends of a relation in the tenant.
func (o *Live) refs() Refs {
	refs := Refs{Resource: Ref{Key: o.Ends.Resource, Property: ID, ID: o.ResourceID}}
	if o.Ends.Principal != (Key{}) {
		refs.Principal = Ref{Key: o.Ends.Principal, Property: ID, ID: o.PrincipalID}
	}
	if o.Kind == Assignment || o.Kind == Grant {
		refs.Resource.Property = ServicePrincipalID
	}
	return refs
}

// ref identifies an object by a property that the tenant may not have yet.
func (d *differ) ref(k Key, property string) Ref {
	return Ref{Key: k, Property: property, ID: d.actual.Lookup(k, property)}
}

// display replaces the appId of an application by its displayed name.
func (d *differ) display(relation *Declared) string {
	name := relation.Name
	for _, end := range []Key{relation.Ends.Resource, relation.Ends.Principal} {
		if o := d.actual.Objects[end]; o != nil && o.Display != "" {
			name = strings.ReplaceAll(name, end.Name, o.Display)
		}
	}
	if name == relation.Name {
		return ""
	}
	return name
}

func scopeText(grant *Declared) string {
	values := list(grant.Properties, "scope")
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, " ")
}

// secret plans a client secret. It is created once, and again if its value is lost or
// it has expired. If the manifest names another sink, the value moves there.
func (d *differ) secret(want *Declared, live *Live) {
	s := Step{Action: Create, Key: want.Key, Stack: want.Stack, Refs: Refs{Resource: d.ref(want.Ends.Resource, ID)},
		Secret: &SecretStep{Name: want.secret.Name, Lifetime: want.secret.Lifetime, Sink: want.secret.Sink}}
	if live == nil && want.secret.KeyID != "" {
		d.plan.Notes = append(d.plan.Notes, fmt.Sprintf("secret %s: the tenant has no secret with keyId %s; remove it, or remove keyId to create a new one", want.Name, want.secret.KeyID))
		return
	}
	switch {
	case live == nil:
	case live.Lost != "":
		s.Action, s.ID, s.Reason = Replace, live.ID, live.Lost
	case live.Moves != "":
		s.Action, s.ID, s.Reason = Update, live.ID, live.Moves
	default:
		return
	}
	s.Needs = append(s.Needs, want.needs...)
	d.step(s)
}

// federated plans a federated credential, which has a unique name in its
// application.
func (d *differ) federated(want *Declared, live *Live) {
	s := Step{Action: Create, Key: want.Key, Stack: want.Stack, Refs: Refs{Resource: d.ref(want.Ends.Resource, ID)}, Changes: d.compare(want.Key, nil, want.Properties)}
	body := maps.Clone(want.Properties)
	if live != nil {
		s.Action, s.ID, s.Changes = Update, live.ID, d.compare(want.Key, live.Properties, want.Properties)
		if len(s.Changes) == 0 {
			return
		}
		delete(body, "name") // which cannot change
		// A subject and an expression exclude each other. Only the beta version of
		// Graph returns an expression; otherwise, such a credential has no subject.
		if _, stated := body["subject"]; !stated {
			body["subject"] = nil
		} else if text(live.Properties, "subject") == "" {
			body["claimsMatchingExpression"] = nil
		}
	}
	s.Bodies = []map[string]any{body}
	d.step(s)
}

// delete plans the deletion of an object that a stack owns and no longer declares.
// Objects that Graph deletes together with another object need no separate step.
func (d *differ) delete(live *Live) {
	s := Step{Action: Delete, Key: live.Key, Stack: live.Stack, Display: live.Display, ID: live.ID}
	if live.Kind.entry().relation {
		for _, end := range []Key{live.Ends.Resource, live.Ends.Principal} {
			if d.going[end] {
				return
			}
		}
		s.Refs = live.refs()
	}
	switch live.Kind {
	case Secret:
		if live.Lost == "" && !d.prunes(live.Stack) {
			return
		}
		s.Secret = &SecretStep{Name: text(live.Properties, "displayName"), Superseded: live.Superseded}
	case ServicePrincipal:
		if d.going[Key{Application, live.Name}] {
			return
		}
		s.Customer = d.inCustomer(live.Key)
	case Terraform:
		s.Hosting, s.Needs = d.actual.Hosting[live.Key], live.Needs
	case Password:
		return // Graph deletes it with its user
	}
	d.step(s)
	if d.options.KeepDeleted {
		return
	}
	_, purged := live.Kind.entry().actions[Purge]
	if purged && live.Kind.entry().object || s.Customer { // of an application, its service principal too
		d.step(Step{Action: Purge, Key: live.Key, Stack: live.Stack, Display: live.Display, ID: live.ID, Customer: s.Customer, FollowsDelete: true})
	}
}

func (d *differ) prunes(stack string) bool { return slices.Contains(d.options.Prune, stack) }
