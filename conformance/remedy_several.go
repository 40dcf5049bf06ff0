package conformance

import (
	"fmt"
	"strings"
)

// Remedies for endpoints that require one of several roles or scopes, or all of them.
// {list} stands for the values in quotes, {names} for the values, both with commas;
// {authorities} is a list of Spring's hasAuthority(…), {attributes} of [Authorize(…)].
var (
	remedyAnyRole = remedy{
		`if not {{list}} & set(claims.get("roles", [])): raise HTTPException(403)`,
		`if not {{list}} & set(claims.get("roles", [])): raise HTTPException(403)`,
		`if not {{list}} & set(user.roles): raise HTTPException(403)`,
		`if (![{list}].some((r) => (payload.roles ?? []).includes(r))) return res.sendStatus(403)`,
		`if (![{list}].some((r) => (req.authInfo.roles ?? []).includes(r))) return res.sendStatus(403)`,
		`[Authorize(Roles = "{names}")]`,
		`a.requestMatchers(path).hasAnyAuthority({list})  // with setAuthoritiesClaimName("roles") and setAuthorityPrefix("")`,
		`if !slices.ContainsFunc(claims.Roles, func(r string) bool { return slices.Contains([]string{{list}}, r) }) { http.Error(w, "forbidden", 403); return }`,
		`if !slices.ContainsFunc(claims.Roles, func(r string) bool { return slices.Contains([]string{{list}}, r) }) { http.Error(w, "forbidden", 403); return }`,
	}
	remedyAllRoles = remedy{
		`if not {{list}} <= set(claims.get("roles", [])): raise HTTPException(403)`,
		`if not {{list}} <= set(claims.get("roles", [])): raise HTTPException(403)`,
		`if not {{list}} <= set(user.roles): raise HTTPException(403)`,
		`if (![{list}].every((r) => (payload.roles ?? []).includes(r))) return res.sendStatus(403)`,
		`if (![{list}].every((r) => (req.authInfo.roles ?? []).includes(r))) return res.sendStatus(403)`,
		`{attributes}`,
		`a.requestMatchers(path).access(AuthorizationManagers.allOf({authorities}))  // with setAuthoritiesClaimName("roles") and setAuthorityPrefix("")`,
		`for _, r := range []string{{list}} { if !slices.Contains(claims.Roles, r) { http.Error(w, "forbidden", 403); return } }`,
		`for _, r := range []string{{list}} { if !slices.Contains(claims.Roles, r) { http.Error(w, "forbidden", 403); return } }`,
	}
	remedyAnyScope = remedy{
		`if not {{list}} & set(claims.get("scp", "").split()): raise HTTPException(403)`,
		`if not {{list}} & set(claims.get("scp", "").split()): raise HTTPException(403)`,
		`if not {{list}} & set(user.claims.get("scp", "").split()): raise HTTPException(403)  # scopes= of Security answers 401`,
		`if (![{list}].some((s) => (payload.scp ?? "").split(" ").includes(s))) return res.sendStatus(403)`,
		`if (![{list}].some((s) => (req.authInfo.scp ?? "").split(" ").includes(s))) return res.sendStatus(403)`,
		`[RequiredScope({list})]`,
		`a.requestMatchers(path).hasAnyAuthority({list})  // each with the prefix SCOPE_`,
		`if !slices.ContainsFunc(strings.Fields(claims.Scp), func(s string) bool { return slices.Contains([]string{{list}}, s) }) { http.Error(w, "forbidden", 403); return }`,
		`if !slices.ContainsFunc(strings.Fields(claims.Scp), func(s string) bool { return slices.Contains([]string{{list}}, s) }) { http.Error(w, "forbidden", 403); return }`,
	}
	remedyAllScopes = remedy{
		`if not {{list}} <= set(claims.get("scp", "").split()): raise HTTPException(403)`,
		`if not {{list}} <= set(claims.get("scp", "").split()): raise HTTPException(403)`,
		`if not {{list}} <= set(user.claims.get("scp", "").split()): raise HTTPException(403)  # scopes= of Security answers 401`,
		`if (![{list}].every((s) => (payload.scp ?? "").split(" ").includes(s))) return res.sendStatus(403)`,
		`if (![{list}].every((s) => (req.authInfo.scp ?? "").split(" ").includes(s))) return res.sendStatus(403)`,
		`if (!new[] { {list} }.All(s => (User.FindFirst("scp")?.Value ?? "").Split(' ').Contains(s))) return Forbid();  // [RequiredScope] needs one of them only`,
		`a.requestMatchers(path).access(AuthorizationManagers.allOf({authorities}))  // each with the prefix SCOPE_`,
		`for _, s := range []string{{list}} { if !slices.Contains(strings.Fields(claims.Scp), s) { http.Error(w, "forbidden", 403); return } }`,
		`for _, s := range []string{{list}} { if !slices.Contains(strings.Fields(claims.Scp), s) { http.Error(w, "forbidden", 403); return } }`,
	}
)

// filled is a remedy with the values of an endpoint.
type filled struct {
	remedy remedy
	values *strings.Replacer
}

// entitlements is the remedy of an API that compares the scopes or roles of the endpoint incorrectly.
func (e endpoint) entitlements() remedy {
	if e.needsRole() {
		return remedyRole
	}
	return remedyScope
}

// forValues returns the remedies that check what the endpoint requires: the one for a single
// value, or those for several.
func (r remedy) forValues(e endpoint) (all []filled) {
	several := func(anyOf, allOf remedy, anyValues, allValues []string) {
		for _, part := range []struct {
			several remedy
			values  []string
		}{{allOf, allValues}, {anyOf, anyValues}} {
			switch len(part.values) {
			case 0:
			case 1:
				all = append(all, filled{r, single(part.values[0], part.values[0])})
			default:
				all = append(all, filled{part.several, listed(part.values)})
			}
		}
	}
	switch r {
	case remedyRole:
		several(remedyAnyRole, remedyAllRoles, e.anyRole, e.allRoles)
	case remedyScope:
		several(remedyAnyScope, remedyAllScopes, e.anyScope, e.scopes)
	}
	if all == nil {
		all = []filled{{r, single(firstOf("SCOPE", e.scopes, e.anyScope, e.everyScope()), firstOf("ROLE", e.allRoles, e.anyRole))}}
	}
	return all
}

func single(scope, role string) *strings.Replacer {
	return strings.NewReplacer("{scope}", scope, "{role}", role)
}

func firstOf(otherwise string, lists ...[]string) string {
	for _, list := range lists {
		if len(list) > 0 {
			return list[0]
		}
	}
	return otherwise
}

func listed(values []string) *strings.Replacer {
	var quoted, authorities, attributes []string
	for _, v := range values {
		quoted = append(quoted, fmt.Sprintf("%q", v))
		authorities = append(authorities, fmt.Sprintf("AuthorityAuthorizationManager.hasAuthority(%q)", v))
		attributes = append(attributes, fmt.Sprintf("[Authorize(Roles = %q)]", v))
	}
	return strings.NewReplacer("{list}", strings.Join(quoted, ", "), "{names}", strings.Join(values, ","),
		"{authorities}", strings.Join(authorities, ", "), "{attributes}", strings.Join(attributes, " "))
}
