package stack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// claimsCondition matches one condition of a claims matching expression, and the word
// before the next one.
var claimsCondition = regexp.MustCompile(`^\s*claims\['([^']+)'\]\s+(eq|matches)\s+'((?:[^']|'')*)'\s*(?:(and)\s|$)`)

// claimsOf are the claims that Entra permits in an expression, by issuer. The claims of
// other issuers are not checked. Source:
// learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials.
var claimsOf = map[string][]string{
	gitHubIssuer:               {"sub", "job_workflow_ref"},
	"https://gitlab.com":       {"sub"},
	"https://app.terraform.io": {"sub"},
}

// claimsExpression returns the reason why Entra would refuse an expression, or "".
func claimsExpression(issuer, text string) string {
	for rest := text; ; {
		part := claimsCondition.FindStringSubmatch(rest)
		if part == nil {
			return fmt.Sprintf("%q cannot be read at %q", text, strings.TrimSpace(rest))
		}
		if admitted := claimsOf[issuer]; admitted != nil && !slices.Contains(admitted, part[1]) {
			return fmt.Sprintf("%q uses the claim %s; for tokens of %s, Entra compares only %s", text, part[1], issuer, strings.Join(admitted, " and "))
		}
		if part[4] == "" {
			return ""
		}
		rest = rest[len(part[0]):]
	}
}
