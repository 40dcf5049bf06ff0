package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Change is one property that differs.
type Change struct {
	Path string `json:"path"` // e.g. appRoles[Admin].displayName
	From any    `json:"from"` // nil: absent
	To   any    `json:"to"`   // nil: removed; Unknown: known after apply
}

// entryKey are the members by which an entry of a list is told from another, so
// that order does not matter. An entry that has none of them is known by its id,
// and one without an id by all that it holds. The entries of any other list are
// plain values.
var entryKey = map[string][]string{
	"appRoles":                              {"value"},
	"api.oauth2PermissionScopes":            {"value"},
	"api.preAuthorizedApplications":         {"appId"},
	"requiredResourceAccess":                {"resourceAppId"},
	"requiredResourceAccess.resourceAccess": {"type", "id"},
	"optionalClaims.accessToken":            {"source", "name"},
	"optionalClaims.idToken":                {"source", "name"},
	"optionalClaims.saml2Token":             {"source", "name"},
}

// nameOf is what an entry of a list is known by.
func nameOf(shape string, entry map[string]any) string {
	var parts []string
	for _, member := range entryKey[shape] {
		if v := entry[member]; !empty(v) {
			parts = append(parts, fmt.Sprint(v))
		}
	}
	if len(parts) == 0 && !empty(entry["id"]) {
		parts = append(parts, fmt.Sprint(entry["id"]))
	}
	if len(parts) == 0 {
		return fmt.Sprint(entry) // which sorts the members
	}
	return strings.Join(parts, "/")
}

// shared are the lists that others may add to: what is declared must be there,
// and the rest is kept.
var shared = []string{"tags"}

// compare lists where live differs from what is declared, sorted by path.
// Properties that are not declared are not looked at; a list that is declared
// is owned whole, so that an undeclared entry of it is to go. twice are the
// entries that cannot be told apart: a change of one would go unseen.
func compare(live, declared map[string]any) (changes []Change, twice []string) {
	have, want := flatten(live), flatten(declared)
	for _, path := range sorted(want.values) {
		from, to := have.values[path], want.values[path]
		if !reflect.DeepEqual(from, to) && !(empty(from) && empty(to)) {
			changes = append(changes, Change{path, from, to})
		}
	}
	for path, list := range have.entries {
		if _, ok := want.values[path]; !ok && want.lists[list] && !slices.Contains(shared, list) {
			changes = append(changes, Change{path, have.values[path], nil})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	for _, path := range have.twice {
		if want.lists[have.entries[path]] {
			twice = append(twice, path)
		}
	}
	return collapse(changes, have.within, want.within), append(twice, want.twice...)
}

// Same tells whether an object has all that is declared of it.
func Same(live, declared map[string]any) bool {
	changes, twice := compare(live, declared)
	return len(changes) == 0 && len(twice) == 0
}

// empty tells what Graph may answer for a property that was never set.
func empty(v any) bool { return v == nil || v == false || v == "" }

// flat is a JSON object as paths of plain values.
type flat struct {
	values  map[string]any    // path → value; true for an entry of a list
	entries map[string]string // path of an entry → path of its list
	lists   map[string]bool   // paths of lists, empty ones too
	within  map[string]string // path of a value → path of the entry it is a member of
	twice   []string          // paths of objects that several entries of a list have
}

func flatten(m map[string]any) *flat {
	f := &flat{map[string]any{}, map[string]string{}, map[string]bool{}, map[string]string{}, nil}
	f.add("", "", "", m)
	return f
}

// add puts v below path; shape is the path without the names of entries, and
// entry the path of the nearest entry that v is in.
func (f *flat) add(path, shape, entry string, v any) {
	if path != "" && entry != "" && path != entry {
		f.within[path] = entry
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sorted(v) {
			if path == "" {
				f.add(k, k, entry, v[k])
			} else {
				f.add(path+"."+k, shape+"."+k, entry, v[k])
			}
		}
	case []any:
		f.lists[path] = true
		for _, e := range v {
			object, isObject := e.(map[string]any)
			name := fmt.Sprint(e)
			if isObject {
				name = nameOf(shape, object)
			}
			p := path + "[" + name + "]"
			if _, there := f.entries[p]; there && isObject {
				f.twice = append(f.twice, p)
			}
			f.values[p], f.entries[p] = true, path
			if entry != "" {
				f.within[p] = entry
			}
			if isObject {
				f.add(p, shape, p, object)
			}
		}
	default:
		f.values[path] = v
	}
}

// collapse leaves out the members of entries that come or go as a whole.
func collapse(changes []Change, within ...map[string]string) []Change {
	whole := map[string]bool{}
	for _, c := range changes {
		if strings.HasSuffix(c.Path, "]") {
			whole[c.Path] = true
		}
	}
	inWhole := func(path string) bool {
		for _, m := range within {
			for entry := m[path]; entry != ""; entry = m[entry] {
				if whole[entry] {
					return true
				}
			}
		}
		return false
	}
	return slices.DeleteFunc(changes, func(c Change) bool { return inWhole(c.Path) })
}

// property is the Graph property that a path belongs to, as it is sent: a list
// always goes whole.
func property(path string) string {
	p, _, _ := strings.Cut(path, "[")
	return p
}
