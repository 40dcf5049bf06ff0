package stack

import "regexp"

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

// Expand replaces every ${expression} in text by its value. An expression without a
// value stays unchanged.
func Expand(text string, value func(expression string) (string, bool)) string {
	return reference.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := value(m[2 : len(m)-1]); ok {
			return v
		}
		return m
	})
}

// InTenant replaces the references to the tenant: ${tenant.id} and
// ${tenant.domain}.
func InTenant(text, id, domain string) string {
	return Expand(text, func(expression string) (string, bool) {
		switch expression {
		case "tenant.id":
			return id, true
		case "tenant.domain":
			return domain, true
		}
		return "", false
	})
}

// References returns the expressions in text, in order.
func References(text string) []string {
	var all []string
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
