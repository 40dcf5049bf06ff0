package plan

import (
	"maps"
	"slices"
)

// retire returns the requests that must precede the deletion of scopes and roles. The first
// removes them from the pre-authorizations, the second disables them. A scope and a role that
// share an id are disabled together, even if one of them stays: Entra requires that both are
// equal at any time.
// Source: github.com/hashicorp/terraform-provider-azuread/pull/1957.
func retire(live, want map[string]any) []map[string]any {
	liveScopes := list(sub(live, "api"), "oauth2PermissionScopes")
	goneScopes := gone(liveScopes, list(sub(want, "api"), "oauth2PermissionScopes"))
	goneRoles := gone(list(live, "appRoles"), list(want, "appRoles"))
	scopes, offScopes := disable(liveScopes, goneScopes, goneRoles)
	roles, offRoles := disable(list(live, "appRoles"), goneRoles, goneScopes)
	var bodies []map[string]any
	if kept, changed := withoutScopes(list(sub(live, "api"), "preAuthorizedApplications"), goneScopes); changed {
		bodies = append(bodies, map[string]any{"api": map[string]any{"preAuthorizedApplications": kept}})
	}
	off := map[string]any{}
	if offScopes {
		off["api"] = map[string]any{"oauth2PermissionScopes": scopes}
	}
	if offRoles {
		off["appRoles"] = roles
	}
	if len(off) > 0 {
		bodies = append(bodies, off)
	}
	return bodies
}

// gone returns the ids of the entries of live that want does not contain with the same id
// and value.
func gone(live, want []any) map[string]bool {
	ids := map[string]bool{}
	for _, l := range live {
		have := l.(map[string]any)
		if !slices.ContainsFunc(want, func(w any) bool {
			entry := w.(map[string]any)
			return entry["id"] == have["id"] && entry["value"] == have["value"]
		}) {
			ids[text(have, "id")] = true
		}
	}
	return ids
}

// disable returns live with isEnabled false for every entry with one of these ids.
func disable(live []any, ids ...map[string]bool) (entries []any, changed bool) {
	for _, l := range live {
		have := l.(map[string]any)
		if slices.ContainsFunc(ids, func(m map[string]bool) bool { return m[text(have, "id")] }) && have["isEnabled"] == true {
			have, changed = maps.Clone(have), true
			have["isEnabled"] = false
		}
		entries = append(entries, have)
	}
	return entries, changed
}

func withoutScopes(preAuthorized []any, gone map[string]bool) (kept []any, changed bool) {
	kept = []any{}
	for _, p := range preAuthorized {
		entry := maps.Clone(p.(map[string]any))
		ids := slices.DeleteFunc(slices.Clone(list(entry, "delegatedPermissionIds")), func(id any) bool { return gone[id.(string)] })
		if len(ids) != len(list(entry, "delegatedPermissionIds")) {
			changed = true
		}
		if len(ids) > 0 {
			entry["delegatedPermissionIds"] = ids
			kept = append(kept, entry)
		}
	}
	return kept, changed
}
