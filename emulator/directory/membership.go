package directory

// MemberOf returns the ids of the objects of which an object is a direct member:
// groups, directory roles and administrative units.
func (r reader) MemberOf(id string) []string {
	var ids []string
	for _, g := range r.GroupsOf(id) {
		ids = append(ids, g.ID)
	}
	for _, a := range r.RoleAssignmentsOf(id) {
		if role, ok := r.DirectoryRoleByTemplate(a.RoleDefinitionID); ok && a.DirectoryScopeID == wholeDirectory {
			ids = append(ids, role.ID)
		}
	}
	for _, u := range r.UnitsOf(id) {
		ids = append(ids, u.ID)
	}
	return ids
}

// TransitiveMemberOf is MemberOf, also through groups.
func (r reader) TransitiveMemberOf(id string) []string { return reach(id, r.MemberOf) }

// TransitiveMembers returns the object ids of a group's members, also through
// groups.
func (r reader) TransitiveMembers(groupID string) []string {
	return reach(groupID, func(id string) []string {
		g, ok := r.Group(id)
		if !ok {
			return nil
		}
		return g.MemberIDs
	})
}

// reach returns the nodes that can be reached from a node by steps, each once, nearest
// first.
func reach(start string, step func(string) []string) []string {
	var all []string
	seen := map[string]bool{start: true}
	for open := []string{start}; len(open) > 0; open = open[1:] {
		for _, id := range step(open[0]) {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
				open = append(open, id)
			}
		}
	}
	return all
}

// OwnedBy returns the object ids of the applications, service principals and groups
// that a user or service principal owns. Deleted objects are not included.
func (r reader) OwnedBy(ownerID string) []string {
	var ids []string
	for app := range each[Application](r, applications, "owner", ownerID) {
		if !app.Deleted() {
			ids = append(ids, app.ID)
		}
	}
	for sp := range each[ServicePrincipal](r, servicePrincipals, "owner", ownerID) {
		if !sp.Deleted() {
			ids = append(ids, sp.ID)
		}
	}
	for g := range each[Group](r, groups, "owner", ownerID) {
		if !g.Deleted() {
			ids = append(ids, g.ID)
		}
	}
	return ids
}
