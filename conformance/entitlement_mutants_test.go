package conformance

import (
	"slices"
	"strings"
)

// entitlementMutants understand scopes and roles otherwise than they are meant.
var entitlementMutants = []mutant{
	{flaw: "scp begins so", kills: "scope-longer", mutation: scope(func(s string) bool { return strings.HasPrefix(s, "read_data") })},
	{flaw: "scp ends so", kills: "scope-longer-before", mutation: scope(func(s string) bool { return strings.HasSuffix(s, "read_data") })},
	{flaw: "scp is the beginning", kills: "scope-shorter", mutation: scope(func(s string) bool { return s != "" && strings.HasPrefix("read_data", s) })},
	{flaw: "scp in any case", kills: "scope-case", mutation: scope(func(s string) bool { return strings.EqualFold(s, "read_data") })},
	{flaw: "roles are scopes", kills: "scope-in-roles", mutation: mutation{reads: func(c map[string]any) {
		for _, r := range texts(c["roles"]) {
			scp, _ := c["scp"].(string)
			c["scp"] = scp + " " + r
		}
	}}},
	{flaw: "roles begin so", kills: "role-longer", mutation: role(func(s string) bool { return strings.HasPrefix(s, "Admin") })},
	{flaw: "roles end so", kills: "role-longer-before", mutation: role(func(s string) bool { return strings.HasSuffix(s, "Admin") })},
	{flaw: "roles are the beginning", kills: "role-shorter", mutation: role(func(s string) bool { return s != "" && strings.HasPrefix("Admin", s) })},
	{flaw: "roles in any case", kills: "role-case", mutation: role(func(s string) bool { return strings.EqualFold(s, "Admin") })},
	{flaw: "scopes are roles", kills: "role-in-scp", mutation: mutation{reads: func(c map[string]any) {
		scp, _ := c["scp"].(string)
		c["roles"] = append(texts(c["roles"]), strings.Fields(scp)...)
	}}},
	{flaw: "groups are roles", kills: "role-in-groups", mutation: mutation{reads: func(c map[string]any) { c["roles"] = append(texts(c["roles"]), texts(c["groups"])...) }}},
	{flaw: "administrators of the tenant have all roles", kills: "role-in-wids", mutation: mutation{reads: func(c map[string]any) {
		if slices.Contains(texts(c["wids"]), "62e90394-69f5-4237-9190-012177145e10") {
			c["roles"] = []string{"Admin"}
		}
	}}},
	{flaw: "the first scp counts", kills: "twice-scope", mutation: mutation{parses: firstOfTwo}},
	{flaw: "the first roles count", kills: "twice-roles", mutation: mutation{parses: firstOfTwo}},
	{flaw: "scopes come before the signature", kills: "order-signature", mutation: mutation{forgets: lacksScope}},
	{flaw: "scopes come before the expiry", kills: "order-expired", mutation: mutation{forgets: lacksScope}},
	{flaw: "scopes come before the audience", kills: "order-audience", mutation: mutation{forgets: lacksScope}},
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
