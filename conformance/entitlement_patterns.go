package conformance

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const sourcePatterns = "Microsoft: Add app roles, which allows * and other signs in values; CWE-625; CWE-185; CWE-187"

// patternChecks are correctly signed tokens whose scopes or roles are patterns of
// the required ones, or lists of several values in one.
func patternChecks(e endpoint) []variantCheck {
	var checks []variantCheck
	if e.users && e.needsScope() {
		checks = append(checks, variantCheck{
			name: "scope-pattern", means: CauseScopeCompare, severity: High,
			sends:  "tokens whose scopes are patterns or parts of the required scopes, or contain several values",
			gain:   "a client can act without consent",
			flaw:   "the API does not compare scopes (scp) as whole words: it treats one as a pattern, a prefix or a list",
			source: sourcePatterns,
			variants: func(e endpoint, g *baselineToken) []variant {
				if g.who.user == "" {
					return nil
				}
				asked := slices.Concat(e.scopes, e.anyScope)
				return patternVariants(asked, e.everyScope(), func(values []string) change {
					return change{"scp": strings.Join(append(missing(g.claims.scopes(), asked), values...), " ")}
				}, false)
			},
		})
	}
	if e.needsRole() {
		checks = append(checks, variantCheck{
			name: "role-pattern", means: CauseRoleCompare, severity: High,
			sends:  "tokens whose roles are patterns or parts of the required roles, or contain several values",
			gain:   "anyone who has such a role, or who can choose the name of a role, can use operations that require another role",
			flaw:   "the API does not compare roles (roles) as whole words: it treats one as a pattern, a prefix or a list",
			source: sourcePatterns,
			variants: func(e endpoint, g *baselineToken) []variant {
				return patternVariants(e.sufficient(), e.everyRole(), func(values []string) change {
					return change{"roles": append(missing(g.claims.roles(), e.roles()), values...)}
				}, true)
			},
		})
	}
	return checks
}

// patternVariants combines patterns of one type in one token. A pattern that the API
// cannot parse does not hide the others. A value that an alternative accepts is not
// used as a pattern.
func patternVariants(asked, accepted []string, changes func([]string) change, spaces bool) []variant {
	var all []variant
	for _, kind := range []struct {
		says     string
		patterns func(string) []string
	}{
		{"wildcards", globs},
		{"regular expressions", expressions},
		{"patterns of SQL", likes},
		{"beginnings and ends", parts},
		{"several values in one", func(value string) []string { return lists(value, spaces) }},
		{"other characters", func(value string) []string { return spelt(value, spaces) }},
		{"usual names of powerful roles", func(string) []string { return powerful }},
	} {
		var values []string
		for _, value := range asked {
			for _, pattern := range kind.patterns(value) {
				if pattern != "" && !slices.Contains(values, pattern) && !slices.Contains(accepted, pattern) {
					values = append(values, pattern)
				}
			}
		}
		v := variant{says: kind.says, changes: changes(values)}
		for _, value := range values {
			v.single = append(v.single, variant{says: quote(value), changes: changes([]string{value})})
		}
		all = append(all, v)
	}
	return all
}

func quote(text string) string { return "“" + text + "”" }

func globs(value string) []string {
	first, last := value[:1], value[len(value)-1:]
	patterns := []string{"*", "**", "?*", first + "*", "*" + last, first + "*" + last, "*" + value + "*", value + "*", "*" + value, strings.Repeat("?", len(value)), "?" + value[1:], "[" + first + "]" + value[1:], "{" + value + ",x}"}
	for i, r := range value {
		if strings.ContainsRune("._:/-", r) {
			patterns = append(patterns, value[:i+1]+"*", "*"+value[i:], value[:i]+".*", value[:i+1]+"**", value[:i+1]+"#", value[:i+1]+"+")
		}
	}
	return patterns
}

func expressions(value string) []string {
	first := value[:1]
	patterns := []string{".*", ".+", "^.*$", `\w+`, `\S+`, first + ".*", "^" + value + "$", "^" + value, value + "$", "(" + value + ")", "(?:" + value + ")", value + "|x", "x|" + value, "(?i)" + value, value[:len(value)-1] + ".", "[A-Za-z._]+", `\b` + value + `\b`, value + "?", "", "." + value[1:]}
	// The required value may itself be the expression.
	return append(patterns, strings.NewReplacer(".", "x", "*", "x", "+", "x").Replace(value))
}

func likes(value string) []string {
	return []string{"%", value[:1] + "%", "%" + value[len(value)-1:], "%" + value + "%", strings.Repeat("_", len(value)), "_" + value[1:], strings.ReplaceAll(value, "_", "x")}
}

func parts(value string) []string {
	patterns := []string{value + ".All", value + ".ReadWrite", value + "Write", value + "s", value + ".", value + ":", value + "/", value + "/x", value + ":x", value + ".x", value + "-x", value + "_x", value + "@contoso.example", value + "#x", value + "?x", value + "=x",
		"." + value, ":" + value, "/" + value, "x/" + value, "x:" + value, "x." + value, "x-" + value, "x_" + value, `CONTOSO\` + value, "api://other/" + value, "https://other.example/" + value, "ROLE_" + value, "SCOPE_" + value, "role:" + value, "app." + value, "-" + value, "!" + value, "@" + value, "x" + value + "x"}
	for i, r := range value {
		if strings.ContainsRune("._:/-", r) {
			patterns = append(patterns, value[:i], value[:i+1], value[i:], value[i+1:])
		}
	}
	return patterns
}

// lists are several values in one text.
func lists(value string, spaces bool) []string {
	separators := []string{",", ";", "|", ":", "+", "&", "/", "#", "@", "="}
	if spaces {
		separators = append(separators, " ", ", ", "\n", "\t")
	}
	var all []string
	for _, separator := range separators {
		all = append(all, "Other.Value"+separator+value, value+separator+"Other.Value")
	}
	return append(all, `["`+value+`"]`, "["+value+"]", `"`+value+`"`, "'"+value+"'", "("+value+")", "{"+value+"}", "<"+value+">", "["+value+",x]")
}

// spelt are other texts that a comparison may treat as the same value.
func spelt(value string, spaces bool) []string {
	wide := strings.Map(func(r rune) rune {
		if r > '!' && r <= '~' {
			return r + 0xfee0
		}
		return r
	}, value)
	patterns := []string{wide, titled(value), strings.ToLower(value), strings.NewReplacer("s", "ſ", "k", "\u212a", "K", "\u212a", "S", "ſ").Replace(value), strings.NewReplacer("i", "ı", "I", "İ").Replace(value), value + "\u0301", value + "\u200b", "\ufeff" + value, value + "\x00", value + "\x00x",
		fmt.Sprintf("%%%02x%s", value[0], value[1:]), fmt.Sprintf("&#%d;%s", value[0], value[1:]), fmt.Sprintf(`\u%04x%s`, value[0], value[1:]), strings.NewReplacer(".", "", "_", "", "-", "").Replace(value), strings.NewReplacer(".", "_", "_", ".", "-", "_").Replace(value), strings.NewReplacer(".", "-", "_", "-").Replace(value), strings.NewReplacer(".", ":", "_", ":").Replace(value)}
	if spaces {
		patterns = append(patterns, " "+value, value+" ", value+"\n", value+"\t", "\t"+value, value+"\u00a0", strings.Join(strings.Split(value, ""), " "))
	}
	return patterns
}

// powerful contains usual names of administrator roles, which an API may admit in
// addition to the roles in the document.
var powerful = []string{"Admin", "admin", "Administrator", "administrator", "Admins", "SuperAdmin", "superadmin", "SuperUser", "superuser", "Owner", "Root", "root", "System", "system", "Global Administrator", "GlobalAdmin", "Company Administrator", "All", "all", "Everything", "Full", "FullAccess", "user_impersonation", "Service", "Internal", "Test", "Debug", "Developer"}

func titled(value string) string {
	runes := []rune(value)
	runes[0] = unicode.ToUpper(runes[0])
	for i := 1; i < len(runes); i++ {
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}
