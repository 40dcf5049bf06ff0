package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const (
	sourceGroups = "Microsoft: Configure group claims for applications; Secure applications and APIs by validating claims, Validate the subject"
	sourceGuests = "Microsoft: Optional claims reference, acct; Properties of a Microsoft Entra B2B collaboration user"
	otherGroup   = "6f1b5d3a-9c0e-4d55-9f2b-2d1f0c7a8e41" // no group of the tenant
)

// withoutGroups are users who are in none of the required groups.
func (s *Suite) withoutGroups(e endpoint) []Case {
	if len(e.groups) == 0 {
		return nil
	}
	const gain = "users who are not members of any of the groups can do what requires membership"
	deny := func(name, kind, flaw string, changes func(*baselineToken) change, match func(User) bool) Case {
		outsider := e
		outsider.groups = nil
		who, cannot := s.refused(e, kind, s.addEntitled(outsider, "outsider"), func(u User) bool { return match(u) && e.satisfiedBy(u.Roles) && !(e.noGuests && u.Guest) })
		c := s.denied(e, name, CauseGroup, High, who, cannot, s.userProperties(e, who)...)
		if changes != nil && (cannot != nil || name == "group-overage") {
			c.skip = nil
			c.Sends = "a correctly signed token of a user " + kind
			c.present = func(ctx context.Context, run *runState) (credential, error) {
				g, err := run.baselineTokenFor(e)
				if err != nil {
					return credential{}, err
				}
				if cannot == nil {
					if g, err = run.access(ctx, who, s.userProperties(e, who)...); err != nil {
						return credential{}, err
					}
				}
				return g.present(ctx, changes(g))
			}
		}
		c.Source, c.Gain, c.Flaw = sourceGroups, gain, flaw
		return c
	}
	outside := func(u User) bool { return !overlap(u.Groups, e.groups) }
	cases := []Case{
		deny("no-group", "who is in no group", "the API does not check the group (groups)",
			func(*baselineToken) change { return change{"groups": nil} }, func(u User) bool { return len(u.Groups) == 0 }),
		deny("wrong-group", "who is only in other groups", "the API requires a group but does not check which one (groups)",
			func(*baselineToken) change { return change{"groups": []string{otherGroup}} }, func(u User) bool { return len(u.Groups) > 0 && outside(u) }),
		deny("group-overage", "who is in too many groups for a token, but not in a required one", "the API treats a token without groups, because they are too many for a token, as the token of a member",
			overage, outside),
	}
	near := []check{
		entitlement("group-name", "the names of the groups instead of their ids", gain, func(*baselineToken) change { return change{"groups": e.groups} }),
		entitlement("group-in-roles", "the group as a role", gain, func(g *baselineToken) change {
			return change{"groups": nil, "roles": append(g.claims.roles(), s.groupClaims(e.groups)...)}
		}),
		entitlement("group-in-wids", "the group as a directory role (wids)", gain, func(g *baselineToken) change {
			return change{"groups": nil, "wids": append(s.groupClaims(e.groups), "b79fbf4d-3ef9-4689-8143-76b194e85509")} // every user has it
		}),
		entitlement("group-longer", "a group whose id begins with the right one", gain, func(*baselineToken) change {
			return change{"groups": []string{s.groupClaims(e.groups)[0] + "0"}}
		}),
		entitlement("group-near", "groups whose ids begin and end like the right one", gain, func(*baselineToken) change {
			right := s.groupClaims(e.groups)[0]
			return change{"groups": []string{nearID(right, false), nearID(right, true)}}
		}),
	}
	if overlap(s.groupClaims(e.groups), e.groups) {
		near = near[1:] // the claim has names
	}
	for i := range near {
		near[i].means, near[i].flaw, near[i].source = CauseGroupCompare, "the API does not compare groups (groups) as whole values of the right claim", sourceGroups
		c := near[i].on(e, Authorization)
		c.Expect.Status = 403
		cases = append(cases, c)
	}
	member := check{
		name: "group-overage-member", means: CauseGroupRefused, severity: Low, sends: "a correctly signed token of a member who is in too many groups for a token",
		gain: "nothing: members of many groups may be refused", flaw: "the answer is neither the answer to a member nor the answer to another caller",
		source: sourceGroups, present: func(ctx context.Context, g *baselineToken) (credential, error) { return g.present(ctx, overage(g)) },
	}.on(e, Authorization)
	member.Expect = e.expect
	member.Expect.Tolerates = []int{403}
	return append(cases, member)
}

// overage returns the group claim in the token of a user with more than 200 groups.
// Source: Microsoft: Configure group claims for applications, Group overages.
func overage(g *baselineToken) change {
	return change{
		"groups":       nil,
		"_claim_names": map[string]any{"groups": "src1"},
		"_claim_sources": map[string]any{"src1": map[string]any{
			"endpoint": fmt.Sprintf("https://graph.windows.net/%s/users/%s/getMemberObjects", g.claims.text("tid"), g.claims.text("oid")),
		}},
	}
}

// holdsGroups requires the groups that the manifests declare. Groups that the endpoint
// treats alike count as equal.
func (s *Suite) holdsGroups(e endpoint, groups []string) property {
	return property{func(c claimSet) string {
		if len(e.groups) == 0 {
			return ""
		}
		for _, name := range e.groups {
			switch has, should := slices.Contains(s.groupsIn(c), name), slices.Contains(groups, name); {
			case should && !has:
				return "has no group " + name
			case has && !should:
				return "has group " + name + ", which it should lack"
			}
		}
		return ""
	}, fmt.Sprintf("groupMembershipClaims of application %s, and the members of %s", s.Resource.Name, strings.Join(e.groups, ", "))}
}

// guests are guests of the tenant, if the endpoint refuses them. The claim acct
// decides: a member of the tenant who signs in to another tenant (B2B) is not a guest,
// but a guest whose account is in the tenant itself is one.
func (s *Suite) guests(e endpoint) []Case {
	if !e.noGuests {
		return nil
	}
	const foreignProvider = "https://sts.windows.net/" + anotherTenant + "/"
	made := func(name, sends, flaw string, changes change) Case {
		c := check{
			name: name, means: CauseGuests, severity: High, sends: sends, gain: "guests can do what only members of the tenant may do", flaw: flaw, source: sourceGuests,
			present: func(ctx context.Context, g *baselineToken) (credential, error) { return g.present(ctx, changes) },
		}.on(e, Authorization)
		c.Expect.Status = 403
		return c
	}
	guest := made("guest", "a correctly signed token of a guest", "the API does not refuse guests (acct)", change{"acct": 1, "idp": foreignProvider})
	if who, cannot := s.refused(e, "who is a guest", "", func(u User) bool {
		return u.Guest && e.satisfiedBy(u.Roles) && (len(e.groups) == 0 || overlap(e.groups, u.Groups))
	}); cannot == nil {
		real := s.denied(e, "guest", CauseGuests, High, who, nil, s.holdsScopes(who.client, e.requirement), s.saysWhetherGuest(e))
		real.Source, real.Gain, real.Flaw = guest.Source, guest.Gain, guest.Flaw
		guest = real
	}
	internal := made("guest-internal", "a correctly signed token of a guest whose account is in the tenant itself",
		"the API decides by the identity provider (idp) and not by the kind of account (acct)", change{"acct": 1, "idp": nil})
	member := made("member-b2b", "a correctly signed token of a member of the tenant who signs in elsewhere",
		"the API treats a member who signs in elsewhere as a guest: it decides by the identity provider (idp)", change{"acct": 0, "idp": foreignProvider})
	member.Means, member.Severity, member.Gain = CauseMembersRefused, Low, "nothing: members who sign in elsewhere are refused"
	member.Expect = e.expect
	member.Expect.Tolerates = []int{403}
	return []Case{guest, internal, member}
}

func (s *Suite) saysWhetherGuest(e endpoint) property {
	return property{func(c claimSet) string {
		if _, says := c["acct"]; e.noGuests && !says {
			return "does not say whether the user is a guest (acct)"
		}
		return ""
	}, "optionalClaims.accessToken of application " + s.Resource.Name}
}
