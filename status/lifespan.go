package status

import (
	"maps"
	"slices"
	"time"

	"provision/plan"
	"provision/stack"
)

// Lifespans returns the lifespans of the stacks in a tenant that have one, sorted by name.
func Lifespans(state *plan.State) (all []stack.Lifespan) {
	tags := map[string][][]string{}
	for k, o := range state.Objects {
		if k.Kind != plan.Application || o.Stack == "" {
			continue
		}
		tags[o.Stack] = append(tags[o.Stack], texts(o.Properties, "tags"))
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if l := stack.LifespanOf(name, tags[name]); l.Environment != "" || !l.Expires.IsZero() {
			all = append(all, l)
		}
	}
	return all
}

// sameApply is the longest time between the first and the last object that one apply creates.
const sameApply = time.Hour

// MarksTrusted returns whether an application of a stack is as old as the users and groups
// of the stack. Anyone who can register an application can write the marks of any stack on it,
// and gc would then delete the users and groups of that stack. Nobody can choose the time of
// creation, which Entra sets.
func MarksTrusted(state *plan.State, name string) bool {
	var application, other time.Time // the oldest ones
	for k, o := range state.Objects {
		oldest := &other
		switch {
		case o.Stack != name || o.Adopted:
			continue
		case k.Kind == plan.Application:
			oldest = &application
		case k.Kind != plan.User && k.Kind != plan.Group:
			continue
		}
		created, err := time.Parse(time.RFC3339, text(o.Properties, "createdDateTime"))
		if err != nil {
			return false
		}
		if oldest.IsZero() || created.Before(*oldest) {
			*oldest = created
		}
	}
	return other.IsZero() || application.Before(other.Add(sameApply))
}
