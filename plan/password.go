package plan

import (
	"cmp"
	"fmt"
	"strings"
)

// passwords warns about users of the stacks whose password is not known here: a plan
// that gives them a permission cannot know whether provision created them.
func (d *differ) passwords() {
	if d.options.ResetPasswords {
		return // they get new passwords
	}
	given := map[Key][]string{}
	for _, s := range d.plan.Steps {
		if want := d.declared[s.Key]; want != nil && s.Action == Create && (s.Kind == Member || s.Kind == Assignment) {
			given[want.Ends.Principal] = append(given[want.Ends.Principal], string(s.Kind)+" "+cmp.Or(s.Display, s.Name))
		}
	}
	for _, k := range keys(d.declared) {
		if k.Kind != User || d.actual.Objects[k] == nil {
			continue
		}
		lost := d.lost(Key{Password, k.Name})
		if lost == "" {
			continue
		}
		note := fmt.Sprintf("password %s: %s; `%s --reset-passwords` replaces it", k.Name, lost, cmp.Or(d.options.ApplyCommand, "provision apply"))
		if len(given[k]) > 0 {
			note += fmt.Sprintf(" before the user gets %s, because the creator of the user may know the password", strings.Join(given[k], ", "))
		}
		d.plan.Notes = append(d.plan.Notes, note)
	}
}

// lost returns the reason why a password cannot be used, or "" if it is stored and valid.
func (d *differ) lost(password Key) string {
	kept := d.actual.Objects[password]
	if kept == nil {
		return "it is not stored on this machine"
	}
	return kept.Lost
}
