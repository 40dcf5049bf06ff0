package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// entitlementCases are correctly signed tokens whose scopes or roles are similar to
// the required ones, and tokens with two faults, of which the API must report the more
// serious one.
func entitlementCases(e endpoint) []Case {
	var cases []Case
	if e.users && e.needsScope() {
		cases = append(cases, onEach(e, Authorization, scopeChecks(e))...)
	}
	if e.needsRole() {
		cases = append(cases, onEach(e, Authorization, roleChecks(e))...)
	}
	cases = append(cases, onEach(e, Authorization, twiceEntitlements(e))...)
	for i, c := range cases {
		cases[i].present = unlessAdmitted(e, c.present)
		cases[i].Expect.Status = 403
		if c.Expect.MayAdmit {
			cases[i].Expect.Also = []int{401}
		}
	}
	for _, check := range patternChecks(e) {
		cases = append(cases, check.on(e, Authorization))
	}
	if (e.needsScope() || e.needsRole()) && e.number == 0 {
		cases = append(cases, onEach(e, Authorization, orderChecks)...)
	}
	return cases
}

// unlessAdmitted skips a near miss that meets one of the alternatives.
func unlessAdmitted(e endpoint, present func(context.Context, *runState) (credential, error)) func(context.Context, *runState) (credential, error) {
	return func(ctx context.Context, s *runState) (credential, error) {
		c, err := present(ctx, s)
		if err != nil || len(c.secrets) == 0 {
			return c, err
		}
		_, claims, err := decode(c.secrets[0])
		if err == nil && e.letsIn(caller{app: claims.appOnly(), scopes: claims.scopes(), roles: claims.roles(), groups: s.groupsIn(claims)}) {
			return credential{}, skip("", "the endpoint accepts such a scope or role")
		}
		return c, nil
	}
}

// scopeChecks are near misses of each scope. The names of the checks of the first scope do not
// end in the scope.
func scopeChecks(e endpoint) []check {
	asked := slices.Concat(e.scopes, e.anyScope)
	checks := nearScopes(e, asked[0])
	for _, scope := range asked[1:] {
		for _, c := range nearScopes(e, scope)[:4] {
			c.name += " " + scope
			checks = append(checks, c)
		}
	}
	return checks
}

func nearScopes(e endpoint, scope string) []check {
	replaced := []string{scope}
	if slices.Contains(e.anyScope, scope) {
		replaced = e.anyScope
	}
	// with replaces the scope; a user's token never lacks scp altogether.
	with := func(other string) func(*baselineToken) change {
		return func(g *baselineToken) change {
			return change{"scp": strings.Join(append(missing(g.claims.scopes(), replaced), other), " ")}
		}
	}
	const gain, other = "a client can act without consent", "another.scope"
	checks := []check{
		entitlement("scope-longer", "scope "+scope+".all instead of "+scope, gain, with(scope+".all")),
		entitlement("scope-longer-before", "scope not."+scope+" instead of "+scope, gain, with("not."+scope)),
		entitlement("scope-shorter", "scope "+scope[:len(scope)-1]+" instead of "+scope, gain, with(scope[:max(1, len(scope)-1)])),
		entitlement("scope-case", "scope "+otherCase(scope)+" instead of "+scope, gain, with(otherCase(scope))),
		entitlement("scope-in-roles", "scope "+scope+" as a role", gain, func(g *baselineToken) change {
			return change{"scp": other, "roles": append(g.claims.roles(), scope)}
		}),
		lenient(unissued(entitlement("scope-list", "its scopes as a list", gain, func(g *baselineToken) change { return change{"scp": g.claims.scopes()} })),
			"correct APIs differ: Entra's scp is never a list"),
		lenient(unissued(entitlement("scope-claim", "its scopes in scope instead of scp", gain, func(g *baselineToken) change {
			return change{"scp": other, "scope": g.claims.text("scp")}
		})), "correct APIs differ: RFC 9068 names this claim scope, but Entra does not use it"),
	}
	for i := range checks {
		checks[i].means, checks[i].source, checks[i].present = CauseScopeCompare, sourceScopes, ofUser(checks[i].present)
	}
	return checks
}

func roleChecks(e endpoint) []check {
	role := e.sufficient()[0] // the near misses of the other scopes are the same check
	with := func(change func(string) string) func(*baselineToken) change {
		return func(g *baselineToken) map[string]any {
			var roles []string
			for _, held := range g.claims.roles() {
				if slices.Contains(e.roles(), held) {
					roles = append(roles, change(held))
				}
			}
			return map[string]any{"roles": roles}
		}
	}
	const (
		gain   = "users with any similarly named role can use operations that require this role"
		groups = "members of any group with the name of the role can use operations that require this role"
	)
	checks := []check{
		entitlement("role-longer", "roles whose names begin with the names of required roles", gain, with(func(r string) string { return r + "Reader" })),
		entitlement("role-longer-before", "roles whose names end with the names of required roles", gain, with(func(r string) string { return "Not" + r })),
		entitlement("role-shorter", "roles whose names are the beginnings of the names of required roles", gain, with(func(r string) string { return r[:max(1, len(r)-1)] })),
		entitlement("role-case", "roles with other capitalization", gain, with(otherCase)),
		entitlement("role-in-scp", "role "+role+" as a scope", "any user of a client that has a scope with the name of the role can use operations that require this role", func(g *baselineToken) change {
			return change{"roles": nil, "scp": strings.TrimSpace(g.claims.text("scp") + " " + role)}
		}),
		entitlement("role-in-groups", "its roles as groups", groups, func(g *baselineToken) change {
			return change{"roles": nil, "groups": g.claims.roles()}
		}),
		entitlement("role-beside-another", "another role, its roles as groups, and directory roles of the tenant", groups, func(g *baselineToken) change {
			return change{"roles": []string{"Other.Role"}, "groups": g.claims.roles(), "wids": []string{"62e90394-69f5-4237-9190-012177145e10", "b79fbf4d-3ef9-4689-8143-76b194e85509"}}
		}),
		entitlement("role-in-wids", "directory roles of the tenant, such as Global Administrator, instead of the required roles", "every administrator of the tenant can use operations that require this role", func(g *baselineToken) change {
			return change{"roles": nil, "wids": []string{"62e90394-69f5-4237-9190-012177145e10", "b79fbf4d-3ef9-4689-8143-76b194e85509"}}
		}),
		lenient(unissued(entitlement("role-string", "role "+role+" as a string instead of a list", gain, func(g *baselineToken) change { return change{"roles": role} })),
			"correct APIs differ: Entra's roles are always a list"),
		lenient(unissued(entitlement("role-claim", "its roles in role instead of roles", gain, func(g *baselineToken) change {
			return change{"roles": nil, "role": g.claims.roles()}
		})), "correct APIs differ: some frameworks also read role, but Entra does not use it"),
	}
	if len(e.allRoles) > 1 {
		counted := entitlement("other-roles", "as many other roles", "any user with enough roles can do what requires these roles", func(g *baselineToken) change {
			others := make([]string, len(g.claims.roles())) // no part of them is a required role
			for i := range others {
				others[i] = fmt.Sprintf("Other.%d", i+1)
			}
			return change{"roles": others}
		})
		counted.flaw, counted.means = "the API counts the roles (roles), but does not check which ones", CauseRole
		checks = append(checks, counted)
	}
	if len(e.scopes)+len(e.anyScope) > 0 {
		neither := entitlement("no-scope-no-role", "another scope and no role", "any user of any client can use operations that require the scope and the role", func(g *baselineToken) change { return unentitled(g, nil) })
		neither.flaw, neither.means, neither.present = "the API does not check the role (roles)", CauseRole, ofUser(neither.present)
		checks = append(checks, neither)
	}
	for i := range checks {
		checks[i].source = sourceRoles
		if checks[i].means == "" {
			checks[i].means = CauseRoleCompare
		}
		if checks[i].name == "role-in-scp" { // the role may be taken for a scope whose name it begins with
			checks[i].alsoBlockedBy = []CauseID{CauseScopeCompare}
		}
	}
	return checks
}

// entitlement returns a correctly signed token with such a change of scopes or roles.
func entitlement(name, what, gain string, changes func(*baselineToken) change) check {
	c := claim(name, High, "with "+what, "", "", changes)
	c.gain, c.flaw = gain, "the API does not compare scopes (scp) and roles (roles) as whole words of the right claim"
	return c
}

// ofUser skips cases that do not apply to an application's token.
func ofUser(present func(context.Context, *baselineToken) (credential, error)) func(context.Context, *baselineToken) (credential, error) {
	return func(ctx context.Context, g *baselineToken) (credential, error) {
		if g.who.user == "" {
			return credential{}, skip("", "it starts from a user's token that the API accepts, and none is available")
		}
		return present(ctx, g)
	}
}

// unentitled removes the scopes and roles that entitle the caller.
func unentitled(g *baselineToken, more change) change {
	changes := change{"roles": nil}
	if g.claims.text("scp") != "" {
		changes["scp"] = "another.scope"
	}
	for name, value := range more {
		changes[name] = value
	}
	return changes
}

// orderChecks are invalid tokens that also lack a scope or role. The API must not use any content
// of a token, including its scopes, before it has verified the token.
var orderChecks = []check{
	order("order-signature", CauseSignature, "whose signature does not match", func(_ context.Context, g *baselineToken) (credential, error) {
		token := g.token.WithClaim("roles", []string{})
		if g.claims.text("scp") != "" {
			token = token.WithClaim("scp", "another.scope")
		}
		return bearer(token.String()), nil
	}),
	order("order-expired", CauseExpiry, "that has expired", func(ctx context.Context, g *baselineToken) (credential, error) {
		return g.present(ctx, unentitled(g, change{"exp": g.date(-time.Hour)}))
	}),
	order("order-audience", CauseAudience, "for another API", func(ctx context.Context, g *baselineToken) (credential, error) {
		return g.present(ctx, unentitled(g, change{"aud": anotherAudience}))
	}),
}

func order(name string, fault CauseID, what string, present func(context.Context, *baselineToken) (credential, error)) check {
	return check{
		name: name, means: CauseOrder, alsoBlockedBy: []CauseID{fault}, lacks: true, severity: Low,
		sends:   "a token without scopes and roles " + what,
		gain:    "the answer shows what a forged token would need, and clients do not sign in again",
		flaw:    "the API checks scopes and roles before it has checked the token",
		source:  "RFC 6750, section 3.1; RFC 7519, section 7.2",
		present: present,
	}
}
