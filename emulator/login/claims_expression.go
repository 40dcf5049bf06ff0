package login

import (
	"fmt"
	"regexp"
	"strings"
)

// claimCondition is one condition of a claimsMatchingExpression.
type claimCondition struct {
	claim   string
	pattern *regexp.Regexp
}

// conditionPattern is a condition and, where another follows, the word between.
var conditionPattern = regexp.MustCompile(`^\s*claims\['([^']+)'\]\s+(eq|matches)\s+'((?:[^']|'')*)'\s*(?:(and)\s|$)`)

// parseClaimsExpression takes a claimsMatchingExpression apart: conditions on
// claims['…'] by eq, or by matches, whose pattern has * for any text and ? for
// any character; and between them.
// Source: learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials.
func parseClaimsExpression(text string) ([]claimCondition, error) {
	var conditions []claimCondition
	for rest := text; ; {
		part := conditionPattern.FindStringSubmatch(rest)
		if part == nil {
			return nil, fmt.Errorf("claims expression %q: a condition is wanted at %q", text, rest)
		}
		pattern := regexp.QuoteMeta(strings.ReplaceAll(part[3], "''", "'"))
		if part[2] == "matches" {
			pattern = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(pattern)
		}
		compiled, err := regexp.Compile(`(?s)^` + pattern + `$`)
		if err != nil {
			return nil, fmt.Errorf("claims expression %q: %w", text, err)
		}
		conditions = append(conditions, claimCondition{part[1], compiled})
		if part[4] == "" {
			return conditions, nil
		}
		rest = rest[len(part[0]):]
	}
}

// claimsMatch tells whether a token's claims meet an expression. One that
// cannot be read matches nothing.
func claimsMatch(expression string, claims map[string]any) bool {
	conditions, err := parseClaimsExpression(expression)
	if err != nil {
		return false
	}
	for _, condition := range conditions {
		value, ok := claims[condition.claim].(string)
		if !ok || !condition.pattern.MatchString(value) {
			return false
		}
	}
	return true
}
