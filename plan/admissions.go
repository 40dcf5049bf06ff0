package plan

import (
	"maps"
	"slices"
	"strings"
)

// preAuthorized is the path of the list of clients that need no consent.
const preAuthorized = "api.preAuthorizedApplications"

// redirectLists are the properties with the URIs to which Entra sends codes and tokens.
var redirectLists = []string{"web.redirectUris", "spa.redirectUris", "publicClient.redirectUris"}

// deferAdmissions removes from the body of an update everything that newly admits a client:
// new pre-authorizations and, if somebody else may own the application or hold a
// credential of it, new redirect URIs. It returns them as the body of a later step,
// after all credentials and owners have been revoked. Entries that the update removes
// from these lists stay in its body.
func (d *differ) deferAdmissions(k Key, live, body map[string]any, changes []Change) (later map[string]any, admissions []Change) {
	later = map[string]any{}
	lists := []string{preAuthorized}
	if d.revoked()[k] {
		lists = append(lists, redirectLists...)
	}
	for _, name := range lists {
		var more, less []Change
		for _, c := range changes {
			switch {
			case c.Path.property().String() != name:
			case c.To != nil:
				more = append(more, c)
			default:
				less = append(less, c)
			}
		}
		if len(more) == 0 {
			continue
		}
		admissions = append(admissions, more...)
		object, property, _ := strings.Cut(name, ".")
		want := list(sub(body, object), property)
		member(later, object)[property] = want
		if len(less) > 0 {
			sub(body, object)[property] = common(list(sub(live, object), property), want)
			continue
		}
		delete(sub(body, object), property)
		if len(sub(body, object)) == 0 {
			delete(body, object)
		}
	}
	return later, admissions
}

// common returns the entries that both lists contain: plain values, or clients with the
// scopes that both lists give them.
func common(live, want []any) []any {
	both := []any{}
	for _, w := range want {
		entry, isClient := w.(map[string]any)
		if !isClient {
			if slices.Contains(live, w) {
				both = append(both, w)
			}
			continue
		}
		for _, l := range live {
			have, ok := l.(map[string]any)
			if !ok || have["appId"] != entry["appId"] {
				continue
			}
			scopes := common(list(have, "delegatedPermissionIds"), list(entry, "delegatedPermissionIds"))
			if len(scopes) > 0 {
				kept := maps.Clone(entry)
				kept["delegatedPermissionIds"] = scopes
				both = append(both, kept)
			}
		}
	}
	return both
}

// revoked returns the applications from which the plan removes a credential or an owner:
// somebody else may have controlled them.
func (d *differ) revoked() map[Key]bool {
	if d.revokedOf != nil {
		return d.revokedOf
	}
	d.revokedOf = map[Key]bool{}
	for k, o := range d.actual.Objects {
		switch k.Kind {
		case Secret:
			if o.Lost == "" && (d.declared[k] != nil || !d.prunes(o.Stack)) {
				continue
			}
		case Owner, Federated:
			if !d.going[k] {
				continue
			}
		default:
			continue
		}
		d.revokedOf[d.principal(o.Ends.Resource)] = true
	}
	return d.revokedOf
}
