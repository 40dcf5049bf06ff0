package stack

import "strings"

// An owner, or a deployer, is a user of the stack, a userPrincipalName, or an
// application: its name in the stack, OTHER-STACK/NAME or its appId.

// OwnerUPN returns the userPrincipalName of an owner, or "" if the owner has another form.
func OwnerUPN(owner string) string {
	if strings.Contains(owner, "@") {
		return owner
	}
	return ""
}

// checkOwners checks that all declared owners exist.
func (l *loader) checkOwners(s *loaded, owners []string, at func(i int) Position) {
	for i, name := range owners {
		isUser, isApplication := s.users[name] != nil, s.applications[name] != nil
		switch {
		case isUser && isApplication:
			l.mistakes.add(at(i), "name the user by userPrincipalName, or the application as "+s.Name+"/"+name,
				"%q is the name of a user and of an application", name)
		case isUser, isApplication, OwnerUPN(name) != "", IsID(name):
		case strings.Contains(name, "/"):
			l.resource(s, name, at(i))
		default:
			l.mistakes.add(at(i), oneOf(name, append(names(s.users), names(s.applications)...)), "unknown user or application %q", name)
		}
	}
}
