package stack

import (
	"maps"
	"slices"
	"strings"
)

func (l *loader) checkUser(s *loaded, u *User) {
	at := l.at(s, "User", u.Name, "userPrincipalName")
	key := strings.ToLower(u.UserPrincipalName)
	if key == "" {
		return
	}
	if first, ok := l.upns[key]; ok && !(u.Existing && first.existing) && (first.stack == s.Name || (!u.Existing && !first.existing)) {
		l.mistakes.add(at, "declare the user in one stack, and use `existing: true` in the others",
			"userPrincipalName %s is already declared (%s)", u.UserPrincipalName, first.pos)
	} else if !ok || first.existing {
		l.upns[key] = upn{s.Name, u.Existing, at}
	}
	if u.Existing {
		l.checkOnlyFound(s, "User", u.Name, "userPrincipalName")
	}
}

func (l *loader) checkGroup(s *loaded, g *Group) {
	at := func(path ...any) Position { return l.at(s, "Group", g.Name, path...) }
	if g.Existing {
		if g.UniqueName == "" && g.DisplayName == "" && g.ID == "" {
			l.mistakes.add(g.Pos, "", "existing group %s needs a uniqueName, a displayName or an id that identifies it", g.Name)
		}
		l.checkOnlyFound(s, "Group", g.Name, "id", "uniqueName", "displayName")
		return
	}
	if g.ID != "" {
		l.mistakes.add(at("id"), "remove it, or add `existing: true`", "id is set by Entra")
	}
	if g.UniqueName != "" {
		l.mistakes.add(at("uniqueName"), "remove it, or add `existing: true`", "uniqueName is set by provision")
	}
	l.checkGroupKind(s, g)
	seen := map[Member]bool{}
	for i, m := range g.Members {
		if g.Unified() && m.User == "" {
			l.mistakes.add(at("members", i), "make it a security group, or name its users", "only users can be members of a Microsoft 365 group")
		}
		for _, end := range []struct {
			field, name string
			known       func(string) bool
			all         func() []string
		}{{"user", m.User, has(s.users), all(s.users)}, {"group", m.Group, has(s.groups), all(s.groups)}, {"application", m.Application, has(s.applications), all(s.applications)}} {
			if end.name != "" && !end.known(end.name) {
				l.mistakes.add(at("members", i, end.field), oneOf(end.name, end.all()), "unknown %s %q", end.field, end.name)
			}
		}
		if m.Group == g.Name {
			l.mistakes.add(at("members", i), "", "group %s cannot be a member of itself", g.Name)
		}
		if seen[m] {
			l.mistakes.add(at("members", i), "", "the same member is listed twice")
		}
		seen[m] = true
	}
	l.checkOwners(s, g.Owners, func(i int) Position { return at("owners", i) })
}

// checkGroupKind checks the type of a group: Graph creates security groups and
// Microsoft 365 groups, with assigned or dynamic members.
func (l *loader) checkGroupKind(s *loaded, g *Group) {
	at := func(path ...any) Position { return l.at(s, "Group", g.Name, path...) }
	if i := slices.Index(g.GroupTypes, "DynamicMembership"); i >= 0 && !g.Dynamic() {
		l.mistakes.add(at("groupTypes", i), "set membershipRule", "group %s has dynamic membership but no rule", g.Name)
	}
	if g.Dynamic() && len(g.Members) > 0 {
		l.mistakes.add(at("members"), "remove members or membershipRule", "Entra computes the members of group %s from its membershipRule", g.Name)
	}
	if g.RuleProcessing != nil && !g.Dynamic() {
		l.mistakes.add(at("membershipRuleProcessingState"), "state membershipRule", "group %s has no membershipRule to process", g.Name)
	}
	if g.MailEnabled != nil && *g.MailEnabled != g.Unified() {
		l.mistakes.add(at("mailEnabled"), "only a Microsoft 365 group (groupTypes: [Unified]) has mail", "Graph does not create a group with mailEnabled: %t and these groupTypes", *g.MailEnabled)
	}
	if g.SecurityEnabled != nil && !*g.SecurityEnabled && !g.Unified() {
		l.mistakes.add(at("securityEnabled"), "remove it, or set groupTypes: [Unified]", "a group without mail must be a security group")
	}
	if g.Visibility != nil && !g.Unified() {
		l.mistakes.add(at("visibility"), "remove it, or set groupTypes: [Unified]", "only a Microsoft 365 group has a visibility")
	}
}

// checkOnlyFound refuses properties that would change an existing object.
func (l *loader) checkOnlyFound(s *loaded, kind, name string, finders ...string) {
	spec, _ := s.declared[kind+"/"+name].content["spec"].(map[string]any)
	for _, field := range slices.Sorted(maps.Keys(spec)) {
		if field != "existing" && !slices.Contains(finders, field) {
			l.mistakes.add(l.at(s, kind, name, field), "remove it, or remove `existing: true`", "%s of an existing %s is never written", field, strings.ToLower(kind))
		}
	}
}
