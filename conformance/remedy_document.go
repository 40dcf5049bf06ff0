package conformance

import (
	"fmt"
	"strings"

	"provision/stack"
)

// tooLoose returns what to write in the document if it admits applications by mistake, or "". A
// requirement without scopes, groups and callers admits users and applications.
func (s *Suite) tooLoose(e endpoint) string {
	all := e.stated.Requires.Alternatives()
	if !e.apps || e.number >= len(all) || len(all[e.number].Callers) > 0 {
		return ""
	}
	stated := all[e.number]
	stated.Callers = []string{users}
	lines := []string{written(stated)}
	if scopes := s.Resource.Scopes; len(scopes) > 0 {
		scoped := all[e.number]
		scoped.Scopes = scopes[:1]
		lines = append([]string{written(scoped)}, lines...)
	}
	return fmt.Sprintf("the document admits applications here, because it requires no scope and states no callers; if only users may call the endpoint, write %s", strings.Join(lines, " or "))
}

// written returns a requirement as the document states it.
func written(r stack.Requires) string {
	var parts []string
	for _, part := range []struct {
		name   string
		values []string
	}{{"scopes", r.Scopes}, {"anyScope", r.AnyScope}, {"anyRole", r.AnyRole}, {"allRoles", r.AllRoles}, {"groups", r.Groups}} {
		if len(part.values) > 0 {
			parts = append(parts, fmt.Sprintf("%s: [%s]", part.name, strings.Join(part.values, ", ")))
		}
	}
	if r.Guests != "" {
		parts = append(parts, "guests: "+r.Guests)
	}
	if r.Owner {
		parts = append(parts, "owner: true")
	}
	if len(r.Callers) > 0 {
		parts = append(parts, fmt.Sprintf("callers: [%s]", strings.Join(r.Callers, ", ")))
	}
	return "requires: {" + strings.Join(parts, ", ") + "}"
}
