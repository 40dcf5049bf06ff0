package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The ways to release a name that a stack needs and a deleted object holds.
const (
	RestoreDeleted = "restore" // the object is restored and used again
	PurgeDeleted   = "purge"   // the object is deleted permanently
	RefuseDeleted  = "refuse"  // the plan is refused
)

// HeldNames is the error if deleted objects hold names that the stacks need.
type HeldNames []string

func (e HeldNames) Error() string {
	return "deleted objects in the recycle bin reserve these names: " + strings.Join(e, ", ")
}

// bin plans what becomes of the stacks' objects in the recycle bin: all of them are
// purged, or only an object that holds a name which the stacks need is touched. A protected object, which
// somebody else deleted, is never purged.
func (d *differ) bin() error {
	needed := d.neededNames()
	applications := map[string]bool{} // appIds of the applications that are purged, together with their service principals
	var refused HeldNames
	var purged []*Live
	protected := protectedWhenDeleted(d.actual)
	deleted := slices.SortedFunc(slices.Values(d.actual.Deleted), func(a, b *Live) int { return strings.Compare(a.ID, b.ID) })
	for _, gone := range deleted {
		if !d.managed[gone.Stack] {
			continue
		}
		if d.options.KeepDeleted {
			own, name := Key{gone.Kind, text(gone.Properties, "uniqueName")}, heldName(gone, needed)
			switch policy := d.options.Deleted[gone.Stack]; {
			case name == "":
				continue
			case policy == RefuseDeleted:
				refused = append(refused, fmt.Sprintf("%s (by %s %s)", name, gone.Kind, gone.ID))
				continue
			case policy != PurgeDeleted && needed[own]:
				d.restores = append(d.restores, Step{Action: Restore, Key: own, Stack: gone.Stack, ID: gone.ID})
				for _, k := range gone.NotKept {
					d.plan.Notes = append(d.plan.Notes, fmt.Sprintf("%s: its value was not kept when the application was deleted, so apply replaces it after the restoration", k))
				}
				continue
			}
		}
		if protected(gone) {
			if gone.Kind != ServicePrincipal {
				d.plan.Warnings = append(d.plan.Warnings, fmt.Sprintf("%s %s stays in the recycle bin: `prevent: [delete]` protected it when it was deleted", gone.Kind, cmp.Or(gone.Display, gone.ID)))
			}
			continue
		}
		purged = append(purged, gone)
		if gone.Kind == Application {
			applications[gone.AppID] = true
		}
	}
	for _, gone := range purged {
		if gone.Kind != ServicePrincipal || !applications[gone.AppID] {
			d.step(Step{Action: Purge, Key: gone.Key, Stack: gone.Stack, Display: gone.Display, ID: gone.ID})
		}
	}
	slices.SortFunc(d.restores, func(a, b Step) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	if len(refused) > 0 {
		return refused
	}
	return nil
}

// identifierURI is the kind of a name that an application holds in addition to its own.
const identifierURI Kind = "identifierUri"

// neededNames returns the names that the stacks need and deleted objects may hold: the
// names of declared objects that the tenant does not have, and all declared identifier
// URIs.
func (d *differ) neededNames() map[Key]bool {
	needed := map[Key]bool{}
	for k, want := range d.declared {
		if d.actual.Objects[k] == nil {
			needed[k] = true
		}
		if k.Kind == Application {
			for _, uri := range list(want.Properties, "identifierUris") {
				needed[Key{identifierURI, fmt.Sprint(uri)}] = true
			}
		}
	}
	return needed
}

// heldName returns a needed name that a deleted object still has, or "". A deleted
// user does not keep their userPrincipalName.
func heldName(gone *Live, needed map[Key]bool) string {
	if name := text(gone.Properties, "uniqueName"); needed[Key{gone.Kind, name}] {
		return name
	}
	for _, uri := range list(gone.Properties, "identifierUris") {
		if needed[Key{identifierURI, fmt.Sprint(uri)}] {
			return fmt.Sprint(uri)
		}
	}
	return ""
}

// Restores reports whether the plan restores deleted objects. Such a plan does not
// contain all steps that follow.
func (p *Plan) Restores() bool { return len(p.Steps) > 0 && p.Steps[0].Action == Restore }
