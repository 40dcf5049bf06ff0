package stack

// What a federated credential is where its manifest does not say.
const (
	gitHubIssuer    = "https://token.actions.githubusercontent.com"
	defaultAudience = "api://AzureADTokenExchange"
)

// Properties are the credential's as Graph has them.
func (f FederatedCredential) Properties() map[string]any {
	issuer, subject := f.Issuer, f.Subject
	if f.GitHub != nil {
		issuer, subject = gitHubIssuer, f.GitHub.Subject()
	}
	audiences := []any{}
	for _, audience := range f.Audiences {
		audiences = append(audiences, audience)
	}
	if len(audiences) == 0 {
		audiences = append(audiences, defaultAudience)
	}
	return map[string]any{"name": f.Name, "issuer": issuer, "subject": subject, "audiences": audiences, "description": f.Description}
}

// Subject is the sub of the workflow's tokens.
// Source: docs.github.com/actions/reference/openid-connect-reference.
func (g GitHub) Subject() string {
	prefix := "repo:" + g.Repository + ":"
	switch {
	case g.Environment != "":
		return prefix + "environment:" + g.Environment
	case g.Branch != "":
		return prefix + "ref:refs/heads/" + g.Branch
	case g.Tag != "":
		return prefix + "ref:refs/tags/" + g.Tag
	}
	return prefix + "pull_request"
}

func (l *loader) checkFederatedCredentials(s *loaded, a *Application) {
	at := func(path ...any) Position {
		return l.at(s, "Application", a.Name, append([]any{"federatedCredentials"}, path...)...)
	}
	names, tokens := map[string]bool{}, map[string]bool{}
	for i, f := range a.FederatedCredentials {
		if names[f.Name] {
			l.mistakes.add(at(i, "name"), "", "a second federated credential %q", f.Name)
		}
		names[f.Name] = true
		stated := f.Issuer != "" && f.Subject != ""
		switch {
		case f.GitHub != nil && (f.Issuer != "" || f.Subject != ""):
			l.mistakes.add(at(i), "leave the one or the other out", "federated credential %s has github and issuer or subject", f.Name)
		case f.GitHub != nil && !f.GitHub.oneOf():
			l.mistakes.add(at(i, "github"), "say one of environment, branch, tag and pullRequest", "it is not clear which runs of %s are meant", f.GitHub.Repository)
		case f.GitHub == nil && !stated:
			l.mistakes.add(at(i), "state issuer and subject, or github", "federated credential %s does not say whose tokens it means", f.Name)
		default:
			p := f.Properties()
			token := p["issuer"].(string) + " " + p["subject"].(string)
			if tokens[token] {
				l.mistakes.add(at(i), "Entra admits an issuer and subject once an application", "another federated credential means the same tokens")
			}
			tokens[token] = true
		}
	}
}

// oneOf tells whether exactly one thing says which runs are meant.
func (g GitHub) oneOf() bool {
	n := 0
	for _, stated := range []bool{g.Environment != "", g.Branch != "", g.Tag != "", g.PullRequest} {
		if stated {
			n++
		}
	}
	return n == 1
}
