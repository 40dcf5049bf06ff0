package stack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Warning is a value in a manifest that Entra accepts and that probably does not have the
// intended effect.
type Warning struct {
	Pos     Position `json:"position"`
	Message string   `json:"message"`
	Hint    string   `json:"hint,omitempty"`

	// Repository is the OWNER/NAME of a GitHub repository whose form of subjects is
	// unknown; "" for other warnings.
	Repository string `json:"-"`
}

// Warnings returns the warnings about stacks, in the order of the manifests.
func Warnings(stacks []*Stack) (all []Warning) {
	for _, s := range stacks {
		for _, a := range s.Applications {
			for _, f := range a.FederatedCredentials {
				all = append(all, f.warnings()...)
			}
		}
	}
	return all
}

func (f FederatedCredential) warnings() (all []Warning) {
	for _, one := range f.Credentials() {
		if strings.Contains(one.Subject, "*") {
			all = append(all, Warning{Pos: f.Pos, Message: fmt.Sprintf("federated credential %s: Entra compares the * in subject %q literally; it is not a wildcard", one.Name, one.Subject),
				Hint: "use claimsMatchingExpression with matches"})
		}
	}
	if strings.HasSuffix(f.Issuer, "/") && !endsInSlash(f.Issuer) {
		message := "it matches only tokens whose iss also ends in a slash"
		if strings.TrimRight(f.Issuer, "/") == gitHubIssuer {
			message = "iss in GitHub's tokens does not, therefore it never matches"
		}
		all = append(all, Warning{Pos: f.Pos, Message: fmt.Sprintf("federated credential %s: the issuer %s ends in a slash: %s", f.Name, f.Issuer, message),
			Hint: "write the issuer exactly as in its metadata, e.g. " + strings.TrimRight(f.Issuer, "/")})
	}
	if repository := f.byName(); repository != "" {
		all = append(all, Warning{Pos: f.Pos, Repository: repository,
			Message: fmt.Sprintf("federated credential %s: a repository that was created, renamed or transferred since 15 July 2026 sends a subject with ids, repo:OWNER@ID/NAME@ID, which %q does not match", f.Name, f.Credentials()[0].Subject),
			Hint: fmt.Sprintf("set ownerId and repositoryId of github (gh api repos/%s --jq '.owner.id, .id' shows them), and subjects: both until the repository has changed to the form with ids; "+
				"subjects: name trusts the name only", repository)})
	}
	return all
}

// endsInSlash reports whether an issuer is known to end in a slash: Azure Kubernetes
// Service, Entra's v1 tokens, and Auth0.
func endsInSlash(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".oic.prod-aks.azure.com") || host == "sts.windows.net" || strings.HasSuffix(host, ".auth0.com")
}

var subjectByName = regexp.MustCompile(`^repo:([A-Za-z0-9._-]+/[A-Za-z0-9._-]+):`)

// byName returns the repository of a GitHub subject that contains its name without ids,
// unless the manifest states that this is intended.
func (f FederatedCredential) byName() string {
	if f.GitHub != nil && f.GitHub.Subjects != "" {
		return ""
	}
	one := f.Credentials()[0]
	if one.Issuer != gitHubIssuer {
		return ""
	}
	found := subjectByName.FindStringSubmatch(one.Subject)
	if found == nil {
		return ""
	}
	return found[1]
}
