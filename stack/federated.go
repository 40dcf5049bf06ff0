package stack

import "cmp"

// The defaults of a federated credential.
const (
	gitHubIssuer   = "https://token.actions.githubusercontent.com"
	issuerOfTenant = "/${tenant.id}/v2.0" // follows the cloud's authority
)

// Cloud contains the defaults of manifests that depend on the cloud of a target.
type Cloud struct {
	Authority     string // the origin of its authorization server
	TokenExchange string // the audience of federated credentials
}

var publicCloud = Cloud{Authority: "https://login.microsoftonline.com", TokenExchange: "api://AzureADTokenExchange"}

// in sets the values that the cloud of the target determines: the audience, and the issuer of a
// managed identity's tokens.
func (f FederatedCredential) in(c Cloud) FederatedCredential {
	if len(f.Audiences) == 0 {
		f.Audiences = []string{c.TokenExchange}
	}
	if f.ManagedIdentity != "" {
		f.Issuer = c.Authority + issuerOfTenant
	}
	return f
}

// Credentials are the federated credentials that one entry of a manifest declares: the
// entry itself with issuer and subject, or two entries for a repository that changes to
// immutable subjects. The subject of a managed identity is its object id, which only
// the tenant knows.
func (f FederatedCredential) Credentials() []FederatedCredential {
	switch {
	case f.ManagedIdentity != "" && f.Issuer == "":
		f = f.in(publicCloud)
	case f.GitHub != nil:
		f.Issuer, f.Subject = gitHubIssuer, f.GitHub.subject(f.GitHub.immutable())
		if f.GitHub.Subjects == "both" {
			f.Subject = f.GitHub.subject(false)
			other := f
			other.Name, other.Subject = f.Name+"-immutable", f.GitHub.subject(true)
			return []FederatedCredential{f, other}
		}
	}
	return []FederatedCredential{f}
}

// Properties returns the credential's properties in Graph.
func (f FederatedCredential) Properties() map[string]any {
	audiences := []any{}
	for _, audience := range f.Audiences {
		audiences = append(audiences, audience)
	}
	if len(audiences) == 0 {
		audiences = append(audiences, publicCloud.TokenExchange)
	}
	p := map[string]any{"name": f.Name, "issuer": f.Issuer, "audiences": audiences, "description": f.Description}
	if e := f.ClaimsMatchingExpression; e != nil {
		p["claimsMatchingExpression"] = map[string]any{"value": e.Value, "languageVersion": 1.0}
	} else {
		p["subject"] = f.Subject
	}
	return p
}

func (l *loader) checkFederatedCredentials(s *loaded, a *Application) {
	at := func(path ...any) Position {
		return l.at(s, "Application", a.Name, append([]any{"federatedCredentials"}, path...)...)
	}
	names, tokens := map[string]bool{}, map[string]bool{}
	for i, f := range a.FederatedCredentials {
		if names[f.Name] {
			l.mistakes.add(at(i, "name"), "", "federated credential %q is declared twice", f.Name)
		}
		names[f.Name] = true
		claims := f.Subject != "" || f.ClaimsMatchingExpression != nil
		switch {
		case f.GitHub != nil && (f.Issuer != "" || claims):
			l.mistakes.add(at(i), "remove one of them", "federated credential %s has github and issuer or subject", f.Name)
			continue
		case f.ManagedIdentity != "" && (f.GitHub != nil || f.Issuer != "" || claims):
			l.mistakes.add(at(i), "remove one of them", "federated credential %s has managedIdentity and github, issuer or subject", f.Name)
			continue
		case f.Subject != "" && f.ClaimsMatchingExpression != nil:
			l.mistakes.add(at(i), "remove one of them", "federated credential %s has subject and claimsMatchingExpression", f.Name)
			continue
		case f.GitHub != nil:
			if !l.checkGitHub(f, at(i, "github")) {
				continue
			}
		case f.ManagedIdentity != "":
			if mi := s.applications[f.ManagedIdentity]; mi == nil || !mi.Existing {
				l.mistakes.add(at(i, "managedIdentity"), "declare it: kind: Application, spec: {existing: true, displayName: NAME-OF-THE-IDENTITY}",
					"%q is not an existing application of this stack", f.ManagedIdentity)
				continue
			}
		case f.Issuer == "" || !claims:
			l.mistakes.add(at(i), "set issuer and subject, or github", "federated credential %s does not state which tokens it trusts", f.Name)
			continue
		}
		if e := f.ClaimsMatchingExpression; e != nil {
			if complaint := claimsExpression(f.Issuer, e.Value); complaint != "" {
				l.mistakes.add(at(i, "claimsMatchingExpression", "value"), "e.g. claims['sub'] matches 'repo:contoso/orders:ref:refs/heads/*'", "claims expression %s", complaint)
			}
		}
		f = f.in(l.stage.cloud())
		a.FederatedCredentials[i] = f
		for _, one := range f.Credentials() {
			if one.Name != f.Name && names[one.Name] {
				l.mistakes.add(at(i, "name"), "", "federated credential %q is declared twice", one.Name)
			}
			names[one.Name] = true
			token := one.Issuer + " " + cmp.Or(one.Subject, one.ManagedIdentity)
			if one.ClaimsMatchingExpression != nil {
				continue
			}
			if tokens[token] {
				l.mistakes.add(at(i), "Entra allows each combination of issuer and subject once per application", "another federated credential trusts the same tokens")
			}
			tokens[token] = true
		}
	}
	if len(names) > maxFederatedCredentials {
		l.mistakes.add(at(), "", "%d federated credentials; Entra allows %d", len(names), maxFederatedCredentials)
	}
}

const maxFederatedCredentials = 20
