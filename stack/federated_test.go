package stack

import (
	"reflect"
	"strings"
	"testing"
)

// TestClaimsExpression: an expression is refused with a reason exactly if Entra cannot parse it
// or does not support its claims.
func TestClaimsExpression(t *testing.T) {
	t.Parallel()
	const other = "https://issuer.contoso.com"
	for _, c := range []struct{ issuer, text, want string }{
		{gitHubIssuer, "claims['sub'] matches 'repo:contoso/orders:ref:refs/heads/*'", ""},
		{gitHubIssuer, "claims['sub'] eq 'repo:contoso/orders:pull_request'", ""},
		{gitHubIssuer, "claims['sub'] matches 'repo:contoso/*' and claims['job_workflow_ref'] matches 'contoso/shared/*'", ""},
		{gitHubIssuer, "  claims['sub']  eq  'it''s'  ", ""},
		{gitHubIssuer, "claims['aud'] eq 'x'", "uses the claim aud"},
		{"https://gitlab.com", "claims['sub'] matches 'project_path:contoso/*'", ""},
		{"https://gitlab.com", "claims['job_workflow_ref'] eq 'x'", "compares only sub"},
		{"https://app.terraform.io", "claims['sub'] eq 'organization:contoso'", ""},
		{other, "claims['anything'] eq 'x'", ""},
		{other, "", "cannot be read"},
		{other, "sub eq 'x'", "cannot be read"},
		{other, "claims[\"sub\"] eq 'x'", "cannot be read"},
		{other, "claims['sub'] = 'x'", "cannot be read"},
		{other, "claims['sub'] eq x", "cannot be read"},
		{other, "claims['sub'] eq 'x' or claims['sub'] eq 'y'", "cannot be read"},
		{other, "claims['sub'] eq 'x' and", "cannot be read"},
		{other, "claims['sub'] eq 'x' and claims['aud'] eq", "cannot be read"},
		{other, "claims['sub'] eq 'x'y'", "cannot be read"},
	} {
		if got := claimsExpression(c.issuer, c.text); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s of %s: %q, want %q", c.text, c.issuer, got, c.want)
		}
	}
}

// TestGitHubRuns: the subject of a workflow's tokens depends on the trigger of the run.
func TestGitHubRuns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		g     GitHub
		want  string
		oneOf bool
	}{
		{GitHub{Environment: "production"}, "environment:production", true},
		{GitHub{Branch: "main"}, "ref:refs/heads/main", true},
		{GitHub{Branch: "release/1"}, "ref:refs/heads/release/1", true},
		{GitHub{Tag: "v1"}, "ref:refs/tags/v1", true},
		{GitHub{PullRequest: true}, "pull_request", true},
		{GitHub{}, "pull_request", false},
		{GitHub{Branch: "main", Tag: "v1"}, "ref:refs/heads/main", false},
		{GitHub{Environment: "a", PullRequest: true}, "environment:a", false},
	} {
		c.g.Repository, c.g.OwnerID, c.g.RepositoryID = "contoso/orders", 1, 2
		if got, want := c.g.subject(false), "repo:contoso/orders:"+c.want; got != want {
			t.Errorf("%+v by name: %s, want %s", c.g, got, want)
		}
		if got, want := c.g.subject(true), "repo:contoso@1/orders@2:"+c.want; got != want {
			t.Errorf("%+v with ids: %s, want %s", c.g, got, want)
		}
		if c.g.oneOf() != c.oneOf {
			t.Errorf("%+v states one kind of run: %t", c.g, !c.oneOf)
		}
	}
	for repository, want := range map[string]struct {
		owner, name string
		immutable   bool
	}{
		"contoso/orders":       {"contoso", "orders", false},
		"contoso@1/orders@2":   {"contoso", "orders", true},
		"contoso@1/orders":     {"contoso", "orders", false},
		"contoso/orders@2":     {"contoso", "orders", false},
		"contoso-1/orders.api": {"contoso-1", "orders.api", false},
	} {
		g := GitHub{Repository: repository}
		owner, name := g.Names()
		if owner != want.owner || name != want.name || g.Immutable() != want.immutable || g.immutable() != want.immutable {
			t.Errorf("%s: %s, %s, %t", repository, owner, name, g.Immutable())
		}
	}
}

// TestFederatedCredential: the cloud of the target determines the default values of a credential.
func TestFederatedCredential(t *testing.T) {
	t.Parallel()
	china := Cloud{Authority: "https://login.partner.microsoftonline.cn", TokenExchange: "api://AzureADTokenExchangeChina"}
	stated := FederatedCredential{Name: "c", Issuer: "https://issuer.contoso.com", Subject: "job", Audiences: []string{"orders"}, Description: "d"}
	for name, c := range map[string]struct {
		credential FederatedCredential
		in         Cloud
		want       map[string]any
	}{
		"stated": {stated, china, map[string]any{"name": "c", "issuer": "https://issuer.contoso.com", "subject": "job", "audiences": []any{"orders"}, "description": "d"}},
		"the audience of a cloud": {FederatedCredential{Name: "c", Issuer: "https://issuer.contoso.com", Subject: "job"}, china,
			map[string]any{"name": "c", "issuer": "https://issuer.contoso.com", "subject": "job", "audiences": []any{"api://AzureADTokenExchangeChina"}, "description": ""}},
		"a managed identity": {FederatedCredential{Name: "c", ManagedIdentity: "worker"}, china,
			map[string]any{"name": "c", "issuer": "https://login.partner.microsoftonline.cn/${tenant.id}/v2.0", "subject": "", "audiences": []any{"api://AzureADTokenExchangeChina"}, "description": ""}},
		"an expression": {FederatedCredential{Name: "c", Issuer: gitHubIssuer, ClaimsMatchingExpression: &ClaimsMatchingExpression{Value: "claims['sub'] eq 'x'"}}, publicCloud,
			map[string]any{"name": "c", "issuer": gitHubIssuer, "audiences": []any{"api://AzureADTokenExchange"}, "description": "",
				"claimsMatchingExpression": map[string]any{"value": "claims['sub'] eq 'x'", "languageVersion": 1.0}}},
	} {
		all := c.credential.in(c.in).Credentials()
		if len(all) != 1 || !reflect.DeepEqual(all[0].Properties(), c.want) {
			t.Errorf("%s: %v, want %v", name, all[0].Properties(), c.want)
		}
	}
	if one := (FederatedCredential{Name: "c", ManagedIdentity: "worker"}).Credentials()[0]; one.Issuer != "https://login.microsoftonline.com/${tenant.id}/v2.0" {
		t.Errorf("a managed identity without a cloud trusts %s", one.Issuer)
	}
}
