package conformance

import "strings"

// entitlementMutants understand scopes and roles otherwise than they are meant.
var entitlementMutants = []mutant{
	{"scp begins so", "scope-longer", scope(func(s string) bool { return strings.HasPrefix(s, "read_data") })},
	{"scp ends so", "scope-longer-before", scope(func(s string) bool { return strings.HasSuffix(s, "read_data") })},
	{"scp is the beginning", "scope-shorter", scope(func(s string) bool { return s != "" && strings.HasPrefix("read_data", s) })},
	{"scp in any case", "scope-case", scope(func(s string) bool { return strings.EqualFold(s, "read_data") })},
	{"roles are scopes", "scope-in-roles", mutation{reads: func(c map[string]any) {
		for _, r := range texts(c["roles"]) {
			c["scp"] = c["scp"].(string) + " " + r
		}
	}}},
	{"roles begin so", "role-longer", role(func(s string) bool { return strings.HasPrefix(s, "Admin") })},
	{"roles end so", "role-longer-before", role(func(s string) bool { return strings.HasSuffix(s, "Admin") })},
	{"roles are the beginning", "role-shorter", role(func(s string) bool { return s != "" && strings.HasPrefix("Admin", s) })},
	{"roles in any case", "role-case", role(func(s string) bool { return strings.EqualFold(s, "Admin") })},
	{"scopes are roles", "role-in-scp", mutation{reads: func(c map[string]any) {
		scp, _ := c["scp"].(string)
		c["roles"] = append(texts(c["roles"]), strings.Fields(scp)...)
	}}},
	{"groups are roles", "role-in-groups", mutation{reads: func(c map[string]any) { c["roles"] = append(texts(c["roles"]), texts(c["groups"])...) }}},
	{"scopes come before the signature", "order-signature", mutation{forgets: lacksScope}},
	{"scopes come before the expiry", "order-expired", mutation{forgets: lacksScope}},
	{"scopes come before the audience", "order-audience", mutation{forgets: lacksScope}},
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
