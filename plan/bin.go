package plan

import (
	"fmt"
	"slices"
	"strings"
)

// What becomes of a deleted object that holds a name which a stack needs.
const (
	RestoreDeleted = "restore" // it is used again
	PurgeDeleted   = "purge"   // it is removed for good
	RefuseDeleted  = "refuse"  // nothing is planned
)

// HeldNames says that names which the stacks need are held by deleted objects.
type HeldNames []string

func (e HeldNames) Error() string {
	return "names are held by deleted objects in the recycle bin: " + strings.Join(e, ", ")
}

// bin plans what becomes of the stacks' objects in the recycle bin: all of them are
// purged, or only those that hold a name which the stacks need are touched.
func (d *differ) bin() error {
	purged := map[string]bool{} // appIds of applications, whose service principals go with them
	var refused HeldNames
	var steps []Step
	deleted := slices.SortedFunc(slices.Values(d.actual.Deleted), func(a, b *Object) int { return strings.Compare(a.ID, b.ID) })
	for _, gone := range deleted {
		name := d.held(gone)
		if !d.managed[gone.Stack] || d.options.KeepDeleted && name == "" {
			continue
		}
		if d.options.KeepDeleted {
			own := Key{gone.Kind, text(gone.Properties, "uniqueName")}
			switch policy := d.options.Deleted[gone.Stack]; {
			case policy == RefuseDeleted:
				refused = append(refused, fmt.Sprintf("%s (by %s %s)", name, gone.Kind, gone.ID))
				continue
			case policy != PurgeDeleted && d.declared[own] != nil && d.actual.Objects[own] == nil:
				d.restores = append(d.restores, Step{Action: Restore, Key: own, Stack: gone.Stack, ID: gone.ID})
				continue
			}
		}
		if gone.Kind == Application {
			purged[gone.AppID] = true
		}
		steps = append(steps, Step{Action: Purge, Key: gone.Key, Stack: gone.Stack, Display: gone.Display, ID: gone.ID})
	}
	for _, s := range steps {
		if s.Kind != ServicePrincipal || !purged[d.appIDOf(s.ID)] {
			d.step(s)
		}
	}
	slices.SortFunc(d.restores, func(a, b Step) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	if len(refused) > 0 {
		return refused
	}
	return nil
}

func (d *differ) appIDOf(deleted string) string {
	for _, o := range d.actual.Deleted {
		if o.ID == deleted {
			return o.AppID
		}
	}
	return ""
}

// held is a name that a deleted object holds and the stacks need, "" where there is
// none: a deleted user gives up their userPrincipalName.
func (d *differ) held(gone *Object) string {
	missing := func(k Key) bool { return d.declared[k] != nil && d.actual.Objects[k] == nil }
	name := text(gone.Properties, "uniqueName")
	if name != "" && missing(Key{gone.Kind, name}) {
		return name
	}
	if gone.Kind != Application {
		return ""
	}
	for _, uri := range list(gone.Properties, "identifierUris") {
		for k, want := range d.declared {
			if k.Kind == Application && slices.Contains(list(want.Properties, "identifierUris"), uri) {
				return fmt.Sprint(uri)
			}
		}
	}
	return ""
}

// Restores tells whether the plan restores deleted objects, and so does not say yet
// what becomes of the rest.
func (p *Plan) Restores() bool { return len(p.Steps) > 0 && p.Steps[0].Action == Restore }
