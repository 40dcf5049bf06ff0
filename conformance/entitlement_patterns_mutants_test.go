package conformance

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// patternMutants take a role or a scope for a pattern, a beginning or a list.
var patternMutants = []mutant{
	{flaw: "a role is a wildcard", kills: "role-pattern", mutation: role(func(s string) bool { ok, err := path.Match(s, "Admin"); return ok && err == nil })},
	{flaw: "a role is an asterisk", kills: "role-pattern", mutation: role(func(s string) bool { return s == "*" })},
	{flaw: "a role ends with an asterisk", kills: "role-pattern", mutation: role(func(s string) bool {
		beginning, ok := strings.CutSuffix(s, "*")
		return ok && strings.HasPrefix("Admin", beginning)
	})},
	{flaw: "a role is a regular expression", kills: "role-pattern", mutation: role(matches)},
	{flaw: "a role is a regular expression of the whole", kills: "role-pattern", mutation: role(func(s string) bool { return matches("^(?:" + s + ")$") })},
	{flaw: "a role is a pattern of SQL", kills: "role-pattern", mutation: role(func(s string) bool {
		return strings.Contains(s, "%") && matches("^"+strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(s))+"$")
	})},
	{flaw: "roles are parted at commas", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Split(s, ","), "Admin") && s != "Admin" })},
	{flaw: "roles are parted at spaces", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Fields(s), "Admin") && strings.Contains(s, " ") })},
	{flaw: "roles are parted at semicolons", kills: "role-pattern", mutation: role(func(s string) bool { return slices.Contains(strings.Split(s, ";"), "Admin") })},
	{flaw: "the last part of a role counts", kills: "role-pattern", mutation: role(func(s string) bool { return path.Base(s) == "Admin" && s != "Admin" })},
	{flaw: "the first part of a role counts", kills: "role-pattern", mutation: role(func(s string) bool { first, _, cut := strings.Cut(s, "."); return cut && first == "Admin" })},
	{flaw: "ROLE_ is removed", kills: "role-pattern", mutation: role(func(s string) bool { return strings.TrimPrefix(s, "ROLE_") == "Admin" && s != "Admin" })},
	{flaw: "a domain before a role is removed", kills: "role-pattern", mutation: role(func(s string) bool { return strings.HasSuffix(s, `\Admin`) })},
	{flaw: "spaces around a role are removed", kills: "role-pattern", mutation: role(func(s string) bool { return strings.TrimSpace(s) == "Admin" })},
	{flaw: "quotes around a role are removed", kills: "role-pattern", mutation: role(func(s string) bool { return strings.Trim(s, `"'`) == "Admin" && s != "Admin" })},
	{flaw: "a role is decoded", kills: "role-pattern", mutation: role(func(s string) bool { text, err := url.PathUnescape(s); return err == nil && text == "Admin" })},
	{flaw: "a role ends at a zero byte", kills: "role-pattern", mutation: role(func(s string) bool { first, _, cut := strings.Cut(s, "\x00"); return cut && first == "Admin" })},
	{flaw: "administrators need no role", kills: "role-pattern", mutation: role(func(s string) bool { return s == "Administrator" })},
	{flaw: "a wide role is the same", kills: "role-pattern", mutation: role(func(s string) bool {
		return s != "Admin" && strings.Map(func(r rune) rune {
			if r > 0xff00 {
				return r - 0xfee0
			}
			return r
		}, s) == "Admin"
	})},
	{flaw: "a scope is a wildcard", kills: "scope-pattern", mutation: scope(func(s string) bool { ok, err := path.Match(s, "read_data"); return ok && err == nil })},
	{flaw: "a scope is a regular expression", kills: "scope-pattern", mutation: scope(func(s string) bool {
		ok, err := regexp.MatchString("^(?:"+s+")$", "read_data")
		return ok && err == nil
	})},
	{flaw: "scopes are parted at commas", kills: "scope-pattern", mutation: scope(func(s string) bool { return slices.Contains(strings.Split(s, ","), "read_data") })},
	{flaw: "the first part of a scope is enough", kills: "scope-pattern", mutation: scope(func(s string) bool { return s == "read" })},
	{flaw: "the last part of a scope counts", kills: "scope-pattern", mutation: scope(func(s string) bool { return path.Base(s) == "read_data" })},
	{flaw: "signs in a scope do not count", kills: "scope-pattern", mutation: scope(func(s string) bool { return strings.NewReplacer("-", "", "_", "", ".", "").Replace(s) == "readdata" })},
	{flaw: "more than a scope is the scope", kills: "scope-pattern", mutation: scope(func(s string) bool { return strings.HasPrefix(s, "read_data.") && strings.HasSuffix(s, "ReadWrite") })},
}

func matches(expression string) bool {
	ok, err := regexp.MatchString(expression, "Admin")
	return ok && err == nil
}
