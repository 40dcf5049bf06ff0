package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"provision/stack"
)

// renamed returns a mistake for each renamedFrom that names no object of the tenant while the stack deletes
// objects of the same kind: the plan would delete the object and create another one.
func (d *differ) renamed(stacks []*stack.Stack) (mistakes stack.Mistakes) {
	for _, s := range stacks {
		// An object's first name is its uniqueName without prefix.
		check := func(k Key, prefix, name string, p stack.Protection) {
			if p.RenamedFrom == "" || d.declared[k] == nil || d.actual.Objects[k] != nil || d.inBin(k) {
				return
			}
			var gone []string // the first names of what the plan deletes
			for _, other := range keys(d.going) {
				if other.Kind == k.Kind && d.actual.Objects[other].Stack == s.Name {
					gone = append(gone, strings.TrimPrefix(other.Name, prefix))
				}
			}
			if len(gone) == 0 {
				return
			}
			first := cmp.Or(stack.Nearest(p.RenamedFrom, gone), strings.Join(gone, " or "))
			mistakes = append(mistakes, stack.Mistake{Pos: p.RenamedFromPos,
				Message: fmt.Sprintf("%s %s: renamedFrom %s names no %s of the stack in the tenant, and the plan deletes %s", k.Kind, name, p.RenamedFrom, k.Kind, strings.Join(gone, ", ")),
				Hint:    fmt.Sprintf("write the name with which the object was created, which renaming does not change: renamedFrom: %s; without renamedFrom, apply deletes it and creates another %s", first, k.Kind)})
		}
		for _, a := range s.Applications {
			check(Key{Application, s.UniqueName(a.Name)}, stack.UniqueName(s.Name, ""), a.Name, a.Protection)
		}
		for _, g := range s.Groups {
			check(Key{Group, s.GroupUniqueName(g.Name)}, stack.GroupUniqueName(s.Name, ""), g.Name, g.Protection)
		}
	}
	return mistakes
}

// noteRenames adds a note for each application that the plan creates with the display name of one that it deletes from
// the same stack: probably its document has another name now.
func (d *differ) noteRenames(stacks []*stack.Stack) {
	for _, s := range stacks {
		for _, a := range s.Applications {
			k := Key{Application, s.UniqueName(a.Name)}
			if d.declared[k] == nil || d.actual.Objects[k] != nil || a.Protection.RenamedFrom != "" {
				continue
			}
			for _, other := range keys(d.going) {
				gone := d.actual.Objects[other]
				if other.Kind == Application && gone.Stack == s.Name && text(gone.Properties, "displayName") == text(d.declared[k].Properties, "displayName") {
					d.plan.Notes = append(d.plan.Notes, fmt.Sprintf("application %s is deleted, and %s is created with the same display name: to rename it, and to keep its appId and secrets, write metadata: {name: %s, renamedFrom: %s}",
						other.Name, k.Name, a.Name, strings.TrimPrefix(other.Name, stack.UniqueName(s.Name, ""))))
				}
			}
		}
	}
}

// inBin reports whether the recycle bin has an object with this uniqueName.
func (d *differ) inBin(k Key) bool {
	return slices.ContainsFunc(d.actual.Deleted, func(o *Live) bool { return o.Kind == k.Kind && text(o.Properties, "uniqueName") == k.Name })
}
