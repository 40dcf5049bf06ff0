package stack

import "strings"

// checkAdopted checks that a registration is adopted only once, and that an application
// without a service principal gets no permissions.
func (l *loader) checkAdopted(s *loaded, a *Application) {
	at := func(path ...any) Position { return l.at(s, "Application", a.Name, path...) }
	if a.Adopt != "" {
		for _, name := range names(l.stacks) {
			for _, other := range l.stacks[name].Applications {
				if other != a && strings.EqualFold(other.Adopt, a.Adopt) && other.Pos.less(a.Pos) {
					l.mistakes.add(at("adopt"), "remove one of the documents", "application %s (%s) adopts this registration too", other.Name, other.Pos)
				}
			}
		}
		if s.Environment != "" {
			l.mistakes.add(at("adopt"), "exclude the application for this target, or remove adopt", "an environment with suffix %s cannot adopt the registration of another one", s.Environment)
		}
	}
	for i, p := range a.Permissions {
		if p.ConsentOnly() && !p.AdminConsent {
			l.mistakes.add(at("permissions", i), "set adminConsent: true, or remove the entry", "permissions that are not required and have no admin consent do nothing")
		}
		if p.AdminConsent && !a.ServicePrincipal.Managed() {
			l.mistakes.add(at("permissions", i, "adminConsent"), "remove create: false from servicePrincipal", "an application without a service principal cannot get consent")
		}
	}
	if len(a.RoleAssignments) > 0 && !a.ServicePrincipal.Managed() {
		l.mistakes.add(at("roleAssignments"), "remove create: false from servicePrincipal", "roles of an application without a service principal cannot be assigned")
	}
}
