package plan

import (
	"cmp"
	"fmt"
	"strings"
)

// passwords notes the users of the stacks whose password is not known here: a
// plan that gives them something cannot tell whether provision made them.
func (d *differ) passwords() {
	if d.options.ResetPasswords {
		return // they get new ones
	}
	given := map[Key][]string{}
	for _, s := range d.plan.Steps {
		if want := d.declared[s.Key]; want != nil && s.Action == Create && (s.Kind == Member || s.Kind == Assignment) {
			given[want.Ends.Principal] = append(given[want.Ends.Principal], string(s.Kind)+" "+cmp.Or(s.Display, s.Name))
		}
	}
	for _, k := range keys(d.declared) {
		if k.Kind != User || d.actual.Objects[k] == nil || d.actual.Objects[Key{Password, k.Name}] != nil {
			continue
		}
		note := fmt.Sprintf("the password of user %s is not known here; `provision apply --reset-passwords` replaces it", k.Name)
		if len(given[k]) > 0 {
			note += fmt.Sprintf(" before the user is given %s, which whoever made the user could use", strings.Join(given[k], ", "))
		}
		d.plan.Notes = append(d.plan.Notes, note)
	}
}
