package plan

import (
	"maps"
	"slices"
	"strings"
)

// After returns the state of a tenant after the steps. Properties that Entra sets are missing.
// lookup returns the ids of objects that the steps create. After does not change the given state.
func (s *State) After(steps []Step, lookup func(Key, string) string) *State {
	after := *s
	after.Objects, after.relations = maps.Clone(s.Objects), nil
	for _, step := range steps {
		after.Advance(step, lookup)
	}
	return &after
}

// Advance changes the state to the state after a step, see After.
func (s *State) Advance(step Step, lookup func(Key, string) string) {
	switch step.Action {
	case Purge:
		s.Deleted = slices.DeleteFunc(slices.Clone(s.Deleted), func(o *Live) bool { return o.ID == step.ID })
		return
	case Delete:
		s.remove(step.Key)
		return
	case Restore:
		return // its content is not known
	}
	o := &Live{Object: Object{Key: step.Key, Stack: step.Stack, Display: step.Display}}
	if have := s.Objects[step.Key]; have != nil && step.Action != Replace {
		copied := *have
		o = &copied
	}
	if step.Action == Adopt {
		o.Stack = step.Stack
	}
	o.Properties = maps.Clone(o.Properties)
	if o.Properties == nil {
		o.Properties = map[string]any{}
	}
	for _, body := range step.Bodies {
		merge(o.Properties, Resolve(body, lookup))
	}
	if o.ID == "" {
		o.ID = lookup(step.Key, ID)
	}
	if step.Kind == Terraform {
		o.Properties = map[string]any{}
		for _, name := range step.Hosting.Outputs {
			if value := lookup(step.Key, name); value != "" {
				o.Properties[name] = value
			}
		}
	}
	s.Objects[step.Key] = o
	s.complete(o, step, lookup)
}

// Shows reports whether the tenant shows that a step was carried out.
func (s *State) Shows(step Step, lookup func(Key, string) string) bool {
	have := s.Objects[step.Key]
	switch {
	case step.Action == Delete:
		return have == nil || have.ID != step.ID
	case step.Action == Purge || step.Kind == Password:
		return true
	case have == nil:
		return false
	case step.Kind == Secret:
		return have.ID == lookup(step.Key, ID)
	case step.Kind == Assignment || step.Kind == Member || step.Kind == Owner:
		return true
	}
	if id := lookup(step.Key, ID); id != "" && have.ID != id {
		return true // another object has replaced the written one
	}
	bodies := step.Bodies
	if step.Action == Create && len(bodies) > 0 {
		bodies = bodies[1:] // whoever sees the object sees what it was created with, or a later change
	}
	for _, body := range bodies {
		said := map[string]any{}
		for name, v := range body {
			switch {
			case name == "keyCredentials": // Graph shows no keys
			case step.Kind == Grant && name == "scope":
				words := []any{}
				for _, word := range strings.Fields(text(body, "scope")) {
					words = append(words, word)
				}
				said[name] = words
			default:
				said[name] = v
			}
		}
		if !Same(have.Properties, said) {
			return false
		}
	}
	return true
}

// complete adds the fields of an object that are not properties in Graph.
func (s *State) complete(o *Live, step Step, lookup func(Key, string) string) {
	switch step.Kind {
	case Application:
		if o.AppID == "" {
			o.AppID = lookup(o.Key, AppID)
		}
	case ServicePrincipal:
		if app := s.Objects[Key{Application, o.Name}]; app != nil {
			changed := *app
			changed.ServicePrincipalID = o.ID
			s.Objects[app.Key] = &changed
		}
	case Grant:
		scope := []any{}
		for _, word := range strings.Fields(text(o.Properties, "scope")) {
			scope = append(scope, word)
		}
		o.Properties["scope"] = scope
	case Secret:
		o.Lost, o.Moves = "", ""
		o.Properties["displayName"] = step.Secret.Name
	}
	if step.Kind.entry().relation && o.Ends == (Ends{}) {
		o.Ends = Ends{Resource: step.Refs.Resource.Key, Principal: step.Refs.Principal.Key}
		o.ResourceID, o.PrincipalID = step.Refs.Resource.Resolve(lookup), step.Refs.Principal.Resolve(lookup)
		s.relate(o)
	}
}

// remove removes an object and everything that Graph deletes with it.
func (s *State) remove(k Key) {
	delete(s.Objects, k)
	gone := []Key{k}
	if k.Kind == Application {
		sp := Key{ServicePrincipal, k.Name}
		delete(s.Objects, sp)
		gone = append(gone, sp)
	}
	if k.Kind == User {
		delete(s.Objects, Key{Password, k.Name})
	}
	if app := s.Objects[Key{Application, k.Name}]; k.Kind == ServicePrincipal && app != nil {
		without := *app
		without.ServicePrincipalID = ""
		s.Objects[app.Key] = &without
	}
	if s.relations == nil {
		s.relations = map[Key][]Key{}
		for _, o := range s.Objects {
			s.relate(o)
		}
	}
	for _, end := range gone {
		for _, relation := range s.relations[end] {
			delete(s.Objects, relation)
		}
		delete(s.relations, end)
	}
}

// relate adds a relation to the index of relations, if the index exists.
func (s *State) relate(o *Live) {
	if s.relations == nil || o.Ends == (Ends{}) {
		return
	}
	s.relations[o.Ends.Resource] = append(s.relations[o.Ends.Resource], o.Key)
	s.relations[o.Ends.Principal] = append(s.relations[o.Ends.Principal], o.Key)
}

// merge changes properties as a PATCH does: an object of settings by member, and
// everything else as a whole.
func merge(properties, body map[string]any) {
	for name, v := range body {
		settings, isObject := v.(map[string]any)
		have, there := properties[name].(map[string]any)
		if !isObject || !there {
			properties[name] = v
			continue
		}
		merged := maps.Clone(have)
		maps.Copy(merged, settings)
		properties[name] = merged
	}
}
