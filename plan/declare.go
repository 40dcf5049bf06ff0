package plan

import (
	"fmt"
	"strings"

	"provision/stack"
)

// declare returns the objects that the stacks declare, with the names and ids of the tenant whose
// state is given.
func declare(stacks []*stack.Stack, state *State) (*declaration, error) {
	d := &declaration{state: state, objects: map[Key]*Declared{}, applications: map[Key]*stack.Application{}, stacks: map[string]*stack.Stack{},
		users: map[*stack.Stack]map[string]Key{}, appIDs: map[string]Key{}, trusted: map[Key]map[string]bool{}, left: map[Key]bool{}}
	for k, o := range state.Objects {
		if k.Kind == Application {
			d.appIDs[o.AppID] = k
		}
	}
	for _, s := range stacks {
		d.stacks[s.Name], d.users[s] = s, map[string]Key{}
		for _, u := range s.Users {
			d.users[s][u.Name] = Key{User, strings.ToLower(d.text(s, nil, u.UserPrincipalName))}
		}
		for _, a := range s.Applications {
			if !a.Existing && s.Home == "" {
				d.applications[Key{Application, s.UniqueName(a.Name)}] = a
			}
		}
	}
	for _, s := range stacks {
		for _, u := range s.Users {
			d.user(s, u)
		}
		for _, g := range s.Groups {
			d.group(s, g)
		}
		for _, a := range s.Applications {
			d.application(s, a)
		}
		for _, t := range s.Terraforms {
			d.terraform(s, t)
		}
		if s.ProtectionUnmarked() {
			d.notes = append(d.notes, fmt.Sprintf("stack %s: prevent: [delete] does not stop `destroy --stack`, `gc` and an apply without the document, which read it from tags of the stack's applications: %s", s.Name, unmarkedReason(s)))
		}
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.Sorted()
	}
	return d, nil
}

type declaration struct {
	state        *State
	objects      map[Key]*Declared
	applications map[Key]*stack.Application
	stacks       map[string]*stack.Stack         // by name
	users        map[*stack.Stack]map[string]Key // by name
	offers       map[Key]offers                  // entitlements that were already read
	appIDs       map[string]Key                  // the tenant's applications
	trusted      map[Key]map[string]bool         // who may own an application or group and its service principal, by object id
	left         map[Key]bool                    // objects that are neither managed nor deleted
	mistakes     stack.Mistakes                  // problems that only the tenant shows, such as a permission that Microsoft Graph does not have
	notes        []string
}

func (d *declaration) mistake(pos stack.Position, hint, format string, args ...any) {
	d.mistakes = append(d.mistakes, stack.Mistake{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// add declares an object. Two objects with the same key are a mistake, except equal relations.
func (d *declaration) add(o *Declared) {
	have := d.objects[o.Key]
	switch {
	case have == nil:
		d.objects[o.Key] = o
	case o.Kind == Grant:
		have.Properties["scope"] = union(have.Properties["scope"].([]any), o.Properties["scope"].([]any))
	case o.Kind.entry().relation && o.Kind != Secret && o.Kind != Federated && o.Ends == have.Ends:
		// an equal declaration counts once
	default:
		d.mistake(o.pos, "rename or remove one of them", "%s is declared more than once", o.Key)
	}
}

// owners declares the owners of an object of the stack. The plan trusts them and the
// stack's deployers with the object.
func (d *declaration) owners(s *stack.Stack, k Key, owners []string, pos stack.Position, existing bool) {
	trusted := map[string]bool{}
	d.trusted[k] = trusted
	for _, ref := range owners {
		owner, property := d.ownerKey(s, ref)
		trusted[d.state.Lookup(owner, property)] = true
		if !existing {
			d.add(&Declared{Object: Object{Key: OwnerKey(k, owner), Stack: s.Name, Ends: Ends{Resource: k, Principal: owner}},
				pos: pos, principalProperty: property})
		}
	}
	for _, ref := range s.Deployers {
		trusted[d.state.Lookup(d.ownerKey(s, ref))] = true
	}
	delete(trusted, "") // the owner is not in the tenant
}

// unmarkedReason returns why a stack has no application with the marks of protection.
func unmarkedReason(s *stack.Stack) string {
	if s.Environment != "" {
		return "the applications of an environment do not have them"
	}
	return "this stack has no application"
}
