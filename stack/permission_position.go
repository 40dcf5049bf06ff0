package stack

// placePermissions sets the positions of the permissions and role assignments of an application,
// which only a tenant can show to be wrong.
func (d *document) placePermissions(a *Application) {
	at := func(path ...any) Position { return d.value("/spec" + pointer(path...)) }
	for i := range a.Permissions {
		p := &a.Permissions[i]
		p.Pos = at("permissions", i, "resource")
		for j := range p.Scopes {
			p.ScopePos = append(p.ScopePos, at("permissions", i, "scopes", j))
		}
		for j := range p.Roles {
			p.RolePos = append(p.RolePos, at("permissions", i, "roles", j))
		}
	}
	for i := range a.RoleAssignments {
		a.RoleAssignments[i].Pos = at("roleAssignments", i)
		if a.RoleAssignments[i].Role != "" {
			a.RoleAssignments[i].Pos = at("roleAssignments", i, "role")
		}
	}
}
