package plan

import (
	"cmp"
	"maps"
	"slices"

	"provision/stack"
)

func (d *declaration) group(s *stack.Stack, g *stack.Group) {
	if g.Existing {
		return
	}
	k := Key{Group, s.GroupUniqueName(g.Name)}
	d.owners(s, k, g.Owners, g.Pos, false)
	properties := map[string]any{"displayName": cmp.Or(g.DisplayName, g.Name)}
	if g.Description != nil {
		properties["description"] = *g.Description
	}
	for property, stated := range map[string]*string{
		"visibility": g.Visibility, "membershipRule": g.MembershipRule, "membershipRuleProcessingState": g.RuleProcessing,
	} {
		if stated != nil {
			properties[property] = *stated
		}
	}
	if g.SecurityEnabled != nil {
		properties["securityEnabled"] = *g.SecurityEnabled
	}
	properties["groupTypes"] = d.groupTypes(k, g, properties)
	d.values(s, nil, properties)
	initial := map[string]any{
		"mailEnabled":     g.Unified(),
		"securityEnabled": !g.Unified(),
		"mailNickname":    cmp.Or(g.MailNickname, s.Name+"-"+g.Name),
	}
	maps.Copy(initial, properties)
	d.add(&Declared{Object: Object{Key: k, Stack: s.Name, Properties: properties}, pos: g.Pos, initial: initial, ignore: g.Protection.Ignore})
	for _, m := range g.Members {
		var member Key
		property := ID
		switch {
		case m.User != "":
			member = d.userKey(s, m.User)
		case m.Group != "":
			member = d.groupKey(s, m.Group)
		default:
			member, property = d.applicationKey(s, m.Application), ServicePrincipalID
			d.instance(g.Pos, member)
		}
		d.add(&Declared{Object: Object{Key: MemberKey(k, member), Stack: s.Name, Ends: Ends{Resource: k, Principal: member}},
			pos: g.Pos, principalProperty: property})
	}
}

// groupTypes returns the groupTypes of a group, and adds the properties that a change
// between assigned and dynamic membership needs. The Exchange type of a group never
// changes.
func (d *declaration) groupTypes(k Key, g *stack.Group, properties map[string]any) []any {
	types := []any{}
	if g.Unified() {
		types = append(types, "Unified")
	}
	live := d.state.Objects[k]
	if live != nil && slices.Contains(list(live.Properties, "groupTypes"), any("Unified")) != g.Unified() {
		d.mistake(g.Pos, "give the group another metadata.name, or delete it first", "group %s: Graph cannot change a group into or from a Microsoft 365 group", g.Name)
	}
	switch {
	case g.Dynamic():
		types = append(types, "DynamicMembership")
		if g.RuleProcessing == nil {
			properties["membershipRuleProcessingState"] = "On"
		}
	case live != nil && slices.Contains(list(live.Properties, "groupTypes"), any("DynamicMembership")):
		properties["membershipRuleProcessingState"] = "Paused"
	}
	return types
}
