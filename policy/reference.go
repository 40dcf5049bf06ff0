package policy

import (
	"fmt"
	"strings"
)

// Reference returns the page of the rules.
func Reference() string {
	var b strings.Builder
	rules := Rules()
	fmt.Fprintf(&b, `# Check app registrations

This page is for authors and reviewers of stacks. %[1]sprovision check%[1]s checks the applications of
the manifests against %[2]d security rules, without a connection to a tenant.

%[1]s%[1]s%[1]ssh
provision check manifests/
provision check --report sarif=check.sarif manifests/
provision check --severity medium manifests/      # exit code 3 for medium and worse only
%[1]s%[1]s%[1]s

Exit code 0: no violation; 3: there are violations.

To accept a violation, declare an exception in the metadata of the application, with a reason and the
last day of the exception. An exception in the metadata of the Stack applies to all its applications.
The stacks of %[1]sprovision init%[1]s contain exceptions for one year; their reasons name the change for
production.

%[1]s%[1]s%[1]syaml
metadata:
  name: orders
  exceptions:
    - {rule: redirect-shared-domain, reason: "the domain is moved in May (API-17)", until: 2027-05-31}
%[1]s%[1]s%[1]s

%[1]sprovision check --live%[1]s checks all registrations of a tenant against the same rules. It names each
registration by its display name and appId. %[1]sprovision plan%[1]s reports only new
violations: violations by the applications that it creates or changes, if the tenant does not have them
already. It names the critical and high violations and counts the others.

This page is generated from the rules in %[1]spolicy%[1]s. Each example is part of the %[1]sspec%[1]s of an
Application.
`, "`", len(rules))
	for _, r := range rules {
		fmt.Fprintf(&b, "\n## %s\n\nSeverity: %s. Risk: %s.\n\nCorrection: %s.\nSource: %s.\n\n", r.ID, r.Severity, r.Reason, r.Fix, r.Source)
		if r.Live {
			b.WriteString("Only `check --live` finds it.\n")
			continue
		}
		fmt.Fprintf(&b, "```yaml\n# violates the rule\n%s\n# clean\n%s\n```\n", r.Violates, r.Clean)
	}
	return b.String()
}
