package policy

import (
	"fmt"
	"strings"
)

// Reference is the page of the rules.
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

%[1]sprovision plan%[1]s names the critical and high violations in the applications that it creates or
changes. Exit code 0: no violation; 3: there are violations. A violation that is accepted is an exception
in the metadata of the application, with a reason and the last day on which it holds. In the metadata
of the Stack it holds for all applications of the stack. A stack of %[1]sprovision init%[1]s has exceptions
for one year, which say what to change for production.

%[1]s%[1]s%[1]syaml
metadata:
  name: orders
  exceptions:
    - {rule: redirect-shared-domain, reason: "the domain is moved in May (API-17)", until: 2027-05-31}
%[1]s%[1]s%[1]s

%[1]sprovision check --live%[1]s holds the registrations of a tenant to the same rules, managed or not. It
names each one by its display name and appId. %[1]sprovision plan%[1]s names the violations that are new: those
of the applications that it creates or changes, which the tenant does not have already.

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
