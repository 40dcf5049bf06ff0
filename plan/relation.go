package plan

import (
	"fmt"
	"maps"
	"strings"
)

// relation plans a membership, an ownership, an assignment or a grant: it is there or not,
// and only a grant has something to change.
func (d *differ) relation(want, live *Object) {
	if live != nil {
		if changes := d.compare(want.Key, live.Properties, want.Properties); len(changes) > 0 {
			d.step(Step{Action: Update, Key: want.Key, Stack: want.Stack, Display: live.Display, ID: live.ID, Changes: changes,
				Bodies: []map[string]any{{"scope": scopeText(want)}}})
		}
		return
	}
	known := func(k Key, property string) any { return Reference(k, property).Resolve(d.actual.Lookup) }
	body := map[string]any{}
	switch want.Kind {
	case Member:
		body["group"] = known(want.Ends.Holder, ID)
		body["member"] = known(want.Ends.Principal, want.Ends.principalProperty)
	case Owner:
		body["of"] = string(want.Ends.Holder.Kind)
		body["holder"] = known(want.Ends.Holder, ID)
		body["owner"] = known(want.Ends.Principal, want.Ends.principalProperty)
	case Assignment:
		body["resourceId"] = known(want.Ends.Holder, ServicePrincipalID)
		body["principalId"] = known(want.Ends.Principal, want.Ends.principalProperty)
		body["appRoleId"] = want.Ends.roleID
	case Grant:
		body["clientId"] = known(want.Ends.Principal, ServicePrincipalID)
		body["resourceId"] = known(want.Ends.Holder, ServicePrincipalID)
		body["scope"] = scopeText(want)
	}
	d.step(Step{Action: Create, Key: want.Key, Stack: want.Stack, Display: d.display(want),
		Changes: d.compare(want.Key, nil, want.Properties), Bodies: []map[string]any{body}})
}

// display puts what people call an application in the place of its appId.
func (d *differ) display(relation *Object) string {
	name := relation.Name
	for _, end := range []Key{relation.Ends.Holder, relation.Ends.Principal} {
		if o := d.actual.Objects[end]; o != nil && o.Display != "" {
			name = strings.ReplaceAll(name, end.Name, o.Display)
		}
	}
	if name == relation.Name {
		return ""
	}
	return name
}

func scopeText(grant *Object) string {
	values := list(grant.Properties, "scope")
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, " ")
}

// secret plans a client secret: made once, and made anew when its text is lost
// or it has expired.
func (d *differ) secret(want, live *Object) {
	body := map[string]any{"application": Reference(want.Ends.Holder, ID).Resolve(d.actual.Lookup)}
	for k, v := range want.Properties {
		body[k] = v
	}
	switch {
	case live == nil:
		d.step(Step{Action: Create, Key: want.Key, Stack: want.Stack, Bodies: []map[string]any{body}})
	case live.Lost != "":
		d.step(Step{Action: Replace, Key: want.Key, Stack: want.Stack, ID: live.ID, Bodies: []map[string]any{body},
			Changes: []Change{{Path: "secretText", From: live.Lost, To: "a new one"}}})
	}
}

// federated plans a federated credential, which has a name of its own in its
// application.
func (d *differ) federated(want, live *Object) {
	application := Reference(want.Ends.Holder, ID).Resolve(d.actual.Lookup)
	s := Step{Action: Create, Key: want.Key, Stack: want.Stack, Changes: d.compare(want.Key, nil, want.Properties)}
	body := maps.Clone(want.Properties)
	if live != nil {
		s.Action, s.ID, s.Changes = Update, live.ID, d.compare(want.Key, live.Properties, want.Properties)
		if len(s.Changes) == 0 {
			return
		}
		delete(body, "name") // which cannot change
		// A subject and an expression take each other's place. Without its beta
		// Graph shows a credential with an expression as one without a subject.
		if _, stated := body["subject"]; !stated {
			body["subject"] = nil
		} else if text(live.Properties, "subject") == "" {
			body["claimsMatchingExpression"] = nil
		}
	}
	s.Bodies = []map[string]any{{"application": application}, body}
	d.step(s)
}

// delete plans the removal of what a stack owns and no longer declares. What
// goes with the object it belongs to needs no step of its own.
func (d *differ) delete(live *Object) {
	s := Step{Action: Delete, Key: live.Key, Stack: live.Stack, Display: live.Display, ID: live.ID}
	switch live.Kind {
	case Member, Assignment, Grant, Secret, Federated, Owner:
		for _, end := range []Key{live.Ends.Holder, live.Ends.Principal} {
			if d.going[end] {
				return
			}
		}
		if live.Kind == Secret && live.Lost == "" && !d.prunes(live.Stack) {
			return
		}
		s.Bodies = []map[string]any{live.Properties}
		if live.Kind == Federated {
			s.Bodies = []map[string]any{{"application": Reference(live.Ends.Holder, ID).Resolve(d.actual.Lookup)}}
		}
	case ServicePrincipal:
		if d.going[Key{Application, live.Name}] {
			return
		}
	case Password:
		return // goes with its user
	}
	d.step(s)
	if d.options.KeepDeleted {
		return
	}
	switch live.Kind {
	case User, Group:
		d.step(Step{Action: Purge, Key: live.Key, Stack: live.Stack, Display: live.Display, ID: live.ID, FollowsDelete: true})
	case Application:
		d.step(Step{Action: Purge, Key: live.Key, Stack: live.Stack, Display: live.Display, ID: live.ID, FollowsDelete: true})
		if live.ServicePrincipalID != "" {
			d.step(Step{Action: Purge, Key: Key{ServicePrincipal, live.Name}, Stack: live.Stack, ID: live.ServicePrincipalID, FollowsDelete: true})
		}
	}
}

func (d *differ) prunes(stack string) bool {
	for _, s := range d.options.Prune {
		if s == stack {
			return true
		}
	}
	return false
}
