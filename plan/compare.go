package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Change is one property that differs.
type Change struct {
	Path Path `json:"path"`
	From any  `json:"from"` // nil: absent
	To   any  `json:"to"`   // nil: removed; Unknown: known after apply
}

// keyOf returns the key of a list's entry: no two entries of a list may have
// the same key, and their order does not matter.
type keyOf func(entry any) string

// plain returns the key of a text, and of an entry without a name: its whole content.
func plain(entry any) string { return fmt.Sprint(entry) } // the encoding sorts members

// by identifies an entry by some of its members. An entry without these members is
// identified by its id, and an entry without an id by its whole content.
func by(members ...string) keyOf {
	return func(entry any) string {
		object, ok := entry.(map[string]any)
		if !ok {
			return plain(entry)
		}
		var parts []string
		for _, m := range members {
			if v := object[m]; !empty(v) {
				parts = append(parts, fmt.Sprint(v))
			}
		}
		switch id := object["id"]; {
		case len(parts) > 0:
			return strings.Join(parts, "/")
		case !empty(id):
			return fmt.Sprint(id)
		}
		return plain(entry)
	}
}

// listKeys are the keys of all lists that a plan compares, by the shape of the
// list's path.
var listKeys = map[string]keyOf{
	"api.knownClientApplications":                          plain,
	"api.oauth2PermissionScopes":                           by("value"),
	"api.preAuthorizedApplications":                        by("appId"),
	"api.preAuthorizedApplications.delegatedPermissionIds": plain,
	"appRoles":                    by("value"),
	"appRoles.allowedMemberTypes": plain,
	"audiences":                   plain,
	"groupTypes":                  plain,
	"identifierUris":              plain,
	"optionalClaims.accessToken":  by("source", "name"),
	"optionalClaims.accessToken.additionalProperties": plain,
	"optionalClaims.idToken":                          by("source", "name"),
	"optionalClaims.idToken.additionalProperties":     plain,
	"optionalClaims.saml2Token":                       by("source", "name"),
	"optionalClaims.saml2Token.additionalProperties":  plain,
	"publicClient.redirectUris":                       plain,
	"requiredResourceAccess":                          by("resourceAppId"),
	"requiredResourceAccess.resourceAccess":           by("type", "id"),
	"scope":                                           plain,
	"spa.redirectUris":                                plain,
	"tags":                                            plain,
	"web.redirectUris":                                plain,
}

// shared are lists to which others may add entries: the declared entries must be
// present, and other entries stay.
var shared = []string{"tags"}

// Duplicate is an entry that a list contains more than once: a change of one could not
// be distinguished from a change of the other.
type Duplicate struct {
	Path     Path
	Declared bool // the list is in the manifests, and not in the tenant
}

// compare lists the differences between a live object and the declared one, sorted by
// path. It ignores properties that are not declared. A declared list is owned as a
// whole, so other entries are removed. An added or removed entry is one change,
// however many members it has.
func compare(live, declared map[string]any) ([]Change, []Duplicate) {
	var c comparison
	c.object(nil, live, declared)
	slices.SortFunc(c.changes, func(a, b Change) int { return a.Path.compareTo(b.Path) })
	slices.SortFunc(c.duplicates, func(a, b Duplicate) int { return a.Path.compareTo(b.Path) })
	return c.changes, c.duplicates
}

// Same reports whether an object has all declared properties.
func Same(live, declared map[string]any) bool {
	changes, duplicates := compare(live, declared)
	return len(changes) == 0 && len(duplicates) == 0
}

// empty reports whether a value is what Graph may return for a property that was never
// set.
func empty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return v == nil || v == false || v == ""
}

// comparison is the state of one compare.
type comparison struct {
	changes    []Change
	duplicates []Duplicate
}

func (c *comparison) change(path Path, from, to any) {
	c.changes = append(c.changes, Change{path, from, to})
}

func (c *comparison) object(path Path, live, declared map[string]any) {
	for name, v := range declared {
		c.value(path.member(name), live[name], v)
	}
}

func (c *comparison) value(path Path, live, declared any) {
	switch declared := declared.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		c.object(path, have, declared)
	case []any:
		have, _ := live.([]any)
		c.list(path, have, declared)
	default:
		if !reflect.DeepEqual(live, declared) && !(empty(live) && empty(declared)) {
			c.change(path, live, declared)
		}
	}
}

func (c *comparison) list(path Path, live, declared []any) {
	shape := path.shape()
	have, want := c.entries(path, shape, live, false), c.entries(path, shape, declared, true)
	for key, entry := range want {
		there, ok := have[key]
		if !ok {
			c.change(path.entry(key), nil, true)
			continue
		}
		if object, ok := entry.(map[string]any); ok {
			members, _ := there.(map[string]any)
			c.object(path.entry(key), members, object)
		}
	}
	if slices.Contains(shared, shape) {
		return
	}
	for key := range have {
		if _, keep := want[key]; !keep {
			c.change(path.entry(key), true, nil)
		}
	}
}

// entries returns the entries of a list by their keys.
func (c *comparison) entries(path Path, shape string, list []any, declared bool) map[string]any {
	key := listKeys[shape]
	if key == nil {
		key = plain
	}
	all := make(map[string]any, len(list))
	for _, e := range list {
		k := key(e)
		if _, there := all[k]; there {
			c.duplicates = append(c.duplicates, Duplicate{path.entry(k), declared})
		}
		all[k] = e
	}
	return all
}
