package stack

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loadText loads a folder with the given files.
func loadText(t *testing.T, stage Stage, files map[string]string) ([]*Stack, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(dir, stage)
}

// documents writes documents of a manifest, each given as KIND NAME and its spec.
func documents(all ...[3]string) string {
	var b strings.Builder
	for _, d := range all {
		b.WriteString("---\napiVersion: provision/v1\nkind: " + d[0] + "\nmetadata: {name: " + d[1] + "}\nspec: " + d[2] + "\n")
	}
	return b.String()
}

// TestEnvironment: a suffix changes all names that must be unique in a tenant and all references
// between the stacks, and leaves existing objects unchanged.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	stacks, err := loadText(t, Stage{Suffix: "pr-1"}, map[string]string{
		"shop/stack.yaml": documents(
			[3]string{"Stack", "shop", "{deployers: [orders/api]}"},
			[3]string{"Application", "web", `{displayName: Web, web: {redirectUris: ["https://${stack.name}.contoso.com"]}, owners: [orders/api],
  permissions: [{resource: orders/api, scopes: [read]}], publicClient: {redirectUris: [http://localhost]}}`},
			[3]string{"Group", "team", "{displayName: Team, mailNickname: team, owners: [orders/api]}"},
			[3]string{"Group", "all", "{displayName: Everybody, existing: true}"},
			[3]string{"User", "ada", `{userPrincipalName: "ada@${tenant.domain}", displayName: Ada, mailNickname: ada}`},
			[3]string{"User", "bo", `{userPrincipalName: "bo@${tenant.domain}", existing: true}`}),
		"orders/stack.yaml": documents(
			[3]string{"Stack", "orders", "{}"},
			[3]string{"Application", "api", `{displayName: Orders API, identifierUris: ["api://${tenant.id}/orders", "api://${appId}"],
  api: {knownClientApplications: [shop/web], preAuthorizedApplications: [{application: shop/web, scopes: [read]}], oauth2PermissionScopes: [{value: read, adminConsentDisplayName: Read, adminConsentDescription: Read}]}}`},
			[3]string{"Application", "old", "{displayName: Old, existing: true}"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(stacks, func(s *Stack) bool { return s.Name == "shop-pr-1" })
	j := slices.IndexFunc(stacks, func(s *Stack) bool { return s.Name == "orders-pr-1" })
	if len(stacks) != 2 || i < 0 || j < 0 {
		t.Fatalf("%d stacks: %s, %s", len(stacks), stacks[0].Name, stacks[1].Name)
	}
	shop, orders := stacks[i], stacks[j]
	web, api := shop.Applications[0], orders.Applications[0]
	for what, c := range map[string][2]string{
		"the environment":            {shop.Environment, "pr-1"},
		"a display name":             {web.DisplayName, "Web (pr-1)"},
		"a redirect URI by template": {web.Web.RedirectURIs[0], "https://shop-pr-1.contoso.com"},
		"a redirect URI":             {web.PublicClient.RedirectURIs[0], "http://localhost"},
		"an owner":                   {web.Owners[0], "orders-pr-1/api"},
		"a deployer":                 {shop.Deployers[0], "orders-pr-1/api"},
		"a permission":               {web.Permissions[0].Resource, "orders-pr-1/api"},
		"a group":                    {shop.Groups[0].DisplayName, "Team (pr-1)"},
		"a group's mail":             {shop.Groups[0].MailNickname, "team-pr-1"},
		"a group's owner":            {shop.Groups[0].Owners[0], "orders-pr-1/api"},
		"an existing group":          {shop.Groups[1].DisplayName, "Everybody"},
		"a user":                     {shop.Users[0].UserPrincipalName, "ada-pr-1@${tenant.domain}"},
		"a user's name":              {shop.Users[0].DisplayName, "Ada (pr-1)"},
		"a user's mail":              {shop.Users[0].MailNickname, "ada-pr-1"},
		"an existing user":           {shop.Users[1].UserPrincipalName, "bo@${tenant.domain}"},
		"an identifier URI":          {api.IdentifierURIs[0], "api://${tenant.id}/orders-pr-1"},
		"an identifier URI by id":    {api.IdentifierURIs[1], "api://${appId}"},
		"a known client":             {api.API.KnownClientApplications[0], "shop-pr-1/web"},
		"a pre-authorized client":    {api.API.PreAuthorizedApplications[0].Application, "shop-pr-1/web"},
		"an existing application":    {orders.Applications[1].DisplayName, "Old"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %q, want %q", what, c[0], c[1])
		}
	}
}

// TestSharedSinks: the name of a sink outside of the environment's folder must contain the
// suffix.
func TestSharedSinks(t *testing.T) {
	t.Parallel()
	for sink, ok := range map[string]bool{
		`out.txt`:                           true,
		`{env: {file: a.env, key: SECRET}}`: true,
		`{github: {repository: contoso/orders, name: SECRET}}`:                                                  false,
		`{github: {repository: contoso/orders, name: "SECRET_PR_1"}}`:                                           true,
		`{github: {repository: contoso/orders, name: SECRET, environment: "review${stack.suffix}"}}`:            true,
		`{keyVault: {vault: "https://orders.vault.azure.net", name: "secret"}}`:                                 false,
		`{keyVault: {vault: "https://orders.vault.azure.net", name: "secret${stack.suffix}"}}`:                  true,
		`{keyVault: {vault: "https://orders${stack.suffix}.vault.azure.net", name: "secret"}}`:                  true,
		`{keyVault: {vault: "https://orders.vault.azure.net", name: "secret-pr-2"}}`:                            false,
		`{github: {repository: contoso/orders, name: SECRET, environment: "production"}}`:                       false,
		`{github: {repository: contoso/orders, name: "SECRET_PR_2", environment: "review${stack.suffix}-api"}}`: true,
	} {
		_, err := loadText(t, Stage{Suffix: "pr-1"}, map[string]string{"stack.yaml": documents([3]string{"Stack", "s", "{}"},
			[3]string{"Application", "a", "{displayName: A, secrets: [{name: x, sink: " + sink + "}]}"})})
		switch {
		case ok && err != nil:
			t.Errorf("%s: %v", sink, err)
		case !ok && (err == nil || !strings.Contains(err.Error(), "of other environments")):
			t.Errorf("%s: %v, want a mistake", sink, err)
		}
	}
}

// TestWithoutTerraform: without an optional document, everything that refers to its outputs is
// omitted, and the rest does not change.
func TestWithoutTerraform(t *testing.T) {
	t.Parallel()
	stacks, err := loadText(t, Stage{}, map[string]string{"stack.yaml": documents([3]string{"Stack", "s", "{}"},
		[3]string{"Application", "a", `{displayName: A, web: {redirectUris: ["https://contoso.com", "${terraform.web.url}/callback"]}, spa: {redirectUris: ["${terraform.web.url}"]},
  api: {oauth2PermissionScopes: [{value: read, adminConsentDisplayName: Read, adminConsentDescription: Read}]}}`},
		[3]string{"Application", "c", "{displayName: C, publicClient: {redirectUris: [http://localhost]}, permissions: [{resource: a, scopes: [read]}]}"},
		[3]string{"User", "ada", `{userPrincipalName: "ada@${tenant.domain}", displayName: Ada}`},
		[3]string{"Terraform", "web", "{module: local-api, optional: true}"},
		[3]string{"Conformance", "c", `{resource: a, client: c, url: "${terraform.web.url}", endpoints: [{request: GET /a, requires: {scopes: [read]}}]}`})})
	if err != nil {
		t.Fatal(err)
	}
	s := stacks[0]
	if s.Terraform("web") == nil || s.Terraform("other") != nil || len(s.TerraformOutputs) != 3 {
		t.Fatalf("%d outputs are referred to", len(s.TerraformOutputs))
	}
	s.WithoutTerraform(func(t *Terraform) bool { return t.Name != "web" })
	if s.Terraform("web") == nil || s.Conformances[0].URL == "" {
		t.Error("a document that stays is gone")
	}
	s.WithoutTerraform(func(t *Terraform) bool { return t.Optional })
	a := s.Applications[0]
	if s.Terraform("web") != nil || len(s.TerraformOutputs) != 0 || s.Conformances[0].URL != "" || !slices.Equal(a.Web.RedirectURIs, []string{"https://contoso.com"}) || len(a.SPA.RedirectURIs) != 0 {
		t.Errorf("left: %q, %q, %q, %v", a.Web.RedirectURIs, a.SPA.RedirectURIs, s.Conformances[0].URL, s.TerraformOutputs)
	}
}
