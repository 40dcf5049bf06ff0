package plan

import (
	"cmp"
	"strings"

	"provision/stack"
)

// offers contains the scopes and roles of a resource: value → id.
type offers struct {
	known         bool
	scopes, roles map[string]string
}

// entitlements returns the scopes and roles of a resource. If a manifest declares the resource, they
// are the declared scopes and roles, with the ids that the tenant already has for their values;
// otherwise they are the scopes and roles in the tenant.
func (d *declaration) entitlements(resource Key) offers {
	if o, ok := d.offers[resource]; ok {
		return o
	}
	if d.offers == nil {
		d.offers = map[Key]offers{}
	}
	d.offers[resource] = d.readEntitlements(resource)
	return d.offers[resource]
}

func (d *declaration) readEntitlements(resource Key) offers {
	o := offers{scopes: map[string]string{}, roles: map[string]string{}}
	live := d.state.Objects[resource]
	if live != nil {
		o.known = true
		for _, e := range list(sub(live.Properties, "api"), "oauth2PermissionScopes") {
			scope := e.(map[string]any)
			o.scopes[text(scope, "value")] = text(scope, "id")
		}
		for _, e := range list(live.Properties, "appRoles") {
			role := e.(map[string]any)
			if v := text(role, "value"); v != "" {
				o.roles[v] = text(role, "id")
			}
		}
	}
	declared := d.applications[resource]
	if declared == nil {
		return o
	}
	own := offers{known: true, scopes: map[string]string{}, roles: map[string]string{}}
	for _, scope := range declared.API.OAuth2PermissionScopes {
		own.scopes[scope.Value] = cmp.Or(strings.ToLower(scope.ID), o.scopes[scope.Value], stack.ScopeID(resource.Name, scope.Value))
	}
	for _, role := range declared.AppRoles {
		own.roles[role.Value] = cmp.Or(strings.ToLower(role.ID), o.roles[role.Value], stack.RoleID(resource.Name, role.Value))
	}
	return own
}
