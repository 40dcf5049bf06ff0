package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// admittedClaims are the claims that an expression may name, by issuer. For other
// issuers every claim is permitted.
var admittedClaims = map[string][]string{
	"https://token.actions.githubusercontent.com": {"sub", "job_workflow_ref"},
	"https://gitlab.com":                          {"sub"},
	"https://app.terraform.io":                    {"sub"},
}

// check returns the reason why Entra would refuse the expression for an issuer, or "".
func (e ClaimsMatchingExpression) check(issuer string) string {
	if e.Value == "" || e.LanguageVersion != 1 {
		return "It needs a value and languageVersion 1."
	}
	conditions, err := parseClaimsExpression(e.Value)
	if err != nil {
		return "It must be conditions such as claims['sub'] eq 'VALUE' or claims['sub'] matches 'PATTERN', with and between them."
	}
	for _, condition := range conditions {
		if admitted := admittedClaims[issuer]; admitted != nil && !slices.Contains(admitted, condition.claim) {
			return "The claim '" + condition.claim + "' cannot be compared for the issuer " + issuer + "."
		}
	}
	return ""
}

// claimCondition is one condition of a claimsMatchingExpression.
type claimCondition struct {
	claim   string
	pattern *regexp.Regexp
}

// conditionPattern matches a condition and, if another one follows, the word between
// them.
var conditionPattern = regexp.MustCompile(`^\s*claims\['([^']+)'\]\s+(eq|matches)\s+'((?:[^']|'')*)'\s*(?:(and)\s|$)`)

// parseClaimsExpression parses a claimsMatchingExpression: conditions on claims['…']
// with eq or matches, joined by and. The pattern of matches contains * for any text and
// ? for any character. Source:
// learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials.
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

// Matches reports whether a token's claims match the expression. An expression that
// cannot be parsed matches nothing.
func (e ClaimsMatchingExpression) Matches(claims map[string]any) bool {
	conditions, err := parseClaimsExpression(e.Value)
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
