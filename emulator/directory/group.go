package directory

import (
	"slices"
	"strings"
)

// CreateGroup stores a new group with its first members and owners.
func (tx *Tx) CreateGroup(g *Group) (*Group, error) {
	g = g.Clone()
	members, owners := g.MemberIDs, g.OwnerIDs
	g.ID, g.CreatedDateTime, g.DeletedDateTime = newID(), tx.now, nil
	g.MemberIDs, g.OwnerIDs = nil, nil
	g.SecurityID, g.RenewedDateTime = securityID(g.ID), tx.now
	if unified(g) {
		tx.setMail(g)
	}
	if err := tx.checkGroup(nil, g); err != nil {
		return nil, err
	}
	tx.put(groups, g)
	if err := tx.AddMembers(g.ID, members...); err != nil {
		return nil, err
	}
	for _, owner := range owners {
		if err := tx.AddOwner(g.ID, owner); err != nil {
			return nil, err
		}
	}
	g, _ = tx.Group(g.ID)
	return g, nil
}

// UpdateGroup stores a changed Clone of a live group; members and owners stay.
func (tx *Tx) UpdateGroup(g *Group) error {
	old, ok := tx.Group(g.ID)
	if !ok {
		return NotFound(g.ID)
	}
	g = g.Clone()
	g.CreatedDateTime, g.DeletedDateTime = old.CreatedDateTime, nil
	g.MemberIDs, g.OwnerIDs = old.MemberIDs, old.OwnerIDs
	g.SecurityID, g.RenewedDateTime = old.SecurityID, old.RenewedDateTime
	if is(g.AssignableRole) != is(old.AssignableRole) {
		return readOnly("isAssignableToRole")
	}
	if err := tx.checkGroup(old, g); err != nil {
		return err
	}
	if g.DisplayName != old.DisplayName {
		tx.renameEnd(g.ID, g.DisplayName)
	}
	tx.put(groups, g)
	return nil
}

func (tx *Tx) checkGroup(old, g *Group) error {
	if strings.TrimSpace(g.DisplayName) == "" || len(g.DisplayName) > 256 {
		return invalidValue("Group", "displayName", "It must have 1 to 256 characters.")
	}
	if !mailNickname.MatchString(g.MailNickname) {
		return invalidValue("Group", "mailNickname", "It must have 1 to 64 characters that an address allows.")
	}
	if g.Description != nil && len(*g.Description) > 1024 {
		return invalidValue("Group", "description", "It must not be longer than 1024 characters.")
	}
	for _, kind := range g.GroupTypes {
		if kind != "Unified" && kind != "DynamicMembership" {
			return invalidValue("Group", "groupTypes", "It may contain Unified and DynamicMembership.")
		}
	}
	if !g.SecurityEnabled && !unified(g) || g.MailEnabled != unified(g) {
		return badRequest("The service does not currently support writes of mail-enabled groups. " +
			"Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	}
	if err := checkRule(old, g); err != nil {
		return err
	}
	if err := tx.checkMail(g); err != nil {
		return err
	}
	if old != nil && old.UniqueName != nil {
		if text(g.UniqueName) != *old.UniqueName {
			return readOnly("uniqueName")
		}
		return nil
	}
	if g.UniqueName == nil {
		return nil
	}
	if *g.UniqueName == "" || len(*g.UniqueName) > 128 {
		return invalidValue("Group", "uniqueName", "It must have 1 to 128 characters.")
	}
	if holder := find[Group](tx.reader, groups, "uniqueName", *g.UniqueName); holder != nil && holder.ID != g.ID {
		return takenValue("uniqueName")
	}
	return nil
}

func is(flag *bool) bool { return flag != nil && *flag }

func unified(g *Group) bool { return slices.Contains(g.GroupTypes, "Unified") }

// setMail gives a new Microsoft 365 group the mail properties that Exchange sets.
func (tx *Tx) setMail(g *Group) {
	address := g.MailNickname + "@" + tx.tenant.Domain
	g.Mail, g.ProxyAddresses = &address, []string{"SMTP:" + address}
	if text(g.Description) == "" {
		g.Description = &g.DisplayName
	}
	if g.Visibility == nil {
		public := "Public"
		g.Visibility = &public
	}
}

// checkRule checks the properties for dynamic membership. A group that changes back to
// assigned members keeps its rule.
func checkRule(old, g *Group) error {
	if dynamic(g) && text(g.MembershipRule) == "" {
		return badRequest("A dynamic membership group must have a membershipRule.")
	}
	if !dynamic(g) && text(g.MembershipRule) != "" && (old == nil || text(old.MembershipRule) != *g.MembershipRule) {
		return badRequest("The membershipRule of a group needs DynamicMembership among its groupTypes.")
	}
	if dynamic(g) {
		if _, err := parseRule(*g.MembershipRule); err != nil {
			return badRequest("The membershipRule of the group is not valid: %v.", err)
		}
	}
	if old != nil && unified(old) != unified(g) {
		return badRequest("The group type Unified can neither be added to a group nor removed from it.")
	}
	if state := text(g.RuleProcessing); state != "" && state != "On" && state != "Paused" {
		return invalidValue("Group", "membershipRuleProcessingState", "It must be On or Paused.")
	}
	if !slices.Contains([]string{"", "Public", "Private", "HiddenMembership"}, text(g.Visibility)) {
		return invalidValue("Group", "visibility", "It must be Public, Private or HiddenMembership.")
	}
	return nil
}

// checkMail checks that no other group has the address.
func (tx *Tx) checkMail(g *Group) error {
	if g.Mail == nil {
		return nil
	}
	for holder := range each[Group](tx.reader, groups, "mail", *g.Mail) {
		if holder.ID != g.ID {
			return takenValue("mailNickname")
		}
	}
	return nil
}

// AddMembers adds users, groups and service principals to a group. It adds none if one of them
// does not exist or is already a member.
func (tx *Tx) AddMembers(groupID string, ids ...string) error {
	g, ok := tx.Group(groupID)
	if !ok {
		return NotFound(groupID)
	}
	g = g.Clone()
	for _, id := range ids {
		object, _ := tx.Object(id)
		if !tx.Visible(id) {
			return NotFound(id)
		}
		switch object.(type) {
		case *User, *Group, *ServicePrincipal:
		default:
			return NotFound(id)
		}
		if id == g.ID {
			return badRequest("A group cannot be a member of itself.")
		}
		if _, user := object.(*User); unified(g) && !user {
			return badRequest("Only users can be members of a Microsoft 365 group.")
		}
		if dynamic(g) {
			return badRequest("Insufficient privileges to complete the operation: the members of a dynamic group follow from its rule.")
		}
		if slices.Contains(g.MemberIDs, id) {
			return alreadyReferenced("members")
		}
		g.MemberIDs = append(g.MemberIDs, id)
	}
	tx.put(groups, g)
	return nil
}

// RemoveMember removes a direct member from a group.
func (tx *Tx) RemoveMember(groupID, memberID string) error {
	g, ok := tx.Group(groupID)
	if !ok {
		return NotFound(groupID)
	}
	i := slices.Index(g.MemberIDs, memberID)
	if i < 0 {
		return NotFound(memberID)
	}
	g = g.Clone()
	g.MemberIDs = slices.Delete(g.MemberIDs, i, i+1)
	tx.put(groups, g)
	return nil
}
