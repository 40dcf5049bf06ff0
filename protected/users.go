package protected

import (
	"slices"

	"provision/conformance"
	"provision/stack"
)

// Users returns the stack's users with the roles that the manifests give to them or to a group
// that they are direct members of. unavailable returns the reason why nobody can sign in as a
// user, or "".
func (a API) Users(unavailable func(*stack.User) string) []conformance.User {
	var all []conformance.User
	for _, u := range a.Stack.Users {
		user := conformance.User{Name: u.Name, Guest: u.UserType != nil && *u.UserType == "Guest"}
		for _, g := range a.Stack.Groups {
			if belongs(a.Stack, g.Name, u.Name, nil) {
				user.Groups = append(user.Groups, g.Name)
			}
		}
		for _, ra := range a.Resource.RoleAssignments {
			if ra.Role == "" {
				continue
			}
			switch {
			case slices.Contains(ra.Users, u.Name):
				user.Roles = append(user.Roles, ra.Role)
			case slices.ContainsFunc(ra.Groups, func(g string) bool { return isMember(a.Stack, g, u.Name) }):
				user.Roles = append(user.Roles, ra.Role)
				user.GroupRoles = append(user.GroupRoles, ra.Role)
			}
		}
		user.Unavailable = unavailable(u)
		all = append(all, user)
	}
	return all
}

func isMember(s *stack.Stack, group, user string) bool {
	for _, g := range s.Groups {
		if g.Name == group {
			return slices.ContainsFunc(g.Members, func(m stack.Member) bool { return m.User == user })
		}
	}
	return false
}

// belongs reports whether a user is a direct or nested member of a group: the groups
// claim contains both. beside are the groups that were already checked.
func belongs(s *stack.Stack, group, user string, beside []string) bool {
	if slices.Contains(beside, group) {
		return false
	}
	i := slices.IndexFunc(s.Groups, func(g *stack.Group) bool { return g.Name == group })
	return isMember(s, group, user) || i >= 0 && slices.ContainsFunc(s.Groups[i].Members, func(m stack.Member) bool {
		return m.Group != "" && belongs(s, m.Group, user, append(beside, group))
	})
}
