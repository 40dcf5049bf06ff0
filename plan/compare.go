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

// entryKey is the member by which an entry of a list is told from another, so
// that order does not matter. The entries of any other list are plain values.
var entryKey = map[string]string{
	"appRoles":                              "value",
	"api.oauth2PermissionScopes":            "value",
	"api.preAuthorizedApplications":         "appId",
	"requiredResourceAccess":                "resourceAppId",
	"requiredResourceAccess.resourceAccess": "id",
	"optionalClaims.accessToken":            "name",
	"optionalClaims.idToken":                "name",
	"optionalClaims.saml2Token":             "name",
}

// shared are the lists that others may add to: what is declared must be there,
// and the rest is kept.
var shared = []string{"tags"}

// compare lists where live differs from what is declared, sorted by path.
// Properties that are not declared are not looked at; a list that is declared
// is owned whole, so that an undeclared entry of it is to go.
func compare(live, declared map[string]any) []Change {
	have, want := flatten(live), flatten(declared)
	var changes []Change
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
	return collapse(changes)
}

// empty tells what Graph may answer for a property that was never set.
func empty(v any) bool { return v == nil || v == false || v == "" }

// flat is a JSON object as paths of plain values.
type flat struct {
	values  map[string]any    // path → value; true for an entry of a list
	entries map[string]string // path of an entry → path of its list
	lists   map[string]bool   // paths of lists, empty ones too
}

func flatten(m map[string]any) flat {
	f := flat{map[string]any{}, map[string]string{}, map[string]bool{}}
	f.add("", "", m)
	return f
}

// add puts v below path; shape is the path without the names of entries.
func (f flat) add(path, shape string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if path == "" {
				f.add(k, k, e)
			} else {
				f.add(path+"."+k, shape+"."+k, e)
			}
		}
	case []any:
		f.lists[path] = true
		for _, e := range v {
			entry, isObject := e.(map[string]any)
			name := e
			if isObject {
				if name = entry[entryKey[shape]]; empty(name) {
					name = entry["id"]
				}
			}
			p := fmt.Sprintf("%s[%v]", path, name)
			f.values[p], f.entries[p] = true, path
			if isObject {
				f.add(p, shape, entry)
			}
		}
	default:
		f.values[path] = v
	}
}

// collapse leaves out the members of entries that come or go as a whole.
func collapse(changes []Change) []Change {
	whole := map[string]bool{}
	for _, c := range changes {
		if strings.HasSuffix(c.Path, "]") {
			whole[c.Path] = true
		}
	}
	within := func(path string) bool {
		for i := range path {
			if i > 0 && path[i-1] == ']' && whole[path[:i]] {
				return true
			}
		}
		return false
	}
	return slices.DeleteFunc(changes, func(c Change) bool { return within(c.Path) })
}

// property is the Graph property that a path belongs to, as it is sent: a list
// always goes whole.
func property(path string) string {
	p, _, _ := strings.Cut(path, "[")
	return p
}
