package conformance

import (
	"slices"
	"strings"
)

// entitlementMutants misinterpret scopes and roles.
var entitlementMutants = []mutant{
	{flaw: "the API compares only the beginning of scp", kills: "scope-longer", mutation: scope(func(s string) bool { return strings.HasPrefix(s, "read_data") })},
	{flaw: "the API compares only the end of scp", kills: "scope-longer-before", mutation: scope(func(s string) bool { return strings.HasSuffix(s, "read_data") })},
	{flaw: "the API accepts a prefix of the scope", kills: "scope-shorter", mutation: scope(func(s string) bool { return s != "" && strings.HasPrefix("read_data", s) })},
	{flaw: "the API ignores case in scp", kills: "scope-case", mutation: scope(func(s string) bool { return strings.EqualFold(s, "read_data") })},
	{flaw: "the API treats roles as scopes", kills: "scope-in-roles", mutation: mutation{reads: func(c map[string]any) {
		for _, r := range texts(c["roles"]) {
			scp, _ := c["scp"].(string)
			c["scp"] = scp + " " + r
		}
	}}},
	{flaw: "the API compares only the beginning of a role", kills: "role-longer", mutation: role(func(s string) bool { return strings.HasPrefix(s, "Admin") })},
	{flaw: "the API compares only the end of a role", kills: "role-longer-before", mutation: role(func(s string) bool { return strings.HasSuffix(s, "Admin") })},
	{flaw: "the API accepts a prefix of the role", kills: "role-shorter", mutation: role(func(s string) bool { return s != "" && strings.HasPrefix("Admin", s) })},
	{flaw: "the API ignores case in roles", kills: "role-case", mutation: role(func(s string) bool { return strings.EqualFold(s, "Admin") })},
	{flaw: "the API treats scopes as roles", kills: "role-in-scp", mutation: mutation{reads: func(c map[string]any) {
		scp, _ := c["scp"].(string)
		c["roles"] = append(texts(c["roles"]), strings.Fields(scp)...)
	}}},
	{flaw: "the API takes a token without a role and the scope for one of its own", kills: "no-scope-no-role", mutation: mutation{reads: func(c map[string]any) {
		if scp, _ := c["scp"].(string); c["roles"] == nil && scp != "" && !slices.Contains(strings.Fields(scp), "read_data") {
			c["scp"], c["roles"] = "read_data", []string{"Admin"}
		}
	}}},
	{flaw: "the API treats groups as roles if there are roles", kills: "role-beside-another", mutation: mutation{reads: func(c map[string]any) {
		if roles := texts(c["roles"]); len(roles) > 0 {
			c["roles"] = append(roles, texts(c["groups"])...)
		}
	}}},
	{flaw: "the API treats directory roles as roles if there are roles", kills: "role-beside-another", mutation: mutation{reads: func(c map[string]any) {
		if roles := texts(c["roles"]); len(roles) > 0 && len(texts(c["wids"])) > 0 {
			c["roles"] = append(roles, "Admin")
		}
	}}},
	{flaw: "the API treats groups as roles", kills: "role-in-groups", mutation: mutation{reads: func(c map[string]any) { c["roles"] = append(texts(c["roles"]), texts(c["groups"])...) }}},
	{flaw: "the API gives administrators of the tenant all roles", kills: "role-in-wids", mutation: mutation{reads: func(c map[string]any) {
		if slices.Contains(texts(c["wids"]), "62e90394-69f5-4237-9190-012177145e10") {
			c["roles"] = []string{"Admin"}
		}
	}}},
	{flaw: "the API reads the first of two scp", kills: "twice-scope", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the API reads the first of two roles", kills: "twice-roles", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the API checks scopes before the signature", kills: "order-signature", mutation: mutation{forgets: lacksScope}},
	{flaw: "the API checks scopes before the expiry", kills: "order-expired", mutation: mutation{forgets: lacksScope}},
	{flaw: "the API checks scopes before the audience", kills: "order-audience", mutation: mutation{forgets: lacksScope}},
}

func scope(same func(string) bool) mutation {
	return mutation{reads: func(c map[string]any) {
		scp, _ := c["scp"].(string)
		for _, s := range strings.Fields(scp) {
			if same(s) {
				c["scp"] = "read_data"
			}
		}
	}}
}

func role(same func(string) bool) mutation {
	return mutation{reads: func(c map[string]any) {
		for _, r := range texts(c["roles"]) {
			if same(r) {
				c["roles"] = []string{"Admin"}
			}
		}
	}}
}

func lacksScope(c map[string]any) bool {
	scp, _ := c["scp"].(string)
	return !strings.Contains(scp, "read_data")
}

func texts(v any) []string {
	var all []string
	items, _ := v.([]any)
	for _, item := range items {
		all = append(all, item.(string))
	}
	return all
}
