package conformance

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// patternMutants interpret a role or a scope as a pattern, a prefix or a list.
var patternMutants = []mutant{
	{flaw: "the API interprets a role as a wildcard pattern", kills: "role-pattern", mutation: role(func(s string) bool { ok, err := path.Match(s, "Admin"); return ok && err == nil })},
	{flaw: "the API accepts the role *", kills: "role-pattern", mutation: role(func(s string) bool { return s == "*" })},
	{flaw: "the API interprets an asterisk at the end of a role", kills: "role-pattern", mutation: role(func(s string) bool {
		beginning, ok := strings.CutSuffix(s, "*")
		return ok && strings.HasPrefix("Admin", beginning)
	})},
	{flaw: "the API interprets a role as a regular expression", kills: "role-pattern", mutation: role(matches)},
	{flaw: "the API interprets a role as an anchored regular expression", kills: "role-pattern", mutation: role(func(s string) bool { return matches("^(?:" + s + ")$") })},
	{flaw: "the API interprets a role as an SQL pattern", kills: "role-pattern", mutation: role(func(s string) bool {
		return strings.Contains(s, "%") && matches("^"+strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(s))+"$")
	})},
	{flaw: "the API splits roles at commas", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Split(s, ","), "Admin") && s != "Admin" })},
	{flaw: "the API splits roles at spaces", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Fields(s), "Admin") && strings.Contains(s, " ") })},
	{flaw: "the API splits roles at semicolons", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Split(s, ";"), "Admin") })},
	{flaw: "the API compares only the last part of a role", kills: "role-pattern", mutation: role(func(s string) bool { return path.Base(s) == "Admin" && s != "Admin" })},
	{flaw: "the API compares only the first part of a role", kills: "role-pattern", mutation: role(func(s string) bool { first, _, cut := strings.Cut(s, "."); return cut && first == "Admin" })},
	{flaw: "the API removes ROLE_ from roles", kills: "role-pattern", mutation: role(func(s string) bool { return strings.TrimPrefix(s, "ROLE_") == "Admin" && s != "Admin" })},
	{flaw: "the API removes a domain before a role", kills: "role-pattern", mutation: role(func(s string) bool { return strings.HasSuffix(s, `\Admin`) })},
	{flaw: "the API removes spaces around a role", kills: "role-pattern", mutation: role(func(s string) bool { return strings.TrimSpace(s) == "Admin" })},
	{flaw: "the API removes quotes around a role", kills: "role-pattern", mutation: role(func(s string) bool { return strings.Trim(s, `"'`) == "Admin" && s != "Admin" })},
	{flaw: "the API decodes percent-encoding in a role", kills: "role-pattern", mutation: role(func(s string) bool { text, err := url.PathUnescape(s); return err == nil && text == "Admin" })},
	{flaw: "the API ends a role at a zero byte", kills: "role-pattern", mutation: role(func(s string) bool { first, _, cut := strings.Cut(s, "\x00"); return cut && first == "Admin" })},
	{flaw: "the API accepts the role Administrator for every role", kills: "role-pattern", mutation: role(func(s string) bool { return s == "Administrator" })},
	{flaw: "the API accepts a broader role instead of the required one", kills: "role-pattern", mutation: role(func(s string) bool {
		return s != "Admin" && strings.Map(func(r rune) rune {
			if r > 0xff00 {
				return r - 0xfee0
			}
			return r
		}, s) == "Admin"
	})},
	{flaw: "the API interprets a scope as a wildcard pattern", kills: "scope-pattern", mutation: scope(func(s string) bool { ok, err := path.Match(s, "read_data"); return ok && err == nil })},
	{flaw: "the API interprets a scope as a regular expression", kills: "scope-pattern", mutation: scope(func(s string) bool {
		ok, err := regexp.MatchString("^(?:"+s+")$", "read_data")
		return ok && err == nil
	})},
	{flaw: "the API splits scopes at commas", kills: "scope-pattern", mutation: scope(func(s string) bool { return slices.Contains(strings.Split(s, ","), "read_data") })},
	{flaw: "the API accepts the first part of a scope", kills: "scope-pattern", mutation: scope(func(s string) bool { return s == "read" })},
	{flaw: "the API compares only the last part of a scope", kills: "scope-pattern", mutation: scope(func(s string) bool { return path.Base(s) == "read_data" })},
	{flaw: "the API ignores punctuation in a scope", kills: "scope-pattern", mutation: scope(func(s string) bool { return strings.NewReplacer("-", "", "_", "", ".", "").Replace(s) == "readdata" })},
	{flaw: "the API accepts a broader scope instead of the required one", kills: "scope-pattern", mutation: scope(func(s string) bool { return strings.HasPrefix(s, "read_data.") && strings.HasSuffix(s, "ReadWrite") })},
}

func matches(expression string) bool {
	ok, err := regexp.MatchString(expression, "Admin")
	return ok && err == nil
}
