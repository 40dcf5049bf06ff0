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

// inBin reports whether the recycle bin has an object with this uniqueName.
func (d *differ) inBin(k Key) bool {
	return slices.ContainsFunc(d.actual.Deleted, func(o *Live) bool { return o.Kind == k.Kind && text(o.Properties, "uniqueName") == k.Name })
}
