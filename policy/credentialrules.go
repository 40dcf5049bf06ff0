package policy

import (
	"strings"
	"time"

	"provision/stack"
)

const day = 24 * time.Hour

const federationSource = "Microsoft: Workload identity federation considerations; GitHub: Security hardening with OpenID Connect"

// credentialRules are about the credentials with which somebody can act as the
// application.
var credentialRules = []Rule{
	{
		ID: "secret-public-client", Severity: High, Reason: "every user of the client can read the secret and act as the application",
		Fix: "remove the secret, or use a separate application for the confidential client", Source: bcp + ", section 2.5; RFC 8252, section 8.5; Microsoft: Public and confidential client applications",
		Violates: "displayName: A\npublicClient: {redirectUris: ['http://localhost']}\nsecrets: [{name: app}]",
		Clean:    "displayName: A\npublicClient: {redirectUris: ['http://localhost']}",
		find:     eachSecret(func(a subject, _ time.Duration) bool { return a.public() }, "belongs to an application with a public client"),
	},
	{
		ID: "secret-lifetime", Severity: Medium, Reason: "a leaked secret can be used until it expires",
		Fix: "set a lifetime of at most 180d and let apply renew the secret", Source: "Microsoft: Application management policies, passwordLifetime; CIS Microsoft 365 Foundations Benchmark",
		Violates: "displayName: A\nsecrets: [{name: app, lifetime: 200d}]",
		Clean:    "displayName: A\nsecrets: [{name: app, lifetime: 90d}]",
		find:     eachSecret(func(_ subject, lifetime time.Duration) bool { return lifetime > 180*day && lifetime <= 366*day }, "lives longer than 180 days"),
	},
	{
		ID: "secret-lifetime-year", Severity: High, Reason: "such a secret is not rotated, and a leaked one can be used for years",
		Fix: "set a lifetime of at most 180d and let apply renew the secret", Source: "Microsoft: Application management policies, passwordLifetime; Maester: credentials older than a year",
		Violates: "displayName: A\nsecrets: [{name: app, lifetime: 730d}]",
		Clean:    "displayName: A\nsecrets: [{name: app, lifetime: 180d}]",
		find:     eachSecret(func(_ subject, lifetime time.Duration) bool { return lifetime > 366*day }, "lives longer than a year"),
	},
	{
		ID: "secret-expired", Severity: Low, Reason: "an expired secret shows that the credentials are not maintained, and hides which of them is used",
		Fix: "remove the secret", Source: "Microsoft: Security best practices for application properties, Credential configuration; Maester: expired credentials",
		Live: true,
		find: func(a subject) (places []place) {
			for i, s := range a.Secrets {
				if !s.NotAfter.IsZero() && s.NotAfter.Before(a.now) {
					places = append(places, at("secret "+s.Name+" has expired", "secrets", i))
				}
			}
			return places
		},
	},
	{
		ID: "certificate-lifetime", Severity: Medium, Reason: "a leaked private key can be used until the certificate expires",
		Fix: "use a certificate that is valid for a year at most", Source: "Microsoft: Application management policies, asymmetricKeyLifetime; CIS Microsoft 365 Foundations Benchmark",
		Violates: "displayName: A\ncertificates: [{name: app, file: two-years.pem}]",
		Clean:    "displayName: A\ncertificates: [{name: app, file: half-a-year.pem}]",
		find:     eachCertificate(func(_ subject, from, to time.Time) bool { return to.Sub(from) > 366*day }, "is valid for more than a year"),
	},
	{
		ID: "certificate-expired", Severity: Low, Reason: "the client that has the key can no longer sign in",
		Fix: "replace the certificate or remove it", Source: "Microsoft: Security best practices for application properties, Credential configuration; Maester: expired credentials",
		Violates: "displayName: A\ncertificates: [{name: app, file: expired.pem}]",
		Clean:    "displayName: A\ncertificates: [{name: app, file: half-a-year.pem}]",
		find:     eachCertificate(func(a subject, _, to time.Time) bool { return to.Before(a.now) }, "has expired"),
	},
	{
		ID: "secret-instead-of-certificate", Severity: Low, Reason: "a secret is a string that can be copied and leaked; the private key of a certificate stays on its machine, and a federated credential has no secret",
		Fix: "use federatedCredentials or certificates", Source: "Microsoft: Security best practices for application properties, Credential configuration; Microsoft: Application management policies",
		Violates: "displayName: A\nsecrets: [{name: app}]",
		Clean:    "displayName: A\nfederatedCredentials: [{name: ci, github: {repository: contoso/orders, environment: production, ownerId: 1, repositoryId: 2}}]",
		find:     when(func(a subject) bool { return len(a.Secrets) > 0 }, "it uses secrets", "secrets"),
	},
	{
		ID: "secret-many", Severity: Low, Reason: "nobody knows which of them is used, and none is removed",
		Fix: "keep one secret, and a second one while the first is renewed", Source: "Microsoft: Security best practices for application properties, Credential configuration",
		Violates: "displayName: A\nsecrets: [{name: a}, {name: b}, {name: c}]",
		Clean:    "displayName: A\nsecrets: [{name: a}, {name: b}]",
		find:     when(func(a subject) bool { return len(a.Secrets) > 2 }, "it has more than two secrets", "secrets", 2),
	},
	{
		ID: "disabled-with-credentials", Severity: Medium, Reason: "credentials that are not maintained work again as soon as the application is enabled",
		Fix: "remove its credentials, or the application", Source: "Microsoft: Security operations for applications; Maester: unused applications",
		Violates: "displayName: A\nisDisabled: true\nsecrets: [{name: app}]",
		Clean:    "displayName: A\nisDisabled: true",
		find: when(func(a subject) bool {
			return isTrue(a.IsDisabled) && len(a.Secrets)+len(a.Certificates)+len(a.FederatedCredentials) > 0
		}, "it is disabled and has credentials", "isDisabled"),
	},
	{
		ID: "federated-pull-request", Severity: High, Reason: "anyone who can open a pull request (in a public repository: anybody) gets tokens of the application",
		Fix: "trust an environment with reviewers", Source: federationSource,
		Violates: "displayName: A\nfederatedCredentials: [{name: ci, github: {repository: contoso/orders, pullRequest: true}}]",
		Clean:    "displayName: A\nfederatedCredentials: [{name: ci, github: {repository: contoso/orders, environment: production}}]",
		find: eachFederated(func(f stack.FederatedCredential) bool {
			return f.GitHub != nil && f.GitHub.PullRequest || strings.HasSuffix(f.Subject, ":pull_request")
		}, "trusts the workflows of pull requests"),
	},
	{
		ID: "federated-wide", Severity: High, Reason: "anyone who can create a repository, a branch or a workload that the pattern matches gets tokens of the application",
		Fix: "name one repository, and one environment or branch", Source: federationSource,
		Violates: "displayName: A\nfederatedCredentials: [{name: ci, issuer: 'https://token.actions.githubusercontent.com', claimsMatchingExpression: {value: \"claims['sub'] matches 'repo:contoso/*'\"}, audiences: ['api://AzureADTokenExchange']}]",
		Clean:    "displayName: A\nfederatedCredentials: [{name: ci, issuer: 'https://token.actions.githubusercontent.com', claimsMatchingExpression: {value: \"claims['sub'] matches 'repo:contoso/orders:ref:refs/heads/release-?'\"}, audiences: ['api://AzureADTokenExchange']}]",
		find: eachFederated(func(f stack.FederatedCredential) bool {
			return f.ClaimsMatchingExpression != nil && strings.Contains(f.ClaimsMatchingExpression.Value, "*")
		}, "trusts every subject that a pattern with * matches"),
	},
	{
		ID: "federated-audience", Severity: Medium, Reason: "a token that the workload sends to another service is accepted as a credential of the application",
		Fix: "use the audience api://AzureADTokenExchange", Source: "Microsoft: Workload identity federation; RFC 7523, section 3",
		Violates: "displayName: A\nfederatedCredentials: [{name: k8s, issuer: 'https://oidc.contoso.example', subject: 'system:serviceaccount:a:b', audiences: ['sts.amazonaws.com']}]",
		Clean:    "displayName: A\nfederatedCredentials: [{name: k8s, issuer: 'https://oidc.contoso.example', subject: 'system:serviceaccount:a:b', audiences: ['api://AzureADTokenExchange']}]",
		find: eachFederated(func(f stack.FederatedCredential) bool {
			for _, audience := range f.Audiences {
				if !strings.HasPrefix(audience, "api://AzureADTokenExchange") {
					return true
				}
			}
			return false
		}, "accepts tokens for another audience"),
	},
	{
		ID: "federated-default-account", Severity: Medium, Reason: "every workload of the namespace that names no account gets tokens of the application",
		Fix: "use a separate service account", Source: "Kubernetes: Managing service accounts; Microsoft: Workload identity federation considerations",
		Violates: "displayName: A\nfederatedCredentials: [{name: k8s, issuer: 'https://oidc.contoso.example', subject: 'system:serviceaccount:orders:default', audiences: ['api://AzureADTokenExchange']}]",
		Clean:    "displayName: A\nfederatedCredentials: [{name: k8s, issuer: 'https://oidc.contoso.example', subject: 'system:serviceaccount:orders:api', audiences: ['api://AzureADTokenExchange']}]",
		find: eachFederated(func(f stack.FederatedCredential) bool {
			return strings.HasPrefix(f.Subject, "system:serviceaccount:") && strings.HasSuffix(f.Subject, ":default")
		}, "trusts the default service account"),
	},
}
