package login

import (
	"slices"
	"strings"

	"provision/emulator/directory"
)

// groupLimit is the maximum number of groups in a token. A token of a user with more
// groups contains the address for requesting them; in a redirect URI, it only states
// that the user has groups.
const (
	groupLimit         = 200
	fragmentGroupLimit = 5
)

// addGroups adds a user's groups according to the registration's
// groupMembershipClaims, in the form that the optional claim groups requests: by name
// if the claim has cloud_displayname and the group is assigned to the application,
// else by object id. What names a group on premises (sam_account_name and the like)
// leaves the id too: no group here is synchronized. With emit_as_roles the groups are
// values of the claim roles instead of the user's app roles; asRoles reports this. Sources:
// learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim,
// optional-claims ("Configure groups optional claims").
func (c *tenantCall) addGroups(token claims, i issuance, app *directory.Application, principal *directory.ServicePrincipal, asked []directory.OptionalClaim) (asRoles bool) {
	ids := c.groupIDs(i.user, app, principal)
	claim, name := groupsClaim(asked), "groups"
	if asRoles = slices.Contains(claim.AdditionalProperties, "emit_as_roles") && asksForAnyGroups(app); asRoles {
		name = "roles"
	}
	switch {
	case len(ids) == 0:
	case i.inFragment && len(ids) > fragmentGroupLimit:
		token["hasgroups"] = true
	case len(ids) > groupLimit:
		token["_claim_names"] = map[string]string{name: "src1"}
		token["_claim_sources"] = map[string]any{"src1": map[string]string{
			"endpoint": c.graphURL() + "/v1.0/users/" + i.user.ID + "/getMemberObjects",
		}}
	default:
		token[name] = c.groupNames(ids, i.user, principal, claim)
	}
	return asRoles
}

// groupsClaim returns the optional claim groups, or the zero value if it is not requested.
func groupsClaim(asked []directory.OptionalClaim) directory.OptionalClaim {
	claim, _ := optionalClaim(asked, "groups")
	return claim
}

// groupNames replaces the ids of assigned groups by their display names.
func (c *tenantCall) groupNames(ids []string, user *directory.User, principal *directory.ServicePrincipal, claim directory.OptionalClaim) []string {
	if !slices.Contains(claim.AdditionalProperties, "cloud_displayname") {
		return ids
	}
	assigned := c.assignedGroups(user, principal)
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if g, ok := c.Group(id); ok && slices.Contains(assigned, id) {
			names[i] = g.DisplayName
		}
	}
	return names
}

func asksForAnyGroups(app *directory.Application) bool {
	return asksForGroups(app, "All") || asksForGroups(app, "SecurityGroup") || asksForGroups(app, "ApplicationGroup")
}

// asksForGroups reports whether groupMembershipClaims contains a kind.
func asksForGroups(app *directory.Application, kind string) bool {
	if app.GroupMembershipClaims == nil {
		return false
	}
	for asked := range strings.SplitSeq(*app.GroupMembershipClaims, ",") {
		if strings.TrimSpace(asked) == kind {
			return true
		}
	}
	return false
}

func (c *tenantCall) groupIDs(user *directory.User, app *directory.Application, principal *directory.ServicePrincipal) []string {
	var ids []string
	if asksForGroups(app, "All") {
		ids = append(ids, c.memberships(user, func(*directory.Group) bool { return true })...)
	}
	if asksForGroups(app, "SecurityGroup") {
		ids = append(ids, c.memberships(user, func(g *directory.Group) bool { return g.SecurityEnabled })...)
	}
	if asksForGroups(app, "ApplicationGroup") {
		ids = append(ids, c.assignedGroups(user, principal)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// memberships returns the groups of a user, also indirect ones.
func (c *tenantCall) memberships(user *directory.User, keep func(*directory.Group) bool) []string {
	var ids []string
	seen := map[string]bool{}
	queue := c.GroupsOf(user.ID)
	for len(queue) > 0 {
		group := queue[0]
		queue = queue[1:]
		if seen[group.ID] {
			continue
		}
		seen[group.ID] = true
		if keep(group) {
			ids = append(ids, group.ID)
		}
		queue = append(queue, c.GroupsOf(group.ID)...)
	}
	return ids
}

// assignedGroups returns the direct groups of the user that have a role of the application.
func (c *tenantCall) assignedGroups(user *directory.User, principal *directory.ServicePrincipal) []string {
	if principal == nil {
		return nil
	}
	var ids []string
	for _, assignment := range c.assignments(principal.ID, user.ID, true) {
		if assignment.PrincipalType == "Group" {
			ids = append(ids, assignment.PrincipalID)
		}
	}
	return ids
}
