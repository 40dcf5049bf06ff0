package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// validChecks are correctly signed tokens of unusual callers that the endpoint must accept.
var validChecks = []variantCheck{
	{
		name:     "valid-claims",
		means:    CauseValidClaims,
		sends:    "tokens of entitled callers without optional claims, with unknown claims, and with unusual characters in their names",
		flaw:     "the API requires a claim that is optional, or cannot read a permitted value of a name or another claim",
		source:   "Microsoft: Access token claims reference; Optional claims reference",
		variants: differentClaims,
	},
	{
		name:     "valid-roles",
		means:    CauseValidRoles,
		sends:    "tokens of entitled callers with an additional role, before and after the required one",
		flaw:     "the API checks only one of several roles (roles), or compares the whole list",
		source:   "Microsoft: Access token claims reference, roles; Add app roles and get them from a token",
		variants: differentRoles,
	},
	{
		name:     "valid-scopes",
		means:    CauseValidScopes,
		sends:    "tokens of clients with an additional scope, before and after the required one",
		flaw:     "the API compares all of scp, or its beginning, instead of each scope in it",
		source:   "Microsoft: Access token claims reference, scp; RFC 6749, section 3.3",
		variants: differentScopes,
	},
	{
		name:     "valid-groups",
		means:    CauseValidGroups,
		sends:    "tokens of entitled users who are members of as many groups as a token can contain, and of more groups",
		flaw:     "the API, or the server in front of it, cannot process a token with many groups, or a token that refers to Microsoft Graph for the groups",
		source:   "Microsoft: Configure group claims, Groups overage claim",
		variants: differentGroups,
	},
	{
		name:     "valid-memberships",
		means:    CauseGroupRefused,
		sends:    "tokens of members who are in other groups too, in both orders",
		flaw:     "the API looks at one of several groups (groups), or compares the whole list",
		source:   sourceGroups,
		variants: moreGroups,
	},
	{
		name:     "valid-guest",
		means:    CauseValidGuest,
		sends:    "tokens of entitled users who are guests of the tenant",
		flaw:     "the API expects all users to be from the directory of the tenant: it reads upn, or compares a domain or an identity provider",
		source:   "Microsoft: Optional claims reference, acct and upn; Properties of a Microsoft Entra B2B collaboration user",
		variants: differentGuests,
	},
}

// validCases try all of them at one endpoint of the API, and the most common ones at
// the other endpoints.
func (s *Suite) validCases(e endpoint) []Case {
	representative, ok := s.lifecycleEndpoint()
	alone := ok && representative.key() == e.key()
	var cases []Case
	for _, check := range validChecks {
		switch {
		case check.name == "valid-roles" && !e.needsRole(), check.name == "valid-scopes" && (!e.needsScope() || !e.users):
			continue
		case check.name == "valid-groups" && (!e.users || len(e.groups) == 0 && !alone), check.name == "valid-memberships" && (!e.users || len(e.groups) == 0), check.name == "valid-guest" && (!e.users || e.noGuests || !alone):
			continue
		}
		check.admits, check.severity, check.gain = true, Low, "nothing: callers who are entitled cannot use the API"
		variants := check.variants
		check.variants = func(e endpoint, g *baselineToken) []variant {
			all := variants(e, g)
			if !alone {
				all = all[:min(len(all), 2)]
			}
			return all
		}
		cases = append(cases, check.on(e, Authorization))
	}
	return cases
}

// optional are claims that tokens may omit.
var optional = []string{"name", "preferred_username", "upn", "unique_name", "email", "given_name", "family_name", "ipaddr", "idp", "login_hint", "sid", "amr", "acr", "auth_time", "uti", "rh", "aio", "wids", "azpacr", "appidacr", "app_displayname", "idtyp", "nonce", "ctry", "verified_primary_email", "xms_ftd", "xms_idrel"}

func differentClaims(_ endpoint, g *baselineToken) []variant {
	less := variant{says: "without optional claims", changes: change{}}
	for _, name := range optional {
		if name == "idtyp" && slices.Contains(g.run.Resource.OptionalClaims, name) {
			continue // every token of an application then has it
		}
		if _, ok := g.claims[name]; ok {
			less.changes[name] = nil
			less.single = append(less.single, variant{says: "without " + name, changes: change{name: nil}})
		}
	}
	more := variant{says: "with claims that the API need not know", changes: change{
		"xms_cc": []string{"cp1"}, "acrs": []string{"c1"}, "amr": []string{"pwd", "mfa", "rsa"}, "wids": []string{"b79fbf4d-3ef9-4689-8143-76b194e85509"},
		"extn.jobTitle": []string{"Engineer"}, "auth_time": g.date(-24 * time.Hour), "ctry": "DE", "login_hint": "O.CiQ", "employeeid": 7, "email_verified": true, "address": map[string]any{"locality": "Zürich"}, "tenant_region_scope": "EU", "onprem_sid": "S-1-5-21-1", "xms_st": map[string]any{"sub": "x"},
	}}
	for name, value := range more.changes {
		more.single = append(more.single, variant{says: "with " + name, changes: change{name: value}})
	}
	slices.SortFunc(more.single, func(a, b variant) int { return strings.Compare(a.says, b.says) })
	all := []variant{less}
	if g.who.user != "" {
		all = append(all, named("O'Brien \"Bob\" <bob@contoso.example> & Söhne; %s {0} ${x} \\ 王小明 😀", "o'brien+test@sub.contoso.example"))
		all = append(all, more, named("", "+1 425 555 0100"), named(strings.Repeat("Long ", 51)+"Name", strings.Repeat("l", 64)+"@contoso.example"), named("محمد, علي", "ADA@CONTOSO.EXAMPLE"), named("Zoë Ångström", "zoë.ångström@contoso.example"), named("null", "undefined"),
			variant{says: "with the name as a number", changes: change{"name": "007"}},
			variant{says: "valid for 28 hours", changes: change{"exp": g.date(28 * time.Hour)}},
			variant{says: "issued 20 hours ago", changes: change{"iat": g.date(-20 * time.Hour), "nbf": g.date(-20 * time.Hour), "exp": g.date(time.Hour)}},
		)
		return all
	}
	return append(all, more, variant{says: "with idtyp", changes: change{"idtyp": "app"}}, variant{says: "with the name of the application", changes: change{"app_displayname": "O'Brien's \"robot\" 😀"}})
}

// named gives a user other names, alone and together.
func named(name, login string) variant {
	both := change{"name": name, "preferred_username": login}
	return variant{says: fmt.Sprintf("with the names “%s” and “%s”", cut30(name), cut30(login)), changes: both, single: []variant{
		{says: fmt.Sprintf("with the name “%s”", cut30(name)), changes: change{"name": name}},
		{says: fmt.Sprintf("with the sign-in name “%s”", cut30(login)), changes: change{"preferred_username": login}},
	}}
}

func cut30(text string) string {
	if runes := []rune(text); len(runes) > 30 {
		return string(runes[:30]) + "…"
	}
	return text
}

func differentRoles(e endpoint, g *baselineToken) []variant {
	held := g.claims.roles()
	other := g.run.Resource.otherRole(e, nil)
	if other == "" || slices.Contains(held, other) {
		other = "Other.Role"
	}
	with := func(roles ...string) change { return change{"roles": roles} }
	reversed := slices.Clone(held)
	slices.Reverse(reversed)
	all := []variant{
		{says: "another role first", changes: with(append([]string{other}, held...)...)},
		{says: "another role last", changes: with(append(slices.Clone(held), other)...)},
		{says: "one role of many", changes: with(slices.Concat([]string{other, "Second.Role", "Third-Role"}, reversed, []string{"Fourth_Role", "fifth.role"})...)},
	}
	if len(held) > 1 {
		all = append(all, variant{says: "the roles in the other order", changes: with(reversed...)})
	}
	return all
}

func differentScopes(e endpoint, g *baselineToken) []variant {
	if g.who.user == "" {
		return nil
	}
	held := g.claims.scopes()
	other := "other.scope"
	if more := missing(g.run.Resource.Scopes, held); more != nil {
		other = more[0]
	}
	with := func(scopes ...string) change { return change{"scp": strings.Join(scopes, " ")} }
	reversed := slices.Clone(held)
	slices.Reverse(reversed)
	all := []variant{
		{says: "another scope first", changes: with(append([]string{other}, held...)...)},
		{says: "another scope last", changes: with(append(slices.Clone(held), other)...)},
		{says: "one scope of many", changes: with(slices.Concat([]string{other, "Second.Scope", "third-scope"}, reversed, []string{"User.Read", "fifth_scope"})...)},
	}
	if len(held) > 1 {
		all = append(all, variant{says: "the scopes in the other order", changes: with(reversed...)})
	}
	return all
}

// maxGroups is how many groups Entra puts into a JWT.
const maxGroups = 200

// otherGroups returns the ids of n groups that no document requires.
func otherGroups(n int) []string {
	groups := make([]string, max(n, 0))
	for i := range groups {
		groups[i] = fmt.Sprintf("5ca1ab1e-0000-4000-8000-%012d", i)
	}
	return groups
}

func differentGroups(e endpoint, g *baselineToken) []variant {
	if g.who.user == "" {
		return nil
	}
	if len(e.groups) > 0 {
		held := g.claims.list("groups")
		return []variant{{says: "in 200 groups", changes: change{"groups": append(otherGroups(maxGroups-len(held)), held...)}, tolerates: []int{400, 413, 431}}}
	}
	groups := otherGroups(maxGroups)
	return []variant{
		{says: "in no group", changes: change{"groups": nil}},
		{says: "in three groups", changes: change{"groups": groups[:3]}},
		{says: "in 200 groups", changes: change{"groups": groups}, tolerates: []int{400, 413, 431}},
		{says: "in more groups than a token can contain", changes: change{
			"groups": nil, "_claim_names": map[string]any{"groups": "src1"},
			"_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.windows.net/" + g.claims.text("tid") + "/users/" + g.claims.text("oid") + "/getMemberObjects"}},
		}},
		{says: "in more groups than a token of the implicit flow can contain", changes: change{"groups": nil, "hasgroups": true}},
	}
}

// moreGroups are groups of a member beside the required one.
func moreGroups(_ endpoint, g *baselineToken) []variant {
	held := g.claims.list("groups")
	if g.who.user == "" || len(held) == 0 {
		return nil
	}
	with := func(groups ...string) change { return change{"groups": groups} }
	return []variant{
		{says: "another group first", changes: with(append([]string{otherGroup}, held...)...)},
		{says: "another group last", changes: with(append(slices.Clone(held), otherGroup)...)},
		{says: "one group of many", changes: with(slices.Concat([]string{otherGroup, "5ca1ab1e-0000-4000-8000-000000000001"}, held, []string{"5ca1ab1e-0000-4000-8000-000000000002"})...)},
	}
}

func differentGuests(_ endpoint, g *baselineToken) []variant {
	if g.who.user == "" {
		return nil
	}
	return []variant{
		{says: "a guest of another tenant", changes: change{
			"acct": 1, "idp": "https://sts.windows.net/" + anotherTenant + "/", "name": "Bob (Partner)", "preferred_username": "bob@partner.example", "email": "bob@partner.example", "upn": nil, "unique_name": nil,
		}},
		{says: "a guest with a Microsoft account", changes: change{
			"acct": 1, "idp": "live.com", "preferred_username": "bob@outlook.example", "email": "bob@outlook.example", "upn": nil, "unique_name": "live.com#bob@outlook.example",
		}},
		{says: "a guest with a one-time passcode", changes: change{"acct": 1, "idp": "mail", "preferred_username": "bob@partner.example", "email": "bob@partner.example", "upn": nil}},
		{says: "a guest with the name of the tenant", changes: change{"acct": 1, "upn": "bob_partner.example#EXT#@contoso.onmicrosoft.com", "preferred_username": "bob_partner.example#EXT#@contoso.onmicrosoft.com"}},
	}
}
