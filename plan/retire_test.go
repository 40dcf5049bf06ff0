package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRetire: the updates before scopes and roles are removed: first they are removed from the
// pre-authorizations, then disabled, then removed.
func TestRetire(t *testing.T) {
	t.Parallel()
	entry := func(id, value string, enabled bool) any { return obj{"id": id, "value": value, "isEnabled": enabled} }
	client := func(appID string, ids ...any) any { return obj{"appId": appID, "delegatedPermissionIds": ids} }
	scopes := func(entries ...any) obj { return obj{"api": obj{"oauth2PermissionScopes": entries}} }
	roles := func(entries ...any) obj { return obj{"appRoles": entries} }
	both := func(scopes, roles []any) obj {
		return obj{"api": obj{"oauth2PermissionScopes": scopes}, "appRoles": roles}
	}
	known := func(of obj, clients ...any) obj {
		sub(of, "api")["preAuthorizedApplications"] = clients
		return of
	}
	clients := func(left ...any) obj {
		if left == nil {
			left = []any{}
		}
		return obj{"api": obj{"preAuthorizedApplications": left}}
	}
	for name, c := range map[string]struct {
		live, want obj
		bodies     []map[string]any
	}{
		"nothing goes":                    {scopes(entry("1", "a", true)), scopes(entry("1", "a", true)), nil},
		"no entries":                      {nil, scopes(entry("1", "a", true)), nil},
		"one comes":                       {scopes(entry("1", "a", true)), scopes(entry("1", "a", true), entry("2", "b", true)), nil},
		"one is disabled and stays":       {scopes(entry("1", "a", true)), scopes(entry("1", "a", false)), nil},
		"a scope goes":                    {scopes(entry("1", "a", true)), scopes(), []map[string]any{scopes(entry("1", "a", false))}},
		"a scope goes that was disabled":  {scopes(entry("1", "a", false)), scopes(), nil},
		"a scope goes, another stays":     {scopes(entry("1", "a", true), entry("2", "b", true)), scopes(entry("2", "b", true)), []map[string]any{scopes(entry("1", "a", false), entry("2", "b", true))}},
		"a scope gets another id":         {scopes(entry("1", "a", true)), scopes(entry("2", "a", true)), []map[string]any{scopes(entry("1", "a", false))}},
		"a scope's id gets another value": {scopes(entry("1", "a", true)), scopes(entry("1", "b", true)), []map[string]any{scopes(entry("1", "a", false))}},
		"a role goes":                     {roles(entry("1", "a", true)), roles(), []map[string]any{roles(entry("1", "a", false))}},
		"a role goes that was disabled":   {roles(entry("1", "a", false)), roles(), nil},
		"a role of no value goes":         {roles(obj{"id": "1", "value": nil, "isEnabled": true}), roles(), []map[string]any{roles(obj{"id": "1", "value": nil, "isEnabled": false})}},
		"a scope and a role go, in one":   {both([]any{entry("1", "a", true)}, []any{entry("2", "b", true)}), both(nil, nil), []map[string]any{both([]any{entry("1", "a", false)}, []any{entry("2", "b", false)})}},
		"a scope goes, the role of its id stays": {both([]any{entry("1", "a", true)}, []any{entry("1", "a", true)}), both(nil, []any{entry("1", "a", true)}),
			[]map[string]any{both([]any{entry("1", "a", false)}, []any{entry("1", "a", false)})}},
		"a role goes, the scope of its id stays": {both([]any{entry("1", "a", true), entry("2", "b", true)}, []any{entry("1", "a", true)}), both([]any{entry("1", "a", true), entry("2", "b", true)}, nil),
			[]map[string]any{both([]any{entry("1", "a", false), entry("2", "b", true)}, []any{entry("1", "a", false)})}},
		"a scope of a client goes": {known(scopes(entry("1", "a", true)), client("c", "1")), scopes(),
			[]map[string]any{clients(), scopes(entry("1", "a", false))}},
		"one of a client's scopes goes": {known(scopes(entry("1", "a", true), entry("2", "b", true)), client("c", "1", "2")), scopes(entry("2", "b", true)),
			[]map[string]any{clients(client("c", "2")), scopes(entry("1", "a", false), entry("2", "b", true))}},
		"of two clients one keeps its scope": {known(scopes(entry("1", "a", true), entry("2", "b", true)), client("c", "1"), client("d", "2")), scopes(entry("2", "b", true)),
			[]map[string]any{clients(client("d", "2")), scopes(entry("1", "a", false), entry("2", "b", true))}},
		"a client of no scope loses it with another's": {known(scopes(entry("1", "a", true)), client("c", "1"), client("d")), scopes(),
			[]map[string]any{clients(), scopes(entry("1", "a", false))}},
		"a disabled scope of a client goes": {known(scopes(entry("1", "a", false)), client("c", "1")), scopes(), []map[string]any{clients()}},
		"a role goes, clients stay as they are": {known(both([]any{entry("1", "a", true)}, []any{entry("2", "b", true)}), client("c", "1")), both([]any{entry("1", "a", true)}, nil),
			[]map[string]any{roles(entry("2", "b", false))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := copied(c.live)
			if diff := cmp.Diff(c.bodies, retire(c.live, c.want)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, any(c.live)); diff != "" {
				t.Errorf("the tenant's object was changed:\n%s", diff)
			}
		})
	}
}

// copied returns a deep copy of a JSON value.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		m := obj{}
		for k, e := range v {
			m[k] = copied(e)
		}
		return m
	case []any:
		if v == nil {
			return v
		}
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = copied(e)
		}
		return l
	}
	return v
}
