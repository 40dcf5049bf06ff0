package plan

import (
	"fmt"
	"slices"
	"strings"
)

// An apply deletes without further permission at most this share of the stacks' objects, or fewer
// objects than this number.
const (
	deletesShare = 0.3
	fewDeletes   = 5
)

// TooManyDeletes is the error if a plan deletes more objects than usual, for example because of a wrong
// or empty folder.
type TooManyDeletes struct{ Deletes, Of int }

func (e *TooManyDeletes) Error() string {
	return fmt.Sprintf("the plan deletes %d of the %d users, groups and applications that the stacks own", e.Deletes, e.Of)
}

// Prevented is the error if a plan deletes objects that `prevent: [delete]` protects, in a manifest or by a
// mark in the tenant.
type Prevented []Key

func (e Prevented) Error() string {
	names := make([]string, len(e))
	for i, k := range e {
		names[i] = k.String()
	}
	return "the plan deletes what `prevent: [delete]` protects: " + strings.Join(names, ", ")
}

// CheckDeletes refuses a plan that deletes more than a share of the stacks' objects in state,
// unless this is allowed. It always refuses to delete the stacks and objects in prevented.
func (p *Plan) CheckDeletes(state *State, allowed bool, prevented func(s Step) bool) error {
	deletes, of := 0, 0
	var refused Prevented
	for _, s := range p.Steps {
		if s.Action != Delete || !s.Kind.entry().object && s.Kind != Terraform && !s.Customer {
			continue
		}
		if prevented(s) {
			refused = append(refused, s.Key)
		}
		if s.Kind.entry().object || s.Customer {
			deletes++
		}
	}
	for k, o := range state.Objects {
		if k.Kind.entry().object && slices.Contains(p.Stacks, o.Stack) { // an application elsewhere stands for its service principal here
			of++
		}
	}
	switch {
	case len(refused) > 0:
		return refused
	case !allowed && deletes >= fewDeletes && float64(deletes) > deletesShare*float64(of):
		return &TooManyDeletes{deletes, of}
	}
	return nil
}

// Only keeps the steps of the documents with the given keys, and the steps that they depend on.
func (p *Plan) Only(documents []Key) {
	about := func(s Step) bool {
		for _, k := range documents {
			switch {
			case s.Key == k, s.Kind == ServicePrincipal && k == (Key{Application, s.Name}), s.Kind == Password && k == (Key{User, s.Name}),
				s.Kind == Grant && s.Refs.Principal.Key == k,
				s.Kind != Grant && (s.Refs.Resource.Key == k || s.Refs.Resource.Kind == ServicePrincipal && k == (Key{Application, s.Refs.Resource.Name})):
				return true
			}
		}
		return false
	}
	keep := make([]bool, len(p.Steps))
	edges := p.Dependencies()
	for i := len(p.Steps) - 1; i >= 0; i-- {
		if keep[i] = keep[i] || about(p.Steps[i]); keep[i] {
			for _, j := range edges[i].Needs {
				keep[j] = true
			}
		}
	}
	var steps []Step
	for i, s := range p.Steps {
		if keep[i] {
			steps = append(steps, s)
		}
	}
	p.Steps = steps
}
