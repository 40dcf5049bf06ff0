package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWarnings: a value that Entra accepts and that probably does not work has a warning with its
// position; no other value has one.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		credential string
		want       string // "": no warning
	}{
		"a wildcard":                     {`{name: c, issuer: "https://issuer.example", subject: "job:*"}`, "the * in subject"},
		"a wildcard in a branch":         {`{name: c, github: {repository: contoso@1/orders@2, branch: release/*}}`, "the * in subject"},
		"GitHub with a slash":            {`{name: c, issuer: "https://token.actions.githubusercontent.com/", subject: "repo:contoso@1/orders@2:ref:refs/heads/main"}`, "therefore it never matches"},
		"another issuer with a slash":    {`{name: c, issuer: "https://issuer.example/", subject: s}`, "ends in a slash"},
		"a cluster's issuer":             {`{name: c, issuer: "https://westeurope.oic.prod-aks.azure.com/t/i/", subject: s}`, ""},
		"a repository by name":           {`{name: c, github: {repository: contoso/orders, branch: main}}`, "sends a subject with ids"},
		"a subject by name":              {`{name: c, issuer: "https://token.actions.githubusercontent.com", subject: "repo:contoso/orders:environment:prod"}`, "sends a subject with ids"},
		"a repository by name, as meant": {`{name: c, github: {repository: contoso/orders, branch: main, subjects: name}}`, ""},
		"a repository with ids":          {`{name: c, github: {repository: contoso/orders, ownerId: 1, repositoryId: 2, branch: main}}`, ""},
		"both":                           {`{name: c, github: {repository: contoso/orders, ownerId: 1, repositoryId: 2, branch: main, subjects: both}}`, ""},
		"a subject with ids":             {`{name: c, issuer: "https://token.actions.githubusercontent.com", subject: "repo:contoso@1/orders@2:environment:prod"}`, ""},
		"a wildcard where it is one":     {`{name: c, issuer: "https://token.actions.githubusercontent.com", claimsMatchingExpression: {value: "claims['sub'] matches 'repo:contoso/*'"}}`, ""},
		"a subject of another issuer's":  {`{name: c, issuer: "https://issuer.example", subject: "repo:contoso/orders:environment:prod"}`, ""},
	} {
		dir := t.TempDir()
		manifest := "apiVersion: provision/v1\nkind: Stack\nmetadata: {name: s}\n---\napiVersion: provision/v1\nkind: Application\nmetadata: {name: a}\n" +
			"spec:\n  displayName: A\n  federatedCredentials:\n    - " + test.credential + "\n"
		if err := os.WriteFile(filepath.Join(dir, "stack.yaml"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		stacks, err := Load(dir, Stage{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		warnings := Warnings(stacks)
		switch {
		case test.want == "" && len(warnings) > 0:
			t.Errorf("%s: %v", name, warnings)
		case test.want != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, test.want) || warnings[0].Pos.Line != 11):
			t.Errorf("%s: %v, want one at line 11 with %q", name, warnings, test.want)
		}
	}
}

// TestGitHubSubjects: the subjects that each form of repository trusts.
func TestGitHubSubjects(t *testing.T) {
	t.Parallel()
	const byName, withIDs = "repo:contoso/orders:ref:refs/heads/main", "repo:contoso@12/orders@34:ref:refs/heads/main"
	for name, test := range map[string]struct {
		github GitHub
		want   map[string]string
	}{
		"by name":       {GitHub{Repository: "contoso/orders"}, map[string]string{"c": byName}},
		"ids in name":   {GitHub{Repository: "contoso@12/orders@34"}, map[string]string{"c": withIDs}},
		"ids beside":    {GitHub{Repository: "contoso/orders", OwnerID: 12, RepositoryID: 34}, map[string]string{"c": withIDs}},
		"ids, but name": {GitHub{Repository: "contoso/orders", OwnerID: 12, RepositoryID: 34, Subjects: "name"}, map[string]string{"c": byName}},
		"both":          {GitHub{Repository: "contoso@12/orders@34", Subjects: "both"}, map[string]string{"c": byName, "c-immutable": withIDs}},
	} {
		test.github.Branch = "main"
		got := map[string]string{}
		for _, c := range (FederatedCredential{Name: "c", GitHub: &test.github}).Credentials() {
			got[c.Name] = c.Properties()["subject"].(string)
		}
		if len(got) != len(test.want) {
			t.Errorf("%s: %v", name, got)
		}
		for credential, subject := range test.want {
			if got[credential] != subject {
				t.Errorf("%s: %s has %q, want %q", name, credential, got[credential], subject)
			}
		}
	}
}
